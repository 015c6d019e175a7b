"""Plans of every design: kinds of presentations, batches of cases, readers who take over."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from readerstudy.audit.append_only import append_only

KINDS = [("main", "main"), ("repeat", "repeat"), ("practice", "practice"), ("check", "attention check")]
PROTECT = django.db.models.deletion.PROTECT

# Until now every reader was given every case from every arm.
HIDDEN_SO_FAR = """
INSERT INTO reading_hiddenoutput (plan_id, seat_id, case_id, arm_id)
SELECT DISTINCT p.id, s.seat_id, c.id, m.id
FROM reading_allocationplan p
CROSS JOIN LATERAL jsonb_array_elements(p.excluded) pair
JOIN cases_case c ON c.study_id = p.study_id AND c.code = pair ->> 0
JOIN studies_arm m ON m.study_id = p.study_id AND m.position = (pair ->> 1)::integer
JOIN (SELECT DISTINCT plan_id, seat_id FROM reading_allocation) s ON s.plan_id = p.id
"""


def _key():
    return (
        "id",
        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
    )


def _to(model, related, **more):
    return models.ForeignKey(on_delete=PROTECT, related_name=related, to=model, **more)


def _unindexed(model, name, to, related, **more):
    return migrations.AlterField(model, name, _to(to, related, db_index=False, **more))


class Migration(migrations.Migration):
    dependencies = [
        ("reading", "0003_ratings"),
        ("cases", "0005_practice"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "allocationplan",
            "plan",
            models.JSONField(default=dict, help_text="Allocation section, strata and practice cases."),
        ),
        migrations.AddField(
            "allocationplan",
            "first",
            models.JSONField(default=list, help_text="The seats that were balanced against each other."),
        ),
        migrations.AddField(
            "allocationplan",
            "key_seed",
            models.BigIntegerField(
                help_text="What the keys of presentations come from; the seed itself where it is empty.",
                null=True,
            ),
        ),
        migrations.AddField(
            "allocationplan",
            "is_pilot",
            models.BooleanField(default=False, help_text="Whether it was drawn for a pilot."),
        ),
        migrations.CreateModel(
            "CaseBatch",
            [
                _key(),
                (
                    "number",
                    models.PositiveSmallIntegerField(help_text="From 1; the cases of the lock are batch 0."),
                ),
                ("cases", models.JSONField(help_text="Case codes in plan order.")),
                (
                    "excluded",
                    models.JSONField(
                        default=list, help_text="(case, arm) pairs hidden from readers as refusals."
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("by", _to(settings.AUTH_USER_MODEL, "+")),
                ("plan", _to("reading.allocationplan", "batches")),
            ],
            {"verbose_name": "batch of cases", "verbose_name_plural": "batches of cases"},
        ),
        migrations.CreateModel(
            "Replacement",
            [
                _key(),
                (
                    "positions",
                    models.JSONField(help_text="The positions of the leaver's presentations that go over."),
                ),
                (
                    "batch",
                    models.PositiveSmallIntegerField(
                        help_text="The last batch of cases at that time; later ones go to the successor."
                    ),
                ),
                ("reason", models.TextField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("by", _to(settings.AUTH_USER_MODEL, "+")),
                (
                    "leaver",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="replaced_by", to="studies.membership"
                    ),
                ),
                ("plan", _to("reading.allocationplan", "replacements")),
                (
                    "successor",
                    models.OneToOneField(on_delete=PROTECT, related_name="replaces", to="studies.membership"),
                ),
            ],
            {"verbose_name": "replacement", "verbose_name_plural": "replacements"},
        ),
        migrations.CreateModel(
            "HiddenOutput",
            [
                _key(),
                ("plan", _to("reading.allocationplan", "hidden_outputs", db_index=False)),
                ("seat", _to("studies.membership", "+", db_index=False)),
                ("case", _to("cases.case", "+", db_index=False)),
                ("arm", _to("studies.arm", "+", db_index=False)),
            ],
            {"verbose_name": "hidden output", "verbose_name_plural": "hidden outputs"},
        ),
        migrations.AddConstraint(
            "hiddenoutput",
            models.UniqueConstraint(fields=("plan", "seat", "case", "arm"), name="reading_hidden_once"),
        ),
        migrations.RunSQL(HIDDEN_SO_FAR, migrations.RunSQL.noop),
        migrations.AddField("allocation", "arm", _to("studies.arm", "+", db_index=False, null=True)),
        migrations.AddField(
            "allocation", "kind", models.CharField(choices=KINDS, default="main", max_length=10)
        ),
        migrations.AddField(
            "allocation",
            "batch",
            models.PositiveSmallIntegerField(default=0, help_text="The batch of cases that it came with."),
        ),
        migrations.AddField(
            "allocation",
            "succeeds",
            _to("reading.allocation", "successor", db_index=False, null=True),
        ),
        _unindexed("allocation", "plan", "reading.allocationplan", "allocations"),
        _unindexed("allocation", "seat", "studies.membership", "allocations"),
        _unindexed("allocatedoutput", "allocation", "reading.allocation", "outputs"),
        _unindexed("allocatedoutput", "arm", "studies.arm", "+"),
        migrations.AlterField(
            "allocation",
            "key",
            models.CharField(help_text="Names the reading in addresses; tells nothing.", max_length=32),
        ),
        migrations.AddConstraint(
            "allocation", models.UniqueConstraint(fields=("key",), name="reading_keys_differ")
        ),
        migrations.RemoveConstraint("allocation", "reading_one_case_per_position"),
        migrations.AddConstraint(
            "allocation",
            models.UniqueConstraint(
                fields=("plan", "seat", "position"), name="reading_one_case_per_plan_and_position"
            ),
        ),
        migrations.AddConstraint(
            "allocation",
            models.UniqueConstraint(
                condition=Q(succeeds__isnull=False), fields=("succeeds",), name="reading_taken_over_once"
            ),
        ),
        migrations.AddConstraint(
            "allocation",
            models.CheckConstraint(
                condition=Q(kind__in=[value for value, _label in KINDS]),
                name="reading_known_presentation_kind",
            ),
        ),
        migrations.AddConstraint(
            "casebatch",
            models.UniqueConstraint(fields=("plan", "number"), name="reading_one_batch_per_number"),
        ),
        migrations.AddConstraint(
            "casebatch",
            models.CheckConstraint(condition=Q(number__gte=1), name="reading_batches_count_from_one"),
        ),
        migrations.AddConstraint(
            "replacement",
            models.CheckConstraint(
                condition=~Q(leaver=F("successor")), name="reading_nobody_replaces_oneself"
            ),
        ),
        migrations.AddConstraint(
            "replacement",
            models.CheckConstraint(condition=~Q(reason=""), name="reading_a_replacement_has_a_reason"),
        ),
        append_only("reading_casebatch"),
        append_only("reading_replacement"),
        append_only("reading_hiddenoutput"),
    ]
