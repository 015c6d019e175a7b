"""Cases and reference standards freeze with the protocol; renditions are never changed."""

from django.db import migrations

from readerstudy.audit.append_only import append_only

LOCK = """
CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();
CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON cases_referencestandard
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();
"""
UNLOCK = "DROP TRIGGER locked_protocol ON cases_referencestandard; DROP TRIGGER locked_protocol ON cases_case;"


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("studies", "0002_lock"), ("audit", "0002_chain")]
    operations = [migrations.RunSQL(LOCK, UNLOCK), append_only("cases_rendition")]
