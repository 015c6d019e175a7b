"""Calls in batches."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0008_arms"), ("studies", "0006_batch_mode")]
    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.CharField(max_length=40, verbose_name="provider")),
                ("key", models.CharField(max_length=40, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("submitting", "being handed in"),
                            ("submitted", "at the vendor"),
                            ("collected", "collected"),
                            ("expired", "expired, its finished part collected"),
                            ("failed", "failed"),
                        ],
                        default="submitting",
                        max_length=10,
                    ),
                ),
                ("vendor_id", models.CharField(blank=True, max_length=120)),
                (
                    "native",
                    models.CharField(
                        blank=True, help_text="The vendor's own word for where it is.", max_length=40
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=400)),
                ("total", models.PositiveIntegerField(default=0)),
                ("completed", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("looks", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("look_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
            },
        ),
        migrations.AddField(
            model_name="attempt",
            name="batch",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="generation.batch",
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="batch",
            field=models.ForeignKey(
                help_text="While it lies in one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="generations",
                to="generation.batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(("batch", None), ("stage", "running"), _connector="OR"),
                name="generation_in_a_batch_it_runs",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("batch__isnull", False), ("mode", "batch")),
                    models.Q(("batch", None), ("mode", "live")),
                    _connector="OR",
                ),
                name="generation_a_batch_call_names_its_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["submitting", "submitted", "collected", "expired", "failed"])
                ),
                name="generation_known_batch_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["submitted", "collected", "expired"]), _negated=True),
                    models.Q(("vendor_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="generation_a_submitted_batch_has_its_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["submitting", "submitted"]), ("ended_at__isnull", False), _connector="OR"
                ),
                name="generation_an_ended_batch_says_when",
            ),
        ),
    ]
