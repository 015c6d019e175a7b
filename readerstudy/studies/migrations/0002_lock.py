"""PostgreSQL refuses to change the protocol of a study that is no longer a draft or a pilot."""

from django.db import migrations

LOCK = """
CREATE FUNCTION study_is_open(study bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT state IN ('draft', 'pilot') FROM studies_study WHERE id = study
$$;

-- Used by every table that belongs to a protocol and has a study_id.
CREATE FUNCTION refuse_locked_protocol() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT study_is_open(CASE TG_OP WHEN 'DELETE' THEN OLD.study_id ELSE NEW.study_id END) THEN
        RAISE EXCEPTION 'the protocol of this study is locked: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION refuse_locked_criterion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    study bigint;
BEGIN
    SELECT study_id INTO study FROM studies_rubric
        WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.rubric_id ELSE NEW.rubric_id END;
    IF NOT study_is_open(study) THEN
        RAISE EXCEPTION 'the protocol of this study is locked: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON studies_arm
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();
CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON studies_rubric
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();
CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON studies_criterion
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_criterion();

-- The texts and choices of the study itself are protocol too; its state is not.
CREATE FUNCTION refuse_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.locked_at IS NOT NULL AND (
        (NEW.title, NEW.question, NEW.instructions, NEW.consent_text, NEW.refusal_policy, NEW.positive_label, NEW.seed,
         NEW.protocol_version, NEW.manifest_sha256, NEW.locked_at)
        IS DISTINCT FROM
        (OLD.title, OLD.question, OLD.instructions, OLD.consent_text, OLD.refusal_policy, OLD.positive_label, OLD.seed,
         OLD.protocol_version, OLD.manifest_sha256, OLD.locked_at)
    ) THEN
        RAISE EXCEPTION 'the protocol of this study is locked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER locked_protocol BEFORE UPDATE ON studies_study
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_study();
"""

UNLOCK = """
DROP TRIGGER locked_protocol ON studies_study;
DROP TRIGGER locked_protocol ON studies_criterion;
DROP TRIGGER locked_protocol ON studies_rubric;
DROP TRIGGER locked_protocol ON studies_arm;
DROP FUNCTION refuse_locked_study();
DROP FUNCTION refuse_locked_criterion();
DROP FUNCTION refuse_locked_protocol();
DROP FUNCTION study_is_open(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("studies", "0001_initial")]
    operations = [migrations.RunSQL(LOCK, UNLOCK)]
