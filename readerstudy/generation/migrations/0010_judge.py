"""Verdicts of a judging model."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

KEEP = """
CREATE TRIGGER kept BEFORE DELETE ON generation_judge FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE DELETE ON generation_judging FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE DELETE ON generation_judgecall FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
FORGET = """
DROP TRIGGER kept ON generation_judgecall;
DROP TRIGGER kept ON generation_judging;
DROP TRIGGER kept ON generation_judge;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0009_batches"),
        ("audit", "0002_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Judge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.CharField(max_length=40, verbose_name="provider")),
                ("model", models.CharField(max_length=120, verbose_name="model")),
                ("most_tokens", models.PositiveBigIntegerField(verbose_name="most tokens")),
                ("prompt_version", models.PositiveIntegerField()),
                ("prompt_sha256", models.CharField(max_length=64)),
                ("prompt", models.TextField(help_text="The instructions as they are sent, word for word.")),
                ("is_simulated", models.BooleanField(default=False, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "judging model",
                "verbose_name_plural": "judging models",
            },
        ),
        migrations.CreateModel(
            name="JudgeCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=40, unique=True)),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(blank=True, help_text="Empty while the call runs.", max_length=20),
                ),
                ("error_code", models.CharField(blank=True, max_length=40)),
                ("error", models.CharField(blank=True, max_length=400)),
                ("is_possibly_paid", models.BooleanField(default=False)),
                ("asked_model", models.CharField(max_length=120)),
                ("served_model", models.CharField(blank=True, max_length=120)),
                ("prompt_sha256", models.CharField(max_length=64)),
                ("words_bytes", models.PositiveIntegerField(help_text="Bytes of the words that were sent.")),
                ("request_id", models.CharField(blank=True, max_length=120)),
                ("stop_reason", models.CharField(blank=True, max_length=60)),
                ("input_tokens", models.PositiveIntegerField(null=True)),
                ("output_tokens", models.PositiveIntegerField(null=True)),
                ("seconds", models.FloatField(null=True)),
                ("sdk", models.CharField(blank=True, max_length=60)),
                ("raw", models.JSONField(null=True)),
            ],
            options={
                "verbose_name": "call of a judging model",
                "verbose_name_plural": "calls of judging models",
            },
        ),
        migrations.CreateModel(
            name="Judging",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(null=True)),
                ("claims", models.PositiveIntegerField(default=0)),
                ("failure", models.CharField(blank=True, max_length=400, verbose_name="why it failed")),
            ],
            options={
                "verbose_name": "judging",
                "verbose_name_plural": "judgings",
            },
        ),
        migrations.RemoveConstraint(
            model_name="refusalverdict",
            name="generation_one_automatic_verdict",
        ),
        migrations.AddField(
            model_name="refusalverdict",
            name="is_sure",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="judge",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="judge",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="judges", to="studies.study"
            ),
        ),
        migrations.AddField(
            model_name="judgecall",
            name="judge",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="generation.judge"
            ),
        ),
        migrations.AddField(
            model_name="refusalverdict",
            name="call",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verdict",
                to="generation.judgecall",
            ),
        ),
        migrations.AddConstraint(
            model_name="refusalverdict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("by", None), ("call", None)),
                fields=("interpretation",),
                name="generation_one_verdict_by_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="refusalverdict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("call__isnull", False)),
                fields=("interpretation",),
                name="generation_one_verdict_by_a_judging_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="refusalverdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("by", None), ("call", None), _connector="OR"),
                name="generation_a_person_is_no_judging_model",
            ),
        ),
        migrations.AddField(
            model_name="judging",
            name="interpretation",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="judging",
                to="generation.interpretation",
            ),
        ),
        migrations.AddField(
            model_name="judging",
            name="judge",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="judgings", to="generation.judge"
            ),
        ),
        migrations.AddField(
            model_name="judgecall",
            name="judging",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="generation.judging"
            ),
        ),
        migrations.AddConstraint(
            model_name="judge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("study",),
                name="generation_one_judging_model_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="refusalverdict",
            name="layer",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(by__isnull=False, then=models.Value("person")),
                    models.When(call__isnull=False, then=models.Value("judge")),
                    default=models.Value("rule"),
                ),
                output_field=models.CharField(
                    choices=[
                        ("rule", "the vendor's signal or the rules"),
                        ("judge", "a judging model"),
                        ("person", "a person"),
                    ],
                    max_length=6,
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="judging",
            index=models.Index(
                condition=models.Q(("stage__in", ["queued", "running"])),
                fields=["due_at"],
                name="generation_judging_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="judging",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ["queued", "running", "done", "failed"])),
                name="generation_known_stage_of_judging",
            ),
        ),
        migrations.AddConstraint(
            model_name="judging",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_until__isnull", False), ("stage", "running")),
                    models.Q(models.Q(("stage", "running"), _negated=True), ("lease_until", None)),
                    _connector="OR",
                ),
                name="generation_running_judging_has_a_lease",
            ),
        ),
        migrations.AddConstraint(
            model_name="judging",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stage", "failed"), _negated=True),
                    models.Q(("failure", ""), _negated=True),
                    _connector="OR",
                ),
                name="generation_failed_judging_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="judgecall",
            constraint=models.UniqueConstraint(
                fields=("judging", "number"), name="generation_judge_calls_are_numbered"
            ),
        ),
        migrations.AddConstraint(
            model_name="judgecall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finished_at", None), models.Q(("outcome", ""), _negated=True), _connector="OR"
                ),
                name="generation_an_ended_judge_call_has_an_outcome",
            ),
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
