"""Rate limits, budgets and prices."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0004_trials")]
    operations: list[object] = []
