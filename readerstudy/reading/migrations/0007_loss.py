"""When a rating was given, beside when it arrived; and why it was changed late."""

import django.utils.timezone
from django.db import migrations, models
from django.db.models import F, Q

AS_IT_WAS = """
SET CONSTRAINTS ALL IMMEDIATE;  -- a table with checks still to come cannot be altered
ALTER TABLE reading_ratingevent DISABLE TRIGGER append_only;
UPDATE reading_ratingevent SET given_at = at;
ALTER TABLE reading_ratingevent ENABLE TRIGGER append_only;
UPDATE reading_rating SET given_at = at;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("reading", "0006_speed")]
    operations = [
        migrations.AddField(
            "ratingevent",
            "changed_because",
            models.TextField(
                blank=True,
                default="",
                help_text="Why it was changed after the sitting in which its case was finished.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "ratingevent", "given_at", models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.AddField("rating", "given_at", models.DateTimeField(null=True)),
        migrations.RunSQL(AS_IT_WAS, migrations.RunSQL.noop),
        migrations.AlterField("rating", "given_at", models.DateTimeField()),
        migrations.AlterField(
            "ratingevent",
            "reason",
            models.TextField(blank=True, help_text="Why it cannot be judged, or why the rest is left out."),
        ),
        migrations.AddConstraint(
            "ratingevent",
            models.CheckConstraint(condition=Q(given_at__lte=F("at")), name="reading_given_before_it_arrived"),
        ),
    ]
