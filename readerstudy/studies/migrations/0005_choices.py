"""Patient data, refusals that count as the worst, boxes for readers, and people who write texts."""

from django.db import migrations, models

# As in 0002, with the choices that came later.
FREEZE = """
CREATE OR REPLACE FUNCTION refuse_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.locked_at IS NOT NULL AND (
        (NEW.title, NEW.question, NEW.instructions, NEW.consent_text, NEW.refusal_policy, NEW.positive_label, NEW.seed,
         NEW.protocol_version, NEW.manifest_sha256, NEW.locked_at, NEW.contains_patient_data, NEW.show_boxes)
        IS DISTINCT FROM
        (OLD.title, OLD.question, OLD.instructions, OLD.consent_text, OLD.refusal_policy, OLD.positive_label, OLD.seed,
         OLD.protocol_version, OLD.manifest_sha256, OLD.locked_at, OLD.contains_patient_data, OLD.show_boxes)
    ) THEN
        RAISE EXCEPTION 'the protocol of this study is locked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
THAW = """
CREATE OR REPLACE FUNCTION refuse_locked_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.locked_at IS NOT NULL AND (
        (NEW.title, NEW.question, NEW.instructions, NEW.consent_text, NEW.refusal_policy, NEW.positive_label, NEW.seed,
         NEW.protocol_version, NEW.manifest_sha256, NEW.locked_at)
        IS DISTINCT FROM
        (OLD.title, OLD.question, OLD.instructions, OLD.consent_text, OLD.refusal_policy, OLD.positive_label, OLD.seed,
         OLD.protocol_version, OLD.manifest_sha256, OLD.locked_at)
    ) THEN
        RAISE EXCEPTION 'the protocol of this study is locked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def mark_demos(apps, _schema):
    """The images of demo studies are synthetic."""
    apps.get_model("studies", "Study").objects.filter(is_demo=True).update(contains_patient_data=False)


class Migration(migrations.Migration):
    dependencies = [("studies", "0004_prompts_kept")]
    operations = [
        migrations.AddField(
            model_name="study",
            name="contains_patient_data",
            field=models.BooleanField(
                default=True,
                help_text="Then nothing is sent to a provider before its card allows it. Take the tick away only "
                "where images and texts are synthetic or public.",
                verbose_name="This study contains patient data",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="show_boxes",
            field=models.BooleanField(
                default=False,
                help_text="Boxes are drawn over the image for one text at a time, and nothing names their source.",
                verbose_name="Readers can show the boxes that a text’s source drew",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="refusal_policy",
            field=models.CharField(
                choices=[
                    ("shown", "Readers see refusals like any other output"),
                    ("hidden", "Readers do not see refusals; they count as not acceptable"),
                    ("worst", "Readers do not see refusals; each is scored as the worst of every scale"),
                ],
                default="shown",
                max_length=10,
                verbose_name="refusals",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("coordinator", "Coordinator"),
                    ("reader", "Reader"),
                    ("researcher", "Researcher"),
                    ("adjudicator", "Adjudicator"),
                    ("writer", "Writer of texts"),
                ],
                max_length=12,
                verbose_name="role",
            ),
        ),
        migrations.RunPython(mark_demos, migrations.RunPython.noop),
        migrations.RunSQL(FREEZE, THAW),
    ]
