"""What structured replies hold."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0005_queue")]
    operations: list[object] = []
