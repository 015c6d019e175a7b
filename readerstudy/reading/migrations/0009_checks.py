"""Attention checks say what they are made of, and an identical pair shows one output twice."""

from django.db import migrations, models

MADE_OF = [
    ("", "no attention check"),
    ("case", "a check case"),
    ("known_bad", "a known-bad output"),
    ("identical", "an identical pair"),
    ("blank", "a blank image"),
]
SAY = """
SET CONSTRAINTS ALL IMMEDIATE;  -- a table with checks still to come cannot be altered
ALTER TABLE reading_allocation DISABLE TRIGGER append_only;
UPDATE reading_allocation SET check_kind = 'case' WHERE kind = 'check';
ALTER TABLE reading_allocation ENABLE TRIGGER append_only;
"""
ONLY_IN_PAIRS = """
CREATE FUNCTION refuse_copy_of_output() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reading_allocation WHERE id = NEW.allocation_id AND check_kind = 'identical') THEN
        RAISE EXCEPTION 'only an identical pair shows an output twice' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER copies_in_identical_pairs BEFORE INSERT ON reading_allocatedoutput
    FOR EACH ROW WHEN (NEW.copy > 0) EXECUTE FUNCTION refuse_copy_of_output();
"""
ANYWHERE = """
DROP TRIGGER copies_in_identical_pairs ON reading_allocatedoutput;
DROP FUNCTION refuse_copy_of_output();
"""


class Migration(migrations.Migration):
    dependencies = [("reading", "0008_adjudication")]
    operations = [
        migrations.AddField(
            "allocation",
            "check_kind",
            models.CharField(blank=True, choices=MADE_OF, default="", max_length=10),
        ),
        migrations.AddField(
            "allocatedoutput",
            "copy",
            models.PositiveSmallIntegerField(
                default=0, help_text="From 1 where an identical pair shows the same output once more."
            ),
        ),
        migrations.RunSQL(SAY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "allocation",
            models.CheckConstraint(
                condition=models.Q(check_kind__in=[value for value, _label in MADE_OF]),
                name="reading_known_check",
            ),
        ),
        migrations.AddConstraint(
            "allocation",
            models.CheckConstraint(
                condition=models.Q(kind="check") ^ models.Q(check_kind=""),
                name="reading_checks_are_made_of_something",
            ),
        ),
        migrations.RemoveConstraint("allocatedoutput", "reading_arms_differ"),
        migrations.AddConstraint(
            "allocatedoutput",
            models.UniqueConstraint(fields=["allocation", "arm", "copy"], name="reading_arms_differ"),
        ),
        migrations.RunSQL(ONLY_IN_PAIRS, ANYWHERE),
    ]
