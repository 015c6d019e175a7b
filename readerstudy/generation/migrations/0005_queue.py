"""Rate limits, budgets and prices."""

from decimal import Decimal

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only

# Calls that were made before are counted as what they took, so that a budget set now begins with the truth.
COUNT = """
UPDATE generation_attempt SET counted_tokens =
    COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0) + COALESCE(reasoning_tokens, 0);
INSERT INTO generation_purse (study_id, money, tokens, currency, stop)
    SELECT arm.study_id, 0, SUM(attempt.counted_tokens), '', '' FROM generation_attempt attempt
        JOIN generation_generation row ON row.id = attempt.generation_id
        JOIN studies_arm arm ON arm.id = row.arm_id GROUP BY arm.study_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0004_trials"),
        ("audit", "0002_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "money",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=14, null=True, verbose_name="money"
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("tokens", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="tokens")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
            },
        ),
        migrations.CreateModel(
            name="Gate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.CharField(max_length=40, unique=True, verbose_name="provider")),
                (
                    "requests_per_minute",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="calls a minute"),
                ),
                (
                    "tokens_per_minute",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="tokens a minute"),
                ),
                (
                    "calls_at_once",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="calls at once"),
                ),
                ("request_free_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("token_free_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("typical_tokens", models.FloatField(default=1000.0, editable=False)),
            ],
            options={
                "verbose_name": "limits of a provider",
                "verbose_name_plural": "limits of providers",
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.CharField(max_length=40, verbose_name="provider")),
                ("model", models.CharField(max_length=120, verbose_name="model")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "input_per_million",
                    models.DecimalField(
                        decimal_places=6, max_digits=14, verbose_name="a million tokens sent"
                    ),
                ),
                (
                    "output_per_million",
                    models.DecimalField(
                        decimal_places=6, max_digits=14, verbose_name="a million tokens received"
                    ),
                ),
                (
                    "batch_discount",
                    models.PositiveSmallIntegerField(default=50, verbose_name="discount in a batch, percent"),
                ),
                ("since", models.DateField(verbose_name="valid since")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
            },
        ),
        migrations.CreateModel(
            name="Purse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("money", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=14)),
                ("tokens", models.BigIntegerField(default=0)),
                ("money_limit", models.DecimalField(decimal_places=6, max_digits=14, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("tokens_limit", models.PositiveBigIntegerField(null=True)),
                (
                    "stop",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "nothing stops it"),
                            ("money", "the budget in money is used up"),
                            ("tokens", "the budget in tokens is used up"),
                            (
                                "price",
                                "a budget in money needs the price of every model, and one is not known",
                            ),
                        ],
                        max_length=6,
                    ),
                ),
            ],
            options={
                "verbose_name": "purse",
                "verbose_name_plural": "purses",
            },
        ),
        migrations.AddField(
            model_name="attempt",
            name="characters",
            field=models.PositiveIntegerField(help_text="Length of the text that came.", null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="cost",
            field=models.DecimalField(
                decimal_places=6,
                help_text="In the price's currency; empty where no price is known.",
                max_digits=14,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="counted_tokens",
            field=models.PositiveIntegerField(
                default=0, help_text="What the budget counts: as many as it took, or at most may have taken."
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("stage", "running")), fields=["lease_until"], name="generation_running"
            ),
        ),
        migrations.AddField(
            model_name="budget",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="budget",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="budgets", to="studies.study"
            ),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("requests_per_minute", 0), _negated=True),
                    models.Q(("tokens_per_minute", 0), _negated=True),
                    models.Q(("calls_at_once", 0), _negated=True),
                ),
                name="generation_a_limit_is_above_zero",
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="studies.study"
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="price",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="generation.price",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cost", None), models.Q(("cost__gte", 0), ("price__isnull", False)), _connector="OR"
                ),
                name="generation_a_cost_has_a_price",
            ),
        ),
        migrations.AddField(
            model_name="purse",
            name="study",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="purse", to="studies.study"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("money", None),
                    models.Q(("money__gte", 0), models.Q(("currency", ""), _negated=True)),
                    _connector="OR",
                ),
                name="generation_a_budget_names_its_currency",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("input_per_million__gte", 0), ("output_per_million__gte", 0)),
                name="generation_a_price_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("batch_discount__lte", 100)), name="generation_a_discount_is_a_share"
            ),
        ),
        append_only("generation_price"),
        append_only("generation_budget"),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
