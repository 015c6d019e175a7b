"""Shown texts, leak scans and frozen sets."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0006_prompts")]
    operations: list[object] = []
