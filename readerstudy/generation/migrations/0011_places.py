import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

FILL = """
INSERT INTO generation_place (gate_id, number, taken_until)
SELECT id, generate_series(1, calls_at_once), now() FROM generation_gate WHERE calls_at_once IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0010_judge")]
    operations = [
        migrations.CreateModel(
            name="Place",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("number", models.PositiveIntegerField()),
                ("taken_until", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="places",
                        to="generation.gate",
                    ),
                ),
            ],
            options={"verbose_name": "place at a provider", "verbose_name_plural": "places at providers"},
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(
                fields=("gate", "number"), name="generation_places_are_numbered"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
