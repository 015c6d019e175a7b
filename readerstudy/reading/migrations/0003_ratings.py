"""What a rating is about: a case, an output, a pair, or a part of one; and its times."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reading", "0002_append_only"), ("studies", "0008_criteria")]
    operations: list[object] = []
