"""Verdicts of a judging model."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0009_batches")]
    operations: list[object] = []
