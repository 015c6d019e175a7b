"""Calls in batches."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0008_arms")]
    operations: list[object] = []
