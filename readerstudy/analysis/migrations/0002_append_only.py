"""A report is never changed or deleted."""

from django.db import migrations

from readerstudy.audit.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("analysis", "0001_initial"), ("audit", "0002_chain")]
    operations = [append_only("analysis_report")]
