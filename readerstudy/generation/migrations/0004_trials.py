"""Prompts may be tried out: a generation belongs to an arm or to a trial."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


FREEZE = """
CREATE OR REPLACE FUNCTION study_of_generation(row_id bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT COALESCE(arm.study_id, trial.study_id) FROM generation_generation row
        LEFT JOIN studies_arm arm ON arm.id = row.arm_id
        LEFT JOIN generation_trial trial ON trial.id = row.trial_id
        WHERE row.id = row_id
$$;

CREATE OR REPLACE FUNCTION refuse_output_of_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    study bigint;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'generation_interpretation' THEN
            study := study_of_generation(NEW.generation_id);
        WHEN 'generation_refusalverdict' THEN
            SELECT study_of_generation(generation_id) INTO study FROM generation_interpretation
                WHERE id = NEW.interpretation_id;
        WHEN 'generation_generation' THEN
            SELECT COALESCE((SELECT study_id FROM studies_arm WHERE id = NEW.arm_id),
                            (SELECT study_id FROM generation_trial WHERE id = NEW.trial_id)) INTO study;
        ELSE
            SELECT arm.study_id INTO study FROM studies_arm arm WHERE arm.id = NEW.arm_id;
    END CASE;
    IF NOT study_is_open(study) THEN
        RAISE EXCEPTION 'the outputs of this study are locked: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0004_purpose'),
        ('generation', '0003_sent_images'),
        ('studies', '0004_prompts_kept'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='mode',
            field=models.CharField(choices=[('live', 'live'), ('batch', 'in a batch')], default='live', max_length=5),
        ),
        migrations.AddField(
            model_name='attempt',
            name='prompt_sha256',
            field=models.CharField(blank=True, help_text='Words, images and schema as they were rendered for this call.', max_length=64),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='recipe_sha256',
            field=models.CharField(blank=True, help_text='Provider, model, prompt and parameters when the call was made.', max_length=64),
        ),
        migrations.AlterField(
            model_name='generation',
            name='arm',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='studies.arm'),
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('connection', models.CharField(max_length=40, verbose_name='provider')),
                ('model', models.CharField(max_length=120, verbose_name='model')),
                ('parameters', models.JSONField(blank=True, default=dict, verbose_name='parameters')),
                ('input_condition', models.CharField(choices=[('image_text', 'Images and clinical text'), ('image', 'Images alone'), ('text', 'Clinical text alone'), ('none', 'Neither: the prompt alone')], default='image_text', max_length=10)),
                ('is_simulated', models.BooleanField(default=False, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prompt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='studies.promptversion')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='studies.study')),
            ],
            options={
                'verbose_name': 'trial',
                'verbose_name_plural': 'trials',
            },
        ),
        migrations.AddField(
            model_name='generation',
            name='trial',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='generation.trial'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.UniqueConstraint(fields=('case', 'trial'), name='generation_one_per_case_and_trial'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('arm', None), ('trial__isnull', False)), models.Q(('arm__isnull', False), ('trial', None)), _connector='OR'), name='generation_has_one_source'),
        ),
        migrations.RunSQL(FREEZE, migrations.RunSQL.noop),
    ]
