"""All kinds of criteria, and what they apply to."""

from django.db import migrations, models
from django.db.models import Deferrable, Q

KINDS = [
    ("yes_no", "Yes or no"),
    ("single_choice", "One of several options"),
    ("multiple_choice", "Any of several options"),
    ("likert", "Scale with worded anchors"),
    ("comparative", "Comparison of two texts"),
    ("ranking", "Ranking"),
    ("integer", "Whole number"),
    ("number", "Number"),
    ("visual_analogue", "Slider from 0 to 100"),
    ("confidence", "Confidence"),
    ("free_text", "Free text"),
    ("text_span", "Marks in the text"),
    ("grid", "Grid of findings, sentences or steps"),
    ("box", "Boxes on the image"),
    ("point", "Points on the image"),
    ("length", "Length on the image"),
    ("polygon", "Outlines on the image"),
    ("edit", "Correction of the text"),
    ("quality_gate", "Image quality gate"),
]
SCOPES = [
    ("output", "Each text"),
    ("case", "The case"),
    ("pair", "The two texts together"),
    ("finding", "Each finding of a text"),
    ("sentence", "Each sentence of a text"),
    ("step", "Each step of a text"),
]
STAGES = [("", "At any time"), ("before", "Before the text is revealed"), ("after", "After the text is revealed")]
PHASES = [("main", "With every case"), ("exit", "After the last case")]

# What lies inside the lists. Rows of studies that were locked before are left as they are, hence NOT VALID.
LISTS = """
ALTER TABLE studies_criterion ADD CONSTRAINT studies_criterion_options_fit_kind CHECK (
    CASE
        WHEN jsonb_typeof(options) <> 'array' OR jsonb_typeof("when") <> 'array' THEN false
        WHEN kind IN ('yes_no', 'single_choice', 'multiple_choice', 'likert', 'comparative', 'text_span', 'grid',
                      'quality_gate') THEN jsonb_array_length(options) BETWEEN 2 AND 30
        WHEN kind IN ('confidence', 'ranking') THEN jsonb_array_length(options) <> 1
        ELSE jsonb_array_length(options) = 0
    END
) NOT VALID;
ALTER TABLE studies_criterion ADD CONSTRAINT studies_criterion_bins_are_options CHECK (
    CASE
        WHEN jsonb_typeof(options) <> 'array' OR jsonb_typeof(acceptable) <> 'array'
            OR jsonb_typeof(high_quality) <> 'array' THEN false
        WHEN jsonb_array_length(options) = 0
            THEN jsonb_array_length(acceptable) = 0 AND jsonb_array_length(high_quality) <= 1
        ELSE acceptable <@ jsonb_path_query_array(options, '$[*].value')
            AND high_quality <@ jsonb_path_query_array(options, '$[*].value')
    END
) NOT VALID;
ALTER TABLE studies_criterion ADD CONSTRAINT studies_criterion_bounds_fit_kind CHECK (
    (minimum IS NULL AND maximum IS NULL AND unit = '')
    OR kind IN ('integer', 'number', 'visual_analogue', 'length')
    OR (kind = 'confidence' AND unit = '')
) NOT VALID;
"""
NO_LISTS = """
ALTER TABLE studies_criterion DROP CONSTRAINT studies_criterion_bounds_fit_kind;
ALTER TABLE studies_criterion DROP CONSTRAINT studies_criterion_bins_are_options;
ALTER TABLE studies_criterion DROP CONSTRAINT studies_criterion_options_fit_kind;
"""


def name_acceptable_options(apps, _schema):
    """Where a cut on a scale was given, the options beyond it are now named as well; locked protocols stay."""
    criteria = apps.get_model("studies", "Criterion").objects
    found = criteria.filter(
        rubric__study__state__in=("draft", "pilot"), kind__in=("likert", "yes_no"), acceptable_from__isnull=False
    )
    for criterion in found:
        cut, values = criterion.acceptable_from, [option["value"] for option in criterion.options]
        lower = criterion.direction == "lower"
        good = [value for value in values if (float(value) <= cut if lower else float(value) >= cut)]
        criteria.filter(pk=criterion.pk).update(acceptable=good)


class Migration(migrations.Migration):
    dependencies = [("studies", "0007_design")]
    operations = [
        migrations.AlterField(
            "criterion",
            "kind",
            models.CharField(choices=KINDS, default="likert", max_length=16, verbose_name="kind"),
        ),
        migrations.AlterField("criterion", "question", models.CharField(max_length=300, verbose_name="question")),
        migrations.AlterField(
            "criterion", "help", models.CharField(blank=True, max_length=1000, verbose_name="explanation")
        ),
        migrations.AddField(
            "criterion",
            "phase",
            models.CharField(choices=PHASES, default="main", max_length=4, verbose_name="asked"),
        ),
        migrations.AddField(
            "criterion",
            "applies_to",
            models.CharField(choices=SCOPES, default="output", max_length=8, verbose_name="asked about"),
        ),
        migrations.AddField(
            "criterion",
            "stage",
            models.CharField(blank=True, choices=STAGES, default="", max_length=6, verbose_name="stage"),
        ),
        migrations.AddField(
            "criterion",
            "shuffled",
            models.BooleanField(
                default=False,
                help_text="Each reader gets them in an order of their own.",
                verbose_name="shuffle the options",
            ),
        ),
        migrations.AddField("criterion", "acceptable", models.JSONField(blank=True, default=list)),
        migrations.AddField("criterion", "high_quality", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "criterion", "asks_reason", models.BooleanField(default=False, verbose_name="ask why")
        ),
        migrations.AddField("criterion", "when", models.JSONField(blank=True, default=list)),
        migrations.RemoveConstraint("criterion", "studies_one_criterion_per_position"),
        migrations.RemoveConstraint("criterion", "studies_criterion_keys_differ"),
        migrations.AddConstraint(
            "criterion",
            models.UniqueConstraint(
                fields=["rubric", "phase", "position"],
                name="studies_one_criterion_per_position",
                deferrable=Deferrable.DEFERRED,
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.UniqueConstraint(fields=["rubric", "phase", "key"], name="studies_criterion_keys_differ"),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=Q(kind__in=[kind for kind, _label in KINDS]), name="studies_criterion_kind_known"
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=Q(
                    phase__in=["main", "exit"],
                    applies_to__in=[scope for scope, _label in SCOPES],
                    stage__in=["", "before", "after"],
                ),
                name="studies_criterion_place_known",
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=Q(phase="main") | Q(applies_to="case", stage=""), name="studies_exit_criterion_of_case"
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=~Q(stage="before") | Q(applies_to="case"), name="studies_unaided_criterion_of_case"
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=~Q(kind="comparative") | Q(applies_to="pair"), name="studies_comparison_of_a_pair"
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=~Q(kind="grid") | Q(applies_to__in=("finding", "sentence", "step")),
                name="studies_grid_of_parts",
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=~Q(kind="quality_gate") | Q(applies_to="case"), name="studies_quality_gate_of_case"
            ),
        ),
        migrations.AddConstraint(
            "criterion",
            models.CheckConstraint(
                condition=Q(asks_reason=False) | Q(allows_cannot_judge=True),
                name="studies_reason_only_if_cannot_judge",
            ),
        ),
        migrations.RunSQL(LISTS, NO_LISTS),
        migrations.RunPython(name_acceptable_options, migrations.RunPython.noop),
    ]
