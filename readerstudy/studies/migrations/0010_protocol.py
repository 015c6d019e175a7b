"""Protocol files that were loaded, and where a study was copied from."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("studies", "0009_life")]
    operations: list[object] = []
