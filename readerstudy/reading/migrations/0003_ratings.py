"""What a rating is about: a case, an output, a pair, or a part of one; and its times."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

WHOSE = """
SET CONSTRAINTS ALL IMMEDIATE;  -- a table with checks still to come cannot be altered
ALTER TABLE reading_ratingevent DISABLE TRIGGER append_only;
UPDATE reading_ratingevent r SET allocation_id = o.allocation_id
FROM reading_allocatedoutput o WHERE o.id = r.output_id;
ALTER TABLE reading_ratingevent ENABLE TRIGGER append_only;
UPDATE reading_rating r SET allocation_id = o.allocation_id FROM reading_allocatedoutput o WHERE o.id = r.output_id;
UPDATE reading_reading r SET first_answer_at = t.first, last_answer_at = t.last
FROM (SELECT allocation_id, min(at) AS first, max(at) AS last FROM reading_ratingevent GROUP BY allocation_id) t
WHERE t.allocation_id = r.allocation_id;
SET CONSTRAINTS ALL DEFERRED;
"""


def _allocation(related, **null):
    to = {"to": "reading.allocation", "on_delete": django.db.models.deletion.PROTECT}
    return models.ForeignKey(related_name=related, **to, **null)


def _output(related):
    to = {"to": "reading.allocatedoutput", "on_delete": django.db.models.deletion.PROTECT}
    return models.ForeignKey(null=True, related_name=related, **to)


WHY = models.TextField(
    blank=True, default="", help_text="Why it cannot be judged, or why it was changed late."
)
RELATED = {"ratingevent": "events", "rating": "ratings"}


class Migration(migrations.Migration):
    dependencies = [("reading", "0002_append_only"), ("studies", "0008_criteria")]
    operations = [
        migrations.RemoveConstraint("rating", "reading_one_rating_per_output_and_criterion"),
        migrations.RemoveIndex("ratingevent", "reading_events_of_a_rating"),
        *(
            migrations.AddField("reading", name, models.DateTimeField(null=True, **more))
            for name, more in (
                ("unaided_at", {"help_text": "When the unaided answer was locked and the output revealed."}),
                ("first_answer_at", {}),
                ("last_answer_at", {}),
            )
        ),
        migrations.AddField(
            "reading",
            "active_seconds",
            models.FloatField(
                null=True, help_text="As the browser counted them, without gaps of more than a minute."
            ),
        ),
        migrations.AddField(
            "reading",
            "client",
            models.JSONField(default=dict, help_text="The browser's own clock: shown, answers, submitted."),
        ),
        *(
            operation
            for model, related in RELATED.items()
            for operation in (
                migrations.AddField(model, "allocation", _allocation(related, null=True)),
                migrations.AlterField(model, "output", _output(related)),
                migrations.AddField(model, "part", models.CharField(max_length=60, blank=True, default="")),
                migrations.AlterField(model, "part", models.CharField(max_length=60, blank=True)),
            )
        ),
        migrations.AddField("ratingevent", "reason", WHY),
        migrations.AlterField(
            "ratingevent",
            "reason",
            models.TextField(blank=True, help_text="Why it cannot be judged, or why it was changed late."),
        ),
        migrations.AddField("rating", "reason", models.TextField(blank=True, default="")),
        migrations.AlterField("rating", "reason", models.TextField(blank=True)),
        migrations.RunSQL(WHOSE, migrations.RunSQL.noop),
        *(
            migrations.AlterField(model, "allocation", _allocation(related))
            for model, related in RELATED.items()
        ),
        migrations.AddIndex(
            "ratingevent",
            models.Index(
                fields=["allocation", "output", "criterion", "part"], name="reading_events_of_a_rating"
            ),
        ),
        migrations.AddConstraint(
            "rating",
            models.UniqueConstraint(
                fields=["allocation", "output", "criterion", "part"],
                nulls_distinct=False,
                name="reading_one_rating_per_subject_and_criterion",
            ),
        ),
        migrations.AddConstraint(
            "reading",
            models.CheckConstraint(
                condition=Q(unaided_at=None) | Q(unaided_at__gte=F("shown_at")),
                name="reading_shown_before_unaided_answer",
            ),
        ),
        migrations.AddConstraint(
            "reading",
            models.CheckConstraint(
                condition=Q(first_answer_at=None, last_answer_at=None)
                | Q(first_answer_at__lte=F("last_answer_at")),
                name="reading_first_answer_before_last",
            ),
        ),
        migrations.AddConstraint(
            "reading",
            models.CheckConstraint(
                condition=Q(active_seconds=None) | Q(active_seconds__gte=0),
                name="reading_active_seconds_are_none_or_more",
            ),
        ),
    ]
