"""What was read in a sitting since its last pause is found without the readings before it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reading", "0005_path")]
    operations = [
        migrations.AddIndex(
            "reading",
            models.Index(fields=["session", "submitted_at"], name="reading_readings_of_a_sitting"),
        ),
        migrations.AlterField(
            "reading",
            "session",
            models.ForeignKey(
                to="reading.session",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="readings",
                db_index=False,
            ),
        ),
    ]
