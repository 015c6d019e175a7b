"""What a protocol file asks of its readers, counted from the rows of its allocation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from readerstudy.designs.rows import Presentation
from readerstudy.stats.power import Load, Pace
from readerstudy.stats.power.burden import DEFAULT_SECONDS, DEFAULT_SITTING_MINUTES
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.problems import ProtocolError

DEFAULT_PARTS = 6
"""Findings, sentences or steps that an output is expected to have where a question is asked about each."""
PRESSES = {
    "yes_no": 1,
    "single_choice": 1,
    "multiple_choice": 2,
    "likert": 1,
    "comparative": 1,
    "confidence": 1,
    "quality_gate": 1,
    "integer": 2,
    "number": 4,
    "visual_analogue": 3,
    "grid": 2,
}
"""Key presses of one answer by the kind of question. Texts and drawings belong to the seconds of a presentation."""


def loads_of(
    document: Document,
    rows: Iterable[Presentation],
    *,
    presses: int | None = None,
    parts: int = DEFAULT_PARTS,
) -> list[Load]:
    """The loads of all readers and periods; every question counts as asked, each presentation ends with one press.

    `presses` replaces the count for a presentation, as it must where the file names a ready rubric.

    Raises:
        ProtocolError: where the file names a rubric and `presses` is not given.
    """
    presentations: Counter[tuple[int, int]] = Counter()
    pressed: Counter[tuple[int, int]] = Counter()
    for row in rows:
        presentations[row.reader, row.period] += 1
        pressed[row.reader, row.period] += (
            presses_for(document, outputs=max(len(row.arms), 1), parts=parts) if presses is None else presses
        )
    return [
        Load(reader=reader, period=period, presentations=count, presses=pressed[reader, period])
        for (reader, period), count in presentations.items()
    ]


def presses_for(document: Document, *, outputs: int, parts: int = DEFAULT_PARTS) -> int:
    """The key presses of a presentation of so many outputs, the one that submits it included."""
    times = {
        "output": outputs,
        "finding": outputs * parts,
        "sentence": outputs * parts,
        "step": outputs * parts,
    }
    return 1 + sum(
        _presses(each) * times.get(each.get("applies_to", "case"), 1) for each in _criteria(document)
    )


def pace_of(document: Document, *, seconds: float = DEFAULT_SECONDS) -> Pace:
    """The pace with the pauses that the file offers, else those of the product."""
    phases = document.data.get("phases", {})
    return Pace(
        seconds=seconds,
        sitting_minutes=phases.get("break_minutes", DEFAULT_SITTING_MINUTES),
        most_presentations=phases.get("break_cases"),
    )


def washout_of(document: Document) -> int:
    """The days that must lie between two periods, 0 without a crossover."""
    section = document.data["allocation"]
    return int(section.get("washout_days", 28)) if section.get("crossover", False) else 0


def _criteria(document: Document) -> Sequence[Mapping[str, Any]]:
    criteria = document.data["criteria"]
    if isinstance(criteria, list):
        return criteria
    sentence = "The questions are those of a ready rubric. Add --presses, the key presses of a presentation."
    raise ProtocolError([document.problem(("criteria",), sentence)])


def _presses(criterion: Mapping[str, Any]) -> int:
    if criterion["kind"] == "ranking":
        return len(criterion.get("options", ())) or 1
    return PRESSES.get(criterion["kind"], 0)
