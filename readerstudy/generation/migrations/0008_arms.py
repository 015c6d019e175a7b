"""Texts written by people, and vendor cards."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0007_texts")]
    operations: list[object] = []
