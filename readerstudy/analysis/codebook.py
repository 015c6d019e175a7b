"""The codebook of the long table: what every column means, in which unit, how it is coded, which values occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from readerstudy.analysis import cells
from readerstudy.generation.models import DECLINED, Verdict
from readerstudy.studies.models import Criterion, Direction, Kind

if TYPE_CHECKING:
    from readerstudy.analysis.table import LongTable

HEADER = ("column", "applies_to", "meaning", "unit", "coding", "values")
YES = "1 = yes, 0 = no"
YES_OR_BLANK = "1 = yes, 0 = no, empty = does not apply"


@dataclass(frozen=True)
class Column:
    """One column of the long table."""

    name: str
    meaning: str
    coding: str = "text"
    unit: str = ""


COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("reader", "The reader's pseudonym.", "R and the number of the reader's seat"),
    Column("case", "The case, by its code."),
    Column("arm", "The arm that the rated output comes from; empty for questions about the case or a pair."),
    Column("criterion", "The question that was answered, by its short name."),
    Column("kind", "The kind of the question.", ", ".join(Kind.values)),
    Column(
        "repeat",
        "Which presentation of this output to this reader it was.",
        "1 = first, 2 = second …",
        "count",
    ),
    Column(
        "part",
        "The piece of the text that was judged, for questions about pieces; only pieces that were rated have rows.",
        "s and the number of a sentence, f of a finding, t of a step; empty = the whole",
    ),
    Column(
        "value",
        "The rating that stands; empty where none was given, it was withdrawn, or could not be judged.",
    ),
    Column("score", "The rating as a number, for questions of which a mean makes sense.", "number"),
    Column(
        "scored",
        "Who gave the value. Where the protocol scores hidden refusals as the worst, the value is the bad end of the "
        "scale, for each reader with ratings on this question, and no reader gave it; questions whose scale has no bad "
        "end get none.",
        "reader, rule, empty = there is no value",
    ),
    Column(
        "acceptable",
        "Whether the score, or the choice, is one that the protocol declares acceptable.",
        YES_OR_BLANK,
    ),
    Column(
        "acceptable_as_intended",
        "As acceptable, but a refused output counts as not acceptable: one that was shown for each reader who read it, "
        "one that was hidden for each reader with ratings on this question. The mean of this column within an arm is "
        "the report's share acceptable as intended.",
        YES_OR_BLANK,
    ),
    Column("cannot_judge", "Whether the reader chose “cannot judge”; such a rating counts as missing.", YES),
    Column("reason", "Why it cannot be judged, where the reader said so."),
    Column(
        "refusal_verdict",
        "What kind of response the output is; a person's verdict wins over the rules'.",
        ", ".join(Verdict.values),
    ),
    Column(
        "declined", "Whether the output counts as a refusal.", f"{YES}; yes for {', '.join(sorted(DECLINED))}"
    ),
    Column(
        "shown",
        "Whether the output was shown to this reader.",
        f"{YES} (hidden as a refusal by the protocol)",
    ),
    Column("letter", "The letter under which the reader saw the output; empty where it was not shown."),
    Column("position", "The place of the presentation in this reader's order.", "from 1", "count"),
    Column("period", "The period of the presentation.", "from 1", "count"),
    Column("submitted", "Whether the reader has submitted this presentation.", YES),
    Column("rated_at", "When the rating that stands was stored.", "ISO 8601, UTC", "date and time"),
    Column(
        "events",
        "How many rating events lie behind the rating, the first one and every change.",
        "number",
        "count",
    ),
    Column("protocol_version", "The version of the protocol under which the rating was given.", "from 1"),
    Column("reader_specialty", "The reader's specialty, as the reader gave it."),
    Column("reader_years", "The reader's years of experience in it.", "number", "years"),
    Column("reader_simulated", "Whether the reader is simulated, so that the rating is no doctor's.", YES),
    Column("output_simulated", "Whether the output is simulated, so that no real model wrote it.", YES),
    Column("output_recorded", "Whether the output was made elsewhere and imported.", YES),
    Column(
        "reference",
        "The reference label of the case; empty where there is none, or where the reference is a longer text.",
    ),
)
OUTPUT_COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("case", "The case, by its code."),
    Column("arm", "The arm that the output comes from."),
    Column("replicate", "Which output of this arm on this case; readers get the first.", "1, 2 …", "count"),
    Column(
        "refusal_verdict",
        "What kind of response it is; a person's verdict wins over the rules'.",
        ", ".join(Verdict.values),
    ),
    Column("declined", "Whether it counts as a refusal.", YES),
    Column(
        "verdict_signal",
        "What the verdict rests on: a vendor's field, a rule's name, or a person; empty while the study is blinded.",
    ),
    Column("verdict_by_person", "Whether a person gave the verdict that stands.", YES),
    Column(
        "form",
        "Whether the reply has the form that its prompt asked for.",
        "valid, repaired = within other text, invalid, none = no form was asked for",
    ),
    Column("label", "The label that the output itself gave, in the spelling of the prompt's levels."),
    Column("confidence", "How sure the output says it is.", "0 to 1"),
    Column(
        "boxes",
        "The boxes that the output gave, as JSON: slot, frame, x, y, width, height, label; the numbers are shares of "
        "the image's width and height, x and y of the upper left corner.",
        "JSON list, empty = none",
    ),
    Column("text_sha256", "SHA-256 of the text as it came."),
    Column("served_model", "The model that answered, as the provider or the imported file named it."),
    Column(
        "seconds", "How long the call took; empty in batches and for what was made elsewhere.", "number", "s"
    ),
    Column("output_simulated", "Whether the output is simulated, so that no real model wrote it.", YES),
    Column("source", "How the arm's outputs come about.", "model, human, imported"),
    Column(
        "label_read",
        "The label that the report counts for this output, in the spelling of the reference standard: the one above or "
        "what was read out of the text; empty where it names none of the reference labels.",
    ),
)
OUTPUTS_FILE = "outputs.csv"
CONVENTIONS = (
    "UTF-8, commas, quotes after RFC 4180. One row for each reader, case, arm, question and repeat, planned readings "
    "without a rating included. An empty cell is missing or does not apply. " + cells.RULE
)


def rows(table: LongTable) -> list[tuple[str, ...]]:
    """The codebook's rows: the long table, its questions and strata, and the table of outputs."""
    criteria = list(table.criteria.values())
    return [
        ("(all columns)", "", "How the table is written.", "", CONVENTIONS, ""),
        *((column.name, "", column.meaning, column.unit, column.coding, "") for column in COLUMNS),
        *(_value(criterion) for criterion in criteria),
        *(_cut(criterion) for criterion in criteria if rule_of(criterion)),
        *(_stratum(table, name) for name in table.strata),
        *(
            (column.name, OUTPUTS_FILE, column.meaning, column.unit, column.coding, "")
            for column in OUTPUT_COLUMNS
        ),
    ]


def _value(criterion: Criterion) -> tuple[str, ...]:
    coding = f"{Kind(criterion.kind).value}; {DIRECTIONS[Direction(criterion.direction)]}"
    return ("value", criterion.key, criterion.question, criterion.unit, coding, _values(criterion))


def _values(criterion: Criterion) -> str:
    if criterion.options:
        return "; ".join(f"{option['value']} = {option['label']}" for option in criterion.options)
    low, high = cells.number(criterion.minimum), cells.number(criterion.maximum)
    return f"{low or 'any'} to {high or 'any'}" if criterion.kind == Kind.NUMBER else "any text"


def _cut(criterion: Criterion) -> tuple[str, ...]:
    told = "answer" if criterion.kind == Kind.SINGLE_CHOICE else "score"
    return ("acceptable", criterion.key, f"Whether the {told} is {rule_of(criterion)}.", "", YES_OR_BLANK, "")


def _stratum(table: LongTable, name: str) -> tuple[str, ...]:
    values = sorted({str(case.strata.get(name, "")) for case in table.cases.values()} - {""})
    return (f"stratum_{name}", "", f"The case's stratum “{name}”.", "", "text", "; ".join(values))


def rule_of(criterion: Criterion) -> str:
    """The declared cut in words, such as “4 or more”, or the acceptable choices; empty where there is none."""
    if criterion.kind == Kind.SINGLE_CHOICE:
        labels = {option["value"]: option["label"] or option["value"] for option in criterion.options}
        return ", ".join(f"“{labels.get(value, value)}”" for value in criterion.acceptable)
    if criterion.acceptable_from is None:
        return ""
    side = "less" if criterion.direction == Direction.LOWER else "more"
    return f"{cells.number(criterion.acceptable_from)} or {side}"


DIRECTIONS = {
    Direction.HIGHER: "higher is better",
    Direction.LOWER: "lower is better",
    Direction.NONE: "neither end is better",
}
