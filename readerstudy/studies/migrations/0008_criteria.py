"""All kinds of criteria, and what they apply to."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("studies", "0007_design")]
    operations: list[object] = []
