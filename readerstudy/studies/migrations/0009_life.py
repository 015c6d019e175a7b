"""Signatures, amendments, ethics and the later states of a study."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("studies", "0008_criteria")]
    operations: list[object] = []
