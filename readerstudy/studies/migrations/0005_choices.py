"""Patient data, and refusals that count as the worst."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("studies", "0004_prompts_kept")]
    operations: list[object] = []
