"""Disagreements that were opened and how they were settled; reminders. The database guards who settles, and until when."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only


TABLES = ["reading_adjudicatedoutput", "reading_disputedquestion", "reading_settlement", "reading_reminder"]
GUARDS = """
-- Disagreements are settled once readers can have submitted something, and until the data are locked.
CREATE FUNCTION is_open_to_settlement(study bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT state IN ('running', 'paused', 'closed') FROM studies_study WHERE id = study
$$;
CREATE FUNCTION guard_adjudication() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plan record;
    person record;
BEGIN
    SELECT study_id, is_pilot INTO plan FROM reading_allocationplan WHERE id = NEW.plan_id;
    IF plan.is_pilot OR NOT is_open_to_settlement(plan.study_id) THEN
        RAISE EXCEPTION 'this study is not open for settlements' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT user_id, role, study_id INTO person FROM studies_membership WHERE id = NEW.adjudicator_id;
    IF person.role <> 'adjudicator' OR person.study_id <> plan.study_id THEN
        RAISE EXCEPTION 'only an adjudicator of the study settles' USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (
        SELECT FROM reading_allocation a JOIN studies_membership m ON m.id = a.seat_id
        WHERE a.plan_id = NEW.plan_id AND a.case_id = NEW.case_id AND m.user_id = person.user_id
    ) THEN
        RAISE EXCEPTION 'whoever reads a case does not settle it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_adjudication BEFORE INSERT ON reading_adjudication
    FOR EACH ROW EXECUTE FUNCTION guard_adjudication();
-- An adjudication changes once: when it ends.
CREATE FUNCTION end_adjudication_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
       AND to_jsonb(NEW) - ARRAY['ended_at', 'ending', 'ended_by_id', 'reason', 'active_seconds', 'client']
         = to_jsonb(OLD) - ARRAY['ended_at', 'ending', 'ended_by_id', 'reason', 'active_seconds', 'client']
       AND is_open_to_settlement((SELECT study_id FROM reading_allocationplan WHERE id = OLD.plan_id)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an adjudication changes only when it ends' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER end_adjudication_once BEFORE UPDATE OR DELETE ON reading_adjudication
    FOR EACH ROW EXECUTE FUNCTION end_adjudication_once();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON reading_adjudication
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION guard_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM reading_adjudication d JOIN reading_allocationplan p ON p.id = d.plan_id
        WHERE d.id = NEW.adjudication_id AND d.ended_at IS NULL AND is_open_to_settlement(p.study_id)
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'this adjudication takes no settlement any more' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER guard_settlement BEFORE INSERT ON reading_settlement
    FOR EACH ROW EXECUTE FUNCTION guard_settlement();
"""
GUARDS_BEFORE = """
DROP TRIGGER guard_settlement ON reading_settlement;
DROP FUNCTION guard_settlement();
DROP TRIGGER append_only_whole ON reading_adjudication;
DROP TRIGGER end_adjudication_once ON reading_adjudication;
DROP FUNCTION end_adjudication_once();
DROP TRIGGER guard_adjudication ON reading_adjudication;
DROP FUNCTION guard_adjudication();
DROP FUNCTION is_open_to_settlement(bigint);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0005_practice'),
        ('generation', '0011_places'),
        ('reading', '0007_loss'),
        ('studies', '0010_protocol'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Adjudication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('screen', models.CharField(max_length=200)),
                ('arms', models.JSONField(help_text='The arms in the order of the study, by primary key.')),
                ('shows_readings', models.BooleanField(help_text='Whether the adjudicator sees what the readers said.')),
                ('asks_more', models.BooleanField(default=False)),
                ('key', models.CharField(help_text='Names it in addresses; tells nothing.', max_length=32, unique=True)),
                ('case_key', models.CharField(help_text="Names the case's images for this adjudicator alone.", max_length=32)),
                ('protocol_version', models.PositiveIntegerField()),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ending', models.CharField(blank=True, choices=[('settled', 'settled'), ('closed', 'closed without a settlement'), ('reassigned', 'given to somebody else')], max_length=10)),
                ('reason', models.TextField(blank=True, help_text='Why it was closed or given to somebody else.')),
                ('active_seconds', models.FloatField(help_text='As the browser counted them.', null=True)),
                ('client', models.JSONField(default=dict, help_text="The browser's own clock.")),
                ('adjudicator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjudications', to='studies.membership')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjudications', to='reading.allocationplan')),
            ],
            options={
                'verbose_name': 'adjudication',
                'verbose_name_plural': 'adjudications',
            },
        ),
        migrations.CreateModel(
            name='AdjudicatedOutput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('letter', models.CharField(max_length=1)),
                ('side', models.PositiveSmallIntegerField()),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.arm')),
                ('interpretation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generation.interpretation')),
                ('adjudication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outputs', to='reading.adjudication')),
            ],
            options={
                'verbose_name': 'adjudicated output',
                'verbose_name_plural': 'adjudicated outputs',
            },
        ),
        migrations.CreateModel(
            name='DisputedQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(blank=True, max_length=60)),
                ('trigger', models.CharField(max_length=10)),
                ('readers', models.JSONField(help_text='The memberships whose answers were compared, by primary key.')),
                ('adjudication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputed', to='reading.adjudication')),
                ('arm', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.arm')),
                ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.criterion')),
            ],
            options={
                'verbose_name': 'disputed question',
                'verbose_name_plural': 'disputed questions',
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('left', models.PositiveIntegerField(help_text='How many cases were unread then.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seat', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='studies.membership')),
            ],
            options={
                'verbose_name': 'reminder',
                'verbose_name_plural': 'reminders',
            },
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(db_index=False, max_length=40)),
                ('part', models.CharField(blank=True, max_length=60)),
                ('token', models.UUIDField(unique=True)),
                ('value', models.TextField(blank=True)),
                ('score', models.FloatField(null=True)),
                ('cannot_judge', models.BooleanField(default=False)),
                ('reason', models.TextField(blank=True)),
                ('protocol_version', models.PositiveIntegerField()),
                ('client', models.JSONField(default=dict, help_text="The browser's own clock, screen, window and zoom.")),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('adjudication', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='reading.adjudication')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('criterion', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.criterion')),
                ('output', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reading.adjudicatedoutput')),
            ],
            options={
                'verbose_name': 'settlement',
                'verbose_name_plural': 'settlements',
            },
        ),
        migrations.AddConstraint(
            model_name='adjudication',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('plan', 'case', 'screen'), name='reading_one_open_adjudication_per_screen'),
        ),
        migrations.AddConstraint(
            model_name='adjudication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None), ('ending', '')), models.Q(('ended_at__gte', models.F('opened_at')), ('ended_by__isnull', False), ('ending__in', ['settled', 'closed', 'reassigned'])), _connector='OR'), name='reading_an_end_has_time_kind_and_person'),
        ),
        migrations.AddConstraint(
            model_name='adjudication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ending__in', ['closed', 'reassigned']), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='reading_an_unsettled_end_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='adjudicatedoutput',
            constraint=models.UniqueConstraint(fields=('adjudication', 'letter'), name='reading_adjudicated_letters_differ'),
        ),
        migrations.AddConstraint(
            model_name='adjudicatedoutput',
            constraint=models.UniqueConstraint(fields=('adjudication', 'side'), name='reading_adjudicated_sides_differ'),
        ),
        migrations.AddConstraint(
            model_name='adjudicatedoutput',
            constraint=models.UniqueConstraint(fields=('adjudication', 'arm'), name='reading_adjudicated_arms_differ'),
        ),
        migrations.AddConstraint(
            model_name='disputedquestion',
            constraint=models.UniqueConstraint(fields=('adjudication', 'criterion', 'arm', 'part'), name='reading_disputed_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(fields=['adjudication', 'key', 'output', 'part'], name='reading_settlements_of_one'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('cannot_judge', False), models.Q(('score', None), ('value', '')), _connector='OR'), name='reading_settled_cannot_judge_no_value'),
        ),
        *(append_only(table) for table in TABLES),
        migrations.RunSQL(GUARDS, GUARDS_BEFORE),
    ]
