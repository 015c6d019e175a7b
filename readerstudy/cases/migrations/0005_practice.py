"""Cases for practice, for attention checks and for later batches; room for reference reports."""

from django.db import migrations, models

CHOICES = [
    ("study", "the study itself"),
    ("later", "the study itself, in a later batch"),
    ("practice", "practice of readers"),
    ("check", "attention checks of readers"),
    ("example", "an example in prompts"),
    ("validation", "trying prompts out"),
]


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_purpose")]
    operations = [
        migrations.RemoveConstraint("case", "cases_known_purpose"),
        migrations.AlterField(
            "case",
            "purpose",
            models.CharField(choices=CHOICES, default="study", max_length=10, verbose_name="purpose"),
        ),
        migrations.AddConstraint(
            "case",
            models.CheckConstraint(
                condition=models.Q(purpose__in=[value for value, _label in CHOICES]),
                name="cases_known_purpose",
            ),
        ),
        migrations.AlterField(
            "referencestandard",
            "label",
            models.CharField(max_length=10_000, verbose_name="reference label or text"),
        ),
    ]
