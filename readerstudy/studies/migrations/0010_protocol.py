"""Protocol files that were loaded, where a study was copied from, and arms without outputs."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("studies", "0009_life"),
    ]
    operations = [
        migrations.CreateModel(
            name="ProtocolFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("sha256", models.CharField(help_text="Of the file's bytes.", max_length=64)),
                ("loaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "loaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protocol_files",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "protocol file",
                "verbose_name_plural": "protocol files",
                "ordering": ["study", "pk"],
            },
        ),
        append_only("studies_protocolfile"),
        migrations.AddField(
            model_name="study",
            name="copied_from",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="studies.study",
            ),
        ),
        migrations.AlterField(
            model_name="arm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("model", "A model that we call"),
                    ("human", "Texts written by people"),
                    ("imported", "Outputs made elsewhere"),
                    ("unaided", "No output: readers judge the case alone"),
                ],
                default="model",
                max_length=10,
                verbose_name="source",
            ),
        ),
        migrations.RemoveConstraint(model_name="arm", name="studies_known_arm_kind"),
        migrations.AddConstraint(
            model_name="arm",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=["model", "human", "imported", "unaided"]),
                name="studies_known_arm_kind",
            ),
        ),
    ]
