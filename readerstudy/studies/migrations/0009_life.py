"""Signatures, versions of a protocol and unblindings, all append-only; what the database itself refuses and when."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only

PROTOCOL = """
-- A pilot tries the protocol as it is; to change it, it is ended.
CREATE OR REPLACE FUNCTION study_is_open(study bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT state = 'draft' FROM studies_study WHERE id = study
$$;

CREATE FUNCTION stamp_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.made_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER stamp_version BEFORE INSERT ON studies_protocolversion
    FOR EACH ROW EXECUTE FUNCTION stamp_version();

-- Append-only, but for the completion of a row by the transaction that began it.
CREATE FUNCTION complete_version_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['document', 'document_sha256', 'consent_sha256', 'manifest_sha256', 'signature_id'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.document_sha256 = '' AND OLD.made_in = pg_current_xact_id()::text::bigint
        AND to_jsonb(NEW) - free = to_jsonb(OLD) - free
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON studies_protocolversion
    FOR EACH ROW EXECUTE FUNCTION complete_version_once();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON studies_protocolversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_incomplete_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM studies_protocolversion WHERE id = NEW.id AND document_sha256 = '') THEN
        RAISE EXCEPTION 'a version of a protocol was left incomplete' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete_version AFTER INSERT ON studies_protocolversion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_incomplete_version();

-- Whether this very transaction has written an amendment, with its reason and signature.
CREATE FUNCTION study_is_amended_now(study bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM studies_protocolversion
        WHERE study_id = study AND kind = 'amendment' AND made_in = pg_current_xact_id()::text::bigint
    )
$$;

-- Of a locked study only the state changes; an amendment may change two texts, and never another column.
CREATE OR REPLACE FUNCTION refuse_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state'];
BEGIN
    IF OLD.locked_at IS NULL AND OLD.state = 'draft' THEN
        RETURN NEW;
    ELSIF OLD.locked_at IS NULL THEN
        free := free || ARRAY['manifest_sha256', 'locked_at', 'protocol_version'];
    ELSIF study_is_amended_now(OLD.id) THEN
        free := free || ARRAY['instructions', 'consent_text', 'manifest_sha256', 'protocol_version'];
    END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'the protocol of this study is locked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- What an option means stays; how it is worded may be mended.
CREATE FUNCTION options_without_wording(options jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(o - 'label' - 'help' ORDER BY n), '[]')
    FROM jsonb_array_elements(options) WITH ORDINALITY AS each(o, n)
$$;

CREATE OR REPLACE FUNCTION refuse_locked_criterion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    study bigint;
    wording text[] := ARRAY['question', 'help', 'options'];
BEGIN
    SELECT study_id INTO study FROM studies_rubric
        WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.rubric_id ELSE NEW.rubric_id END;
    IF study_is_open(study) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND study_is_amended_now(study)
        AND to_jsonb(NEW) - wording = to_jsonb(OLD) - wording
        AND options_without_wording(NEW.options) = options_without_wording(OLD.options)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the protocol of this study is locked: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_locked_design() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE OLD.document END;
    free text[] := ARRAY['texts', 'ethics'];
BEGIN
    IF study_is_open(CASE TG_OP WHEN 'DELETE' THEN OLD.study_id ELSE NEW.study_id END) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP <> 'DELETE' AND study_is_amended_now(NEW.study_id) AND NEW.document - free = before - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the protocol of this study is locked: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER locked_protocol ON studies_design;
CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON studies_design
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_design();
"""
PROTOCOL_BEFORE = """
DROP TRIGGER locked_protocol ON studies_design;
CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON studies_design
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();
DROP FUNCTION refuse_locked_design();
CREATE OR REPLACE FUNCTION refuse_locked_criterion() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION refuse_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.locked_at IS NOT NULL AND to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
        RAISE EXCEPTION 'the protocol of this study is locked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION options_without_wording(jsonb);
DROP FUNCTION study_is_amended_now(bigint);
DROP TRIGGER complete_version ON studies_protocolversion;
DROP FUNCTION refuse_incomplete_version();
DROP TRIGGER append_only_whole ON studies_protocolversion;
DROP TRIGGER append_only ON studies_protocolversion;
DROP FUNCTION complete_version_once();
DROP TRIGGER stamp_version ON studies_protocolversion;
DROP FUNCTION stamp_version();
CREATE OR REPLACE FUNCTION study_is_open(study bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT state IN ('draft', 'pilot') FROM studies_study WHERE id = study
$$;
"""
DATA = """
-- A rating is given while its own kind of reading is open: a pilot's in the pilot, any other while the study runs.
CREATE FUNCTION refuse_late_rating() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    state text;
    pilot boolean;
BEGIN
    SELECT s.state, p.is_pilot INTO state, pilot
        FROM reading_allocation a JOIN reading_allocationplan p ON p.id = a.plan_id
        JOIN studies_study s ON s.id = p.study_id WHERE a.id = NEW.allocation_id;
    IF (state = 'running' AND NOT pilot) OR (state = 'pilot' AND pilot) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'this study is not open for this rating' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER open_for_rating BEFORE INSERT ON reading_ratingevent
    FOR EACH ROW EXECUTE FUNCTION refuse_late_rating();
"""
DATA_BEFORE = """
DROP TRIGGER open_for_rating ON reading_ratingevent;
DROP FUNCTION refuse_late_rating();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0008_criteria"),
        ("audit", "0002_chain"),
        ("reading", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Signature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("printed_name", models.CharField(max_length=120)),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("author", "I wrote this and stand for it"),
                            ("reviewed", "I have reviewed this"),
                            ("approved", "I approve this"),
                            ("responsible", "I am responsible for this study and approve this"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "deed",
                    models.CharField(
                        help_text="What was signed: a deed of the life of a study.", max_length=40
                    ),
                ),
                ("content_sha256", models.CharField(max_length=64)),
                ("with_second_factor", models.BooleanField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("digest", models.CharField(max_length=64)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "signature",
                "verbose_name_plural": "signatures",
            },
        ),
        migrations.CreateModel(
            name="ProtocolVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("pilot", "pilot"), ("lock", "lock"), ("amendment", "amendment")],
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("document", models.JSONField(help_text="The protocol in the form of a protocol file.")),
                ("document_sha256", models.CharField(max_length=64)),
                (
                    "consent_sha256",
                    models.CharField(help_text="Of the consent text of this version.", max_length=64),
                ),
                ("changes", models.JSONField(default=list)),
                ("manifest_sha256", models.CharField(blank=True, max_length=64)),
                ("readings_before", models.PositiveIntegerField(default=0)),
                ("ratings_before", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "made_in",
                    models.BigIntegerField(default=0, editable=False, help_text="Written by PostgreSQL."),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="studies.study",
                    ),
                ),
                (
                    "signature",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="version",
                        to="studies.signature",
                    ),
                ),
            ],
            options={
                "verbose_name": "protocol version",
                "verbose_name_plural": "protocol versions",
            },
        ),
        migrations.CreateModel(
            name="Unblinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_code", models.CharField(blank=True, max_length=40)),
                (
                    "is_planned",
                    models.BooleanField(
                        help_text="After the data lock, as the protocol foresees; else an emergency."
                    ),
                ),
                ("reason", models.TextField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signature",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unblinding",
                        to="studies.signature",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unblindings",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "unblinding",
                "verbose_name_plural": "unblindings",
            },
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(("meaning__in", ["author", "reviewed", "approved", "responsible"])),
                name="studies_known_meaning_of_a_signature",
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("printed_name", ""), _negated=True), ("content_sha256__regex", "^[0-9a-f]{64}$")
                ),
                name="studies_a_signature_has_a_name_and_a_content",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.UniqueConstraint(
                fields=("study", "number"), name="studies_versions_are_numbered"
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["pilot", "lock", "amendment"])),
                name="studies_known_kind_of_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "amendment"), _negated=True),
                    ("document_sha256", ""),
                    models.Q(
                        models.Q(("reason", ""), _negated=True),
                        ("signature__isnull", False),
                        models.Q(("changes", []), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="studies_an_amendment_is_reasoned_and_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "pilot"), ("manifest_sha256", "")),
                    ("document_sha256", ""),
                    models.Q(
                        models.Q(("kind", "pilot"), _negated=True),
                        models.Q(("manifest_sha256", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="studies_only_a_pilot_has_no_manifest",
            ),
        ),
        migrations.AddConstraint(
            model_name="unblinding",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="studies_an_unblinding_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="unblinding",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_planned", False), ("case_code", ""), _connector="OR"),
                name="studies_a_planned_unblinding_is_whole",
            ),
        ),
        append_only("studies_signature"),
        append_only("studies_unblinding"),
        migrations.RunSQL(PROTOCOL, PROTOCOL_BEFORE),
        migrations.RunSQL(DATA, DATA_BEFORE),
    ]
