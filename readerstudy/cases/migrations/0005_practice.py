"""Cases for practice and for attention checks."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_purpose")]
    operations: list[object] = []
