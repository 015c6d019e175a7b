"""Rating events and allocations are never changed or deleted."""

from django.db import migrations

from readerstudy.audit.append_only import append_only

TABLES = ["reading_ratingevent", "reading_allocationplan", "reading_allocation", "reading_allocatedoutput"]


class Migration(migrations.Migration):
    dependencies = [("reading", "0001_initial"), ("audit", "0002_chain")]
    operations = [append_only(table) for table in TABLES]
