"""How an arm's calls are made: one by one, or in batches."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0005_choices")]
    operations = [
        migrations.AddField(
            model_name="arm",
            name="mode",
            field=models.CharField(
                choices=[
                    ("live", "One by one, as soon as possible"),
                    ("batch", "In batches: cheaper, within a day, without a time for each call"),
                ],
                default="live",
                max_length=5,
                verbose_name="how calls are made",
            ),
        ),
        migrations.AddConstraint(
            model_name="arm",
            constraint=models.CheckConstraint(
                condition=models.Q(mode__in=["live", "batch"]), name="studies_known_call_mode"
            ),
        ),
    ]
