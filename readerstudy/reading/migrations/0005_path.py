"""A reader's path around the cases: signatures, profile, tutorial, practice, pauses, the questions at the end."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only

TABLES = [
    "reading_readersignature",
    "reading_background",
    "reading_passage",
    "reading_practiceattempt",
    "reading_practiceround",
    "reading_practicegrant",
    "reading_exitevent",
]


class Migration(migrations.Migration):

    dependencies = [
        ('reading', '0004_plans'),
        ('audit', '0002_chain'),
        ('studies', '0010_protocol'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='paused_at',
            field=models.DateTimeField(help_text='When a pause was last offered in this sitting.', null=True),
        ),
        migrations.CreateModel(
            name='Background',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answers', models.JSONField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='backgrounds', to='studies.membership')),
            ],
            options={
                'verbose_name': 'background',
                'verbose_name_plural': 'backgrounds',
            },
        ),
        migrations.CreateModel(
            name='ExitEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(unique=True)),
                ('value', models.TextField(blank=True)),
                ('score', models.FloatField(null=True)),
                ('cannot_judge', models.BooleanField(default=False)),
                ('reason', models.TextField(blank=True)),
                ('protocol_version', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.criterion')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exit_events', to='reading.allocationplan')),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exit_events', to='studies.membership')),
            ],
            options={
                'verbose_name': 'answer after the last case',
                'verbose_name_plural': 'answers after the last case',
                'constraints': [models.CheckConstraint(condition=models.Q(('cannot_judge', False), models.Q(('score', None), ('value', '')), _connector='OR'), name='reading_exit_cannot_judge_has_no_value')],
            },
        ),
        migrations.CreateModel(
            name='Passage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('tutorial', 'tutorial'), ('exit', 'questions after the last case')], max_length=10)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='passages', to='reading.allocationplan')),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='passages', to='studies.membership')),
            ],
            options={
                'verbose_name': 'passage',
                'verbose_name_plural': 'passages',
                'constraints': [models.UniqueConstraint(fields=('plan', 'seat', 'part'), name='reading_passed_once'), models.CheckConstraint(condition=models.Q(('part__in', ['tutorial', 'exit'])), name='reading_known_part_of_the_path')],
            },
        ),
        migrations.CreateModel(
            name='PracticeAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='Of the round that it belongs to, from 1.')),
                ('shown_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField()),
                ('active_seconds', models.FloatField(null=True)),
                ('answers', models.JSONField()),
                ('agreed', models.PositiveIntegerField()),
                ('compared', models.PositiveIntegerField()),
                ('allocation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='reading.allocation')),
            ],
            options={
                'verbose_name': 'practice attempt',
                'verbose_name_plural': 'practice attempts',
                'constraints': [models.UniqueConstraint(fields=('allocation', 'number'), name='reading_attempts_are_numbered'), models.CheckConstraint(condition=models.Q(('agreed__lte', models.F('compared')), ('number__gte', 1)), name='reading_no_more_agree_than_are_compared')],
            },
        ),
        migrations.CreateModel(
            name='PracticeGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='The round after which it was allowed.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reading.allocationplan')),
                ('seat', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='practice_grants', to='studies.membership')),
            ],
            options={
                'verbose_name': 'grant of practice',
                'verbose_name_plural': 'grants of practice',
                'constraints': [models.UniqueConstraint(fields=('seat', 'plan', 'number'), name='reading_one_grant_per_round')],
            },
        ),
        migrations.CreateModel(
            name='PracticeRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('agreed', models.PositiveIntegerField()),
                ('compared', models.PositiveIntegerField()),
                ('pass_mark', models.FloatField(null=True)),
                ('is_passed', models.BooleanField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='practice_rounds', to='reading.allocationplan')),
                ('seat', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='practice_rounds', to='studies.membership')),
            ],
            options={
                'verbose_name': 'practice round',
                'verbose_name_plural': 'practice rounds',
                'constraints': [models.UniqueConstraint(fields=('seat', 'plan', 'number'), name='reading_rounds_are_numbered'), models.CheckConstraint(condition=models.Q(('agreed__lte', models.F('compared')), ('number__gte', 1)), name='reading_rounds_agree_in_no_more_than_all')],
            },
        ),
        migrations.CreateModel(
            name='ReaderSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('consent', 'consent'), ('completion', 'completion of the readings')], max_length=10)),
                ('printed_name', models.CharField(max_length=120)),
                ('text', models.TextField()),
                ('text_sha256', models.CharField(max_length=64)),
                ('protocol_version', models.PositiveIntegerField()),
                ('with_password', models.BooleanField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('digest', models.CharField(max_length=64)),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reader_signatures', to='studies.membership')),
            ],
            options={
                'verbose_name': "reader's signature",
                'verbose_name_plural': "readers' signatures",
                'constraints': [models.CheckConstraint(condition=models.Q(('act__in', ['consent', 'completion'])), name='reading_known_act_of_a_reader'), models.CheckConstraint(condition=models.Q(models.Q(('printed_name', ''), _negated=True), models.Q(('text', ''), _negated=True)), name='reading_a_signature_has_a_name_and_a_text'), models.UniqueConstraint(condition=models.Q(('act', 'completion')), fields=('seat',), name='reading_completed_once')],
            },
        ),
        *(append_only(table) for table in TABLES),
    ]
