"""Image sets have names and terms, and a reference standard may be marks on the images."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only

RECIPIENTS = [
    ("unstated", "Nobody has said yet: own servers alone"),
    ("none", "No model at all"),
    ("own", "Models on own servers"),
    ("listed", "Models on own servers, and the providers named below"),
    ("any", "Any model"),
]
NAME_SETS = """
UPDATE cases_imageset SET name = 'Images ' || numbered.number FROM (
    SELECT id, row_number() OVER (PARTITION BY study_id ORDER BY id) AS number FROM cases_imageset
) numbered WHERE numbered.id = cases_imageset.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_practice"),
        ("audit", "0002_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "imageset",
            "name",
            models.CharField(default="", max_length=80, verbose_name="name"),
            preserve_default=False,
        ),
        migrations.AddField(
            "imageset",
            "receives",
            models.BooleanField(default=False, verbose_name="gets the files that come in"),
        ),
        migrations.RunSQL(NAME_SETS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "imageset",
            models.UniqueConstraint(fields=["study", "name"], name="cases_image_sets_names_differ"),
        ),
        migrations.AddConstraint(
            "imageset",
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(receives=True), name="cases_one_image_set_receives"
            ),
        ),
        migrations.AddConstraint(
            "imageset",
            models.CheckConstraint(condition=~models.Q(name=""), name="cases_an_image_set_has_a_name"),
        ),
        migrations.CreateModel(
            name="ImageTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        help_text="Where the images come from: an archive, a ward …",
                        max_length=200,
                        verbose_name="source",
                    ),
                ),
                (
                    "licence",
                    models.TextField(
                        blank=True,
                        help_text=(
                            "The name of a licence, or the words of the data-use agreement that matter here."
                        ),
                        max_length=2000,
                        verbose_name="licence or terms",
                    ),
                ),
                (
                    "recipients",
                    models.CharField(
                        choices=RECIPIENTS,
                        default="unstated",
                        max_length=10,
                        verbose_name="Models that may be given these images",
                    ),
                ),
                ("providers", models.JSONField(blank=True, default=list, verbose_name="providers")),
                (
                    "expires_on",
                    models.DateField(
                        blank=True,
                        help_text="Leave empty where the terms do not expire.",
                        null=True,
                        verbose_name="valid until",
                    ),
                ),
                ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "image_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terms",
                        to="cases.imageset",
                    ),
                ),
                (
                    "stated_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "terms of an image set", "verbose_name_plural": "terms of image sets"},
        ),
        migrations.AddConstraint(
            "imageterms",
            models.UniqueConstraint(fields=["image_set", "number"], name="cases_terms_are_numbered"),
        ),
        migrations.AddConstraint(
            "imageterms",
            models.CheckConstraint(
                condition=models.Q(recipients__in=[value for value, _label in RECIPIENTS]),
                name="cases_known_recipients",
            ),
        ),
        migrations.AddConstraint(
            "imageterms",
            models.CheckConstraint(
                condition=models.Q(recipients="listed") ^ models.Q(providers=[]),
                name="cases_listed_recipients_are_named",
            ),
        ),
        migrations.AddConstraint(
            "imageterms",
            models.CheckConstraint(
                condition=models.Q(recipients="unstated") | ~models.Q(source="", licence=""),
                name="cases_stated_terms_say_where_from",
            ),
        ),
        append_only("cases_imageterms"),
        migrations.RemoveConstraint("referencestandard", "cases_a_reference_has_a_label"),
        migrations.AlterField(
            "referencestandard",
            "label",
            models.CharField(blank=True, max_length=10_000, verbose_name="reference label or text"),
        ),
        migrations.AddField(
            "referencestandard",
            "marks",
            models.JSONField(blank=True, null=True, verbose_name="reference marks"),
        ),
        migrations.AddConstraint(
            "referencestandard",
            models.CheckConstraint(
                condition=~models.Q(label="", marks__isnull=True), name="cases_a_reference_says_something"
            ),
        ),
    ]
