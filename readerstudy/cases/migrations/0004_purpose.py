"""Cases may serve the writing of prompts instead of the study."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0003_images'),
        ('studies', '0004_prompts_kept'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='purpose',
            field=models.CharField(choices=[('study', 'the study itself'), ('example', 'an example in prompts'), ('validation', 'trying prompts out')], default='study', max_length=10, verbose_name='purpose'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['study', 'example', 'validation'])), name='cases_known_purpose'),
        ),
    ]
