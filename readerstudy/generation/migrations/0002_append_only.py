"""Interpretations and verdicts are never changed or deleted."""

from django.db import migrations

from readerstudy.audit.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("generation", "0001_initial"), ("audit", "0002_chain")]
    operations = [append_only("generation_interpretation"), append_only("generation_refusalverdict")]
