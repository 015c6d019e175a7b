"""Plans of every design: kinds of presentations, periods and their washout."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reading", "0003_ratings")]
    operations: list[object] = []
