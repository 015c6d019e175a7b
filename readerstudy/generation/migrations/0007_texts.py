"""Texts as readers see them, approvals of arms, the choice of what people confirm, and frozen sets."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only

# Texts, redactions, rules, approvals and frozen sets belong to the protocol: nothing is added once it is locked.
LOCK = """
CREATE FUNCTION refuse_text_of_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    study bigint;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'generation_armapproval' THEN
            SELECT study_id INTO study FROM studies_arm WHERE id = NEW.arm_id;
        WHEN 'generation_frozenoutput' THEN
            SELECT study_id INTO study FROM generation_frozenset WHERE id = NEW.frozen_set_id;
        WHEN 'generation_textrules', 'generation_frozenset', 'generation_sampling' THEN
            study := NEW.study_id;
        ELSE
            SELECT study_of_generation(generation_id) INTO study FROM generation_interpretation
                WHERE id = NEW.interpretation_id;
    END CASE;
    IF NOT study_is_open(study) THEN
        RAISE EXCEPTION 'the outputs of this study are locked: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
LOCKED = ("textrules", "redaction", "showntext", "armapproval", "frozenset", "frozenoutput", "sampling")
APPEND_ONLY = ("textrules", "redaction", "showntext", "armapproval", "frozenset", "frozenoutput")

# What a frozen set names does not change any more: no new verdict, text, call or import for it. A call that was made
# for it before and whose reply is not used may still be entered, because that is what it cost and no part of the set.
FREEZE = """
CREATE FUNCTION refuse_change_of_frozen_output() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(NEW);
    found boolean;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'generation_generation', 'generation_recordedoutput' THEN
            found := EXISTS (SELECT 1 FROM generation_frozenoutput WHERE case_id = NEW.case_id
                AND arm_id = NEW.arm_id AND replicate = COALESCE((changed->>'replicate')::int, 1));
        WHEN 'generation_attempt' THEN
            IF TG_OP = 'INSERT' THEN
                found := EXISTS (SELECT 1 FROM generation_generation row JOIN generation_frozenoutput frozen
                    ON (frozen.case_id, frozen.arm_id, frozen.replicate) = (row.case_id, row.arm_id, row.replicate)
                    WHERE row.id = NEW.generation_id);
            ELSE
                found := EXISTS (SELECT 1 FROM generation_interpretation text JOIN generation_frozenoutput frozen
                    ON frozen.interpretation_id = text.id WHERE text.attempt_id = OLD.id);
            END IF;
        WHEN 'generation_interpretation' THEN
            found := EXISTS (SELECT 1 FROM generation_generation row JOIN generation_frozenoutput frozen
                ON (frozen.case_id, frozen.arm_id, frozen.replicate) = (row.case_id, row.arm_id, row.replicate)
                WHERE row.id = NEW.generation_id);
        ELSE
            found := EXISTS (SELECT 1 FROM generation_frozenoutput
                WHERE interpretation_id = (changed->>'interpretation_id')::bigint);
    END CASE;
    IF found THEN
        RAISE EXCEPTION 'this output is frozen: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
FROZEN_ON_INSERT = ("interpretation", "refusalverdict", "showntext", "redaction", "extraction")
FROZEN_ON_EITHER = ("generation", "attempt", "recordedoutput")


def _triggers():
    for table in LOCKED:
        yield table, "locked_texts", "INSERT OR UPDATE", "refuse_text_of_locked_study"
    for table in FROZEN_ON_INSERT:
        yield table, "frozen_outputs", "INSERT", "refuse_change_of_frozen_output"
    for table in FROZEN_ON_EITHER:
        yield table, "frozen_outputs", "INSERT OR UPDATE", "refuse_change_of_frozen_output"


SET = LOCK + FREEZE + "".join(
    f"CREATE TRIGGER {name} BEFORE {when} ON generation_{table} FOR EACH ROW EXECUTE FUNCTION {function}();\n"
    for table, name, when, function in _triggers()
)
UNSET = "".join(f"DROP TRIGGER {name} ON generation_{table};\n" for table, name, _when, _function in _triggers()) + (
    "DROP FUNCTION refuse_change_of_frozen_output();\nDROP FUNCTION refuse_text_of_locked_study();\n"
)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_purpose"),
        ("generation", "0006_prompts"),
        ("studies", "0004_prompts_kept"),
        ("audit", "0002_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FrozenSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('manifest', models.TextField(help_text='Canonical JSON: sorted keys, no spaces.')),
                ('sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='frozen_sets', to='studies.study')),
            ],
            options={
                'verbose_name': 'frozen set',
                'verbose_name_plural': 'frozen sets',
            },
        ),
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=400)),
                ('hides', models.BooleanField(default=True)),
                ('reason', models.CharField(max_length=200)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('interpretation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='generation.interpretation')),
            ],
            options={
                'verbose_name': 'redaction',
                'verbose_name_plural': 'redactions',
            },
        ),
        migrations.CreateModel(
            name='Sampling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share', models.PositiveSmallIntegerField(default=10, verbose_name='share of the outputs that were not flagged, in percent')),
                ('fewest', models.PositiveIntegerField(default=20, verbose_name='but at least this many')),
                ('people', models.PositiveSmallIntegerField(default=1, help_text='With two, each without seeing the other’s verdict, their agreement is reported too.', verbose_name='people who judge each output')),
                ('telling', models.CharField(choices=[('nothing', 'Nothing: the text alone'), ('span', 'The words it rests on, marked in the text'), ('verdict', 'The words and the verdict')], default='span', max_length=8, verbose_name='beside the text')),
                ('study', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='sampling', to='studies.study')),
            ],
            options={
                'verbose_name': 'confirmation of verdicts',
                'verbose_name_plural': 'confirmations of verdicts',
            },
        ),
        migrations.CreateModel(
            name='ShownText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField(blank=True)),
                ('sha256', models.CharField(max_length=64)),
                ('rules', models.PositiveIntegerField(help_text="Number of the study's rules; 0 for the usual ones.")),
                ('redacted', models.PositiveIntegerField(default=0, help_text='Phrases taken out by hand.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('interpretation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shown_texts', to='generation.interpretation')),
            ],
            options={
                'verbose_name': 'shown text',
                'verbose_name_plural': 'shown texts',
            },
        ),
        migrations.CreateModel(
            name='FrozenOutput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('replicate', models.PositiveSmallIntegerField()),
                ('line', models.TextField(help_text='Its line of the manifest, in canonical JSON.')),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='studies.arm')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('interpretation', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='frozen', to='generation.interpretation')),
                ('verdict', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generation.refusalverdict')),
                ('frozen_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outputs', to='generation.frozenset')),
                ('shown', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generation.showntext')),
            ],
            options={
                'verbose_name': 'frozen output',
                'verbose_name_plural': 'frozen outputs',
            },
        ),
        migrations.CreateModel(
            name='TextRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('document', models.JSONField(help_text='The switches, as `providers.texts.Rules` writes them.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='text_rules', to='studies.study')),
            ],
            options={
                'verbose_name': 'rules for texts',
                'verbose_name_plural': 'rules for texts',
            },
        ),
        migrations.CreateModel(
            name='ArmApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(help_text='Of the rules, the names, the texts and what was taken out by hand.', max_length=64)),
                ('texts', models.PositiveIntegerField()),
                ('telling', models.PositiveIntegerField(help_text='Names and self-descriptions that stayed in the shown texts.')),
                ('reason', models.CharField(blank=True, help_text='Why they may stay.', max_length=400)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='text_approvals', to='studies.arm')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': "approval of an arm's texts",
                'verbose_name_plural': "approvals of arms' texts",
                'constraints': [models.CheckConstraint(condition=models.Q(('telling', 0), models.Q(('reason', ''), _negated=True), _connector='OR'), name='generation_what_stays_has_a_reason')],
            },
        ),
        migrations.AddConstraint(
            model_name='frozenset',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='generation_frozen_sets_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='redaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('words', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='generation_a_redaction_has_words_and_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='sampling',
            constraint=models.CheckConstraint(condition=models.Q(('share__lte', 100)), name='generation_share_in_percent'),
        ),
        migrations.AddConstraint(
            model_name='sampling',
            constraint=models.CheckConstraint(condition=models.Q(('people__gte', 1), ('people__lte', 2)), name='generation_one_or_two_people'),
        ),
        migrations.AddConstraint(
            model_name='sampling',
            constraint=models.CheckConstraint(condition=models.Q(('telling__in', ['nothing', 'span', 'verdict'])), name='generation_known_telling'),
        ),
        migrations.AddConstraint(
            model_name='showntext',
            constraint=models.UniqueConstraint(fields=('interpretation', 'version'), name='generation_shown_texts_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='frozenoutput',
            constraint=models.UniqueConstraint(fields=('case', 'arm', 'replicate'), name='generation_an_output_is_frozen_once'),
        ),
        migrations.AddConstraint(
            model_name='frozenoutput',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('interpretation', None), ('shown', None), ('verdict', None)), models.Q(('interpretation__isnull', False), ('shown__isnull', False), ('verdict__isnull', False)), _connector='OR'), name='generation_frozen_whole_or_missing'),
        ),
        migrations.AddConstraint(
            model_name='textrules',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='generation_text_rules_are_numbered'),
        ),
        *[append_only(f"generation_{table}") for table in APPEND_ONLY],
        migrations.RunSQL(SET, UNSET),
    ]
