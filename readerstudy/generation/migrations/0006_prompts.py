"""What structured replies hold."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from readerstudy.audit.append_only import append_only

FREEZE = """
CREATE FUNCTION refuse_extraction_of_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    study bigint;
BEGIN
    SELECT study_of_generation(generation_id) INTO study FROM generation_interpretation
        WHERE id = NEW.interpretation_id;
    IF NOT study_is_open(study) THEN
        RAISE EXCEPTION 'the outputs of this study are locked: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER locked_outputs BEFORE INSERT ON generation_extraction
    FOR EACH ROW EXECUTE FUNCTION refuse_extraction_of_locked_study();
"""
THAW = """
DROP TRIGGER locked_outputs ON generation_extraction;
DROP FUNCTION refuse_extraction_of_locked_study();
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0005_queue"), ("audit", "0002_chain")]

    operations = [
        migrations.CreateModel(
            name="Extraction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("status", models.CharField(choices=[("valid", "in the form asked for"), ("repaired", "usable, though not quite in the form asked for"), ("invalid", "not in the form asked for"), ("none", "no form was asked for")], max_length=8)),
                ("label", models.CharField(blank=True, max_length=80)),
                ("confidence", models.FloatField(null=True)),
                ("boxes", models.JSONField(default=list)),
                ("data", models.JSONField(null=True)),
                ("problem", models.CharField(blank=True, help_text="What is not as asked, or what had to be left aside.", max_length=400)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("interpretation", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="extraction", to="generation.interpretation")),
            ],
            options={
                "verbose_name": "extraction",
                "verbose_name_plural": "extractions",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("status__in", ["valid", "repaired", "invalid", "none"])), name="generation_known_extraction_status"),
                    models.CheckConstraint(condition=models.Q(("confidence", None), models.Q(("confidence__gte", 0), ("confidence__lte", 1)), _connector="OR"), name="generation_confidence_is_a_share"),
                    models.CheckConstraint(condition=models.Q(models.Q(("status", "invalid"), _negated=True), models.Q(("problem", ""), _negated=True), _connector="OR"), name="generation_an_invalid_extraction_says_why"),
                ],
            },
        ),
        append_only("generation_extraction"),
        migrations.RunSQL(FREEZE, THAW),
    ]
