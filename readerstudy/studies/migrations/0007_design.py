"""The sections of a protocol that have no rows of their own, frozen with the rest by the lock."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0006_batch_mode")]
    operations = [
        migrations.CreateModel(
            name="Design",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("document", models.JSONField(blank=True, default=dict)),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="design",
                        to="studies.study",
                    ),
                ),
            ],
            options={"verbose_name": "design", "verbose_name_plural": "designs"},
        ),
        migrations.RunSQL(
            "CREATE TRIGGER locked_protocol BEFORE INSERT OR UPDATE OR DELETE ON studies_design "
            "FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();",
            "DROP TRIGGER locked_protocol ON studies_design;",
        ),
    ]
