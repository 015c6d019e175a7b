"""PostgreSQL numbers and hashes every event, and refuses to change or lose one."""

from django.db import migrations

CHAIN = r"""
CREATE FUNCTION audit_instant(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM moment) * 1000000)::bigint::text
$$;

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest audit_event%ROWTYPE;
BEGIN
    -- One writer at a time for each stream, until its transaction ends: a chain has one end.
    PERFORM pg_advisory_xact_lock(hashtextextended('audit:' || NEW.stream, 0));
    SELECT * INTO latest FROM audit_event WHERE stream = NEW.stream ORDER BY position DESC LIMIT 1;
    NEW.position := coalesce(latest.position, 0) + 1;
    NEW.previous := coalesce(latest.digest, repeat('0', 64));
    NEW.at := clock_timestamp();
    NEW.digest := encode(sha256(convert_to(concat_ws(E'\x1f',
        NEW.previous, NEW.stream, NEW.position::text, audit_instant(NEW.at), coalesce(NEW.actor_id::text, ''),
        NEW.verb, NEW.subject, NEW.data::text), 'UTF8')), 'hex');
    RETURN NEW;
END $$;

CREATE TRIGGER audit_chain BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- Shared by every append-only table of the product.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

UNCHAIN = """
DROP TRIGGER append_only_whole ON audit_event;
DROP TRIGGER append_only ON audit_event;
DROP TRIGGER audit_chain ON audit_event;
DROP FUNCTION refuse_change();
DROP FUNCTION audit_chain();
DROP FUNCTION audit_instant(timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(CHAIN, UNCHAIN)]
