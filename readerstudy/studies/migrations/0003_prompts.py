"""What models are told becomes rows of its own, in versions that never change."""

import hashlib
import json

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models




def move_prompts(apps, _schema):
    """Each arm's role and prompt become version 1 of a prompt that has the arm's name."""
    arms, versions = apps.get_model("studies", "Arm"), apps.get_model("studies", "PromptVersion")
    for arm in arms.objects.filter(kind="model").select_related("study"):
        document = {"role": arm.system_prompt, "task": arm.task}
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        arm.prompt = versions.objects.create(
            study=arm.study,
            name=arm.name,
            number=1,
            document=document,
            sha256=hashlib.sha256(canonical.encode()).hexdigest(),
            created_by_id=arm.study.created_by_id,
        )
        arm.save(update_fields=["prompt"])


# The arms of locked studies move as well; nothing that a model was told changes by it.
UNLOCK = "ALTER TABLE studies_arm DISABLE TRIGGER locked_protocol"
LOCK = "ALTER TABLE studies_arm ENABLE TRIGGER locked_protocol"


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0002_lock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PromptVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='prompt')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='what changed')),
                ('document', models.JSONField(help_text='The blocks, as `providers.prompts.Prompt` writes them.')),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'prompt version',
                'verbose_name_plural': 'prompt versions',
            },
        ),
        migrations.AddField(
            model_name='promptversion',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='promptversion',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='studies.promptversion'),
        ),
        migrations.AddField(
            model_name='promptversion',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prompt_versions', to='studies.study'),
        ),
        migrations.AddConstraint(
            model_name='promptversion',
            constraint=models.UniqueConstraint(fields=('study', 'name', 'number'), name='studies_prompt_versions_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='promptversion',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='studies_a_prompt_has_a_name'),
        ),
        migrations.RemoveConstraint(
            model_name='arm',
            name='studies_a_model_arm_names_its_model',
        ),
        migrations.RenameField('arm', 'prompt', 'task'),
        migrations.AddField(
            model_name='arm',
            name='prompt',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='arms', to='studies.promptversion', verbose_name='prompt'),
        ),
        migrations.AddField(
            model_name='arm',
            name='input_condition',
            field=models.CharField(choices=[('image_text', 'Images and clinical text'), ('image', 'Images alone'), ('text', 'Clinical text alone'), ('none', 'Neither: the prompt alone')], default='image_text', max_length=10, verbose_name='what the model is given'),
        ),
        migrations.AddField(
            model_name='arm',
            name='replicates',
            field=models.PositiveSmallIntegerField(default=1, help_text='Readers get the first; the others show how far the model agrees with itself.', verbose_name='outputs for each case'),
        ),
        migrations.AlterField(
            model_name='arm',
            name='kind',
            field=models.CharField(choices=[('model', 'A model that we call'), ('human', 'Texts written by people'), ('imported', 'Outputs made elsewhere')], default='model', max_length=10, verbose_name='source'),
        ),
        migrations.RunSQL(UNLOCK, migrations.RunSQL.noop),
        migrations.RunPython(move_prompts, migrations.RunPython.noop),
    ]
