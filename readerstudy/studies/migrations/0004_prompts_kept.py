"""Prompt versions are append-only, and the arms' own columns for prompts go."""

from django.db import migrations, models

from readerstudy.audit.append_only import append_only

LOCKED = """
CREATE TRIGGER locked_protocol BEFORE INSERT ON studies_promptversion
    FOR EACH ROW EXECUTE FUNCTION refuse_locked_protocol();
ALTER TABLE studies_arm ENABLE TRIGGER locked_protocol;
"""
OPEN = "DROP TRIGGER locked_protocol ON studies_promptversion;"


class Migration(migrations.Migration):
    dependencies = [("studies", "0003_prompts"), ("audit", "0002_chain")]

    operations = [
        migrations.RemoveField(
            model_name='arm',
            name='system_prompt',
        ),
        migrations.RemoveField(model_name='arm', name='task'),
        migrations.AddConstraint(
            model_name='arm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'model'), _negated=True), models.Q(models.Q(('model', ''), _negated=True), models.Q(('connection', ''), _negated=True), ('prompt__isnull', False)), _connector='OR'), name='studies_a_model_arm_names_its_model'),
        ),
        migrations.AddConstraint(
            model_name='arm',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['model', 'human', 'imported'])), name='studies_known_arm_kind'),
        ),
        migrations.AddConstraint(
            model_name='arm',
            constraint=models.CheckConstraint(condition=models.Q(('input_condition__in', ['image_text', 'image', 'text', 'none'])), name='studies_known_input_condition'),
        ),
        migrations.AddConstraint(
            model_name='arm',
            constraint=models.CheckConstraint(condition=models.Q(('replicates__gte', 1), ('replicates__lte', 100)), name='studies_replicates_in_range'),
        ),
        append_only("studies_promptversion"),
        migrations.RunSQL(LOCKED, OPEN),
    ]
