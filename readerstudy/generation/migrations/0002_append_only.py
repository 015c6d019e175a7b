"""Outputs and verdicts are never changed or deleted, calls never deleted, and nothing is added to a locked study."""

from django.db import migrations

from readerstudy.audit.append_only import append_only

KEEP = """
CREATE TRIGGER kept BEFORE DELETE ON generation_attempt FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE DELETE ON generation_generation FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
FORGET = "DROP TRIGGER kept ON generation_generation; DROP TRIGGER kept ON generation_attempt;"

FREEZE = """
CREATE FUNCTION refuse_output_of_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    study bigint;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'generation_interpretation' THEN
            SELECT arm.study_id INTO study FROM studies_arm arm
                JOIN generation_generation row ON row.arm_id = arm.id WHERE row.id = NEW.generation_id;
        WHEN 'generation_refusalverdict' THEN
            SELECT arm.study_id INTO study FROM studies_arm arm
                JOIN generation_generation row ON row.arm_id = arm.id
                JOIN generation_interpretation text ON text.generation_id = row.id
                WHERE text.id = NEW.interpretation_id;
        ELSE
            SELECT arm.study_id INTO study FROM studies_arm arm WHERE arm.id = NEW.arm_id;
    END CASE;
    IF NOT study_is_open(study) THEN
        RAISE EXCEPTION 'the outputs of this study are locked: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER locked_outputs BEFORE INSERT ON generation_generation
    FOR EACH ROW EXECUTE FUNCTION refuse_output_of_locked_study();
CREATE TRIGGER locked_outputs BEFORE INSERT ON generation_recordedoutput
    FOR EACH ROW EXECUTE FUNCTION refuse_output_of_locked_study();
CREATE TRIGGER locked_outputs BEFORE INSERT ON generation_interpretation
    FOR EACH ROW EXECUTE FUNCTION refuse_output_of_locked_study();
CREATE TRIGGER locked_outputs BEFORE INSERT ON generation_refusalverdict
    FOR EACH ROW EXECUTE FUNCTION refuse_output_of_locked_study();
"""
THAW = """
DROP TRIGGER locked_outputs ON generation_refusalverdict;
DROP TRIGGER locked_outputs ON generation_interpretation;
DROP TRIGGER locked_outputs ON generation_recordedoutput;
DROP TRIGGER locked_outputs ON generation_generation;
DROP FUNCTION refuse_output_of_locked_study();
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0001_initial"), ("studies", "0002_lock"), ("audit", "0002_chain")]
    operations = [
        append_only("generation_interpretation"),
        append_only("generation_refusalverdict"),
        append_only("generation_recordedoutput"),
        migrations.RunSQL(KEEP, FORGET),
        migrations.RunSQL(FREEZE, THAW),
    ]
