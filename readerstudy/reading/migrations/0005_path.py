"""A reader's path around the cases: tutorial, practice, pauses, exit and certificate."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reading", "0004_plans")]
    operations: list[object] = []
