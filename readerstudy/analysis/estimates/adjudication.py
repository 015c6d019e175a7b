"""How often readers disagree, what came of it, and what the figures are with the settlements in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.evidence import Evidence
from readerstudy.reading.adjudication.table import (
    CLOSED,
    OPENED,
    SECOND_STAGE,
    SETTLED,
    WAITING,
    WITHIN_RULES,
    Row,
)
from readerstudy.studies.models import Criterion
from readerstudy.studies.rubrics.values import read_number

Mark = Callable[[str], float | None]


def adjudication(evidence: Evidence) -> list[Content]:
    """One row a question and arm, in order; empty where the protocol has nothing settled.

    `raw` is the mean over cases of the mean over readers; in `adjudicated` a settlement stands for the answers of all
    readers of its case. Both are means of the same places, so that they can be compared; neither has an interval.
    """
    found = [row for row in evidence.adjudicated if row.status != SECOND_STAGE]
    arms = [arm.pk for arm in evidence.arms]
    return [
        _row(evidence, criterion, arm, rows)
        for criterion in evidence.table.criteria.values()
        for arm in (*arms, None)
        if (rows := [row for row in found if row.criterion == criterion.key and row.arm == arm])
    ]


def second_stage(evidence: Evidence) -> list[Content]:
    """The answers to the questions of the second stage: how often each was given; empty where none was asked."""
    answers = Counter(
        (row.criterion, row.value) for row in evidence.adjudicated if row.status == SECOND_STAGE and row.value
    )
    return [
        {
            "key": criterion.key,
            "question": criterion.question,
            "counts": [
                {
                    "value": option["value"],
                    "label": option["label"],
                    "n": answers[criterion.key, option["value"]],
                }
                for option in criterion.options
            ],
            "answered": sum(n for (key, _value), n in answers.items() if key == criterion.key),
        }
        for criterion in evidence.second_stage
    ]


def _row(evidence: Evidence, criterion: Criterion, arm: int | None, rows: Sequence[Row]) -> Content:
    status = Counter(row.status for row in rows)
    read = [row for row in rows if sum(bool(value) for value in row.answers.values()) > 1]
    name = next((each.name for each in evidence.arms if each.pk == arm), "")
    return {
        "key": criterion.key,
        "question": criterion.question,
        "arm": name,
        "read": len(read),
        "disagreements": len(rows) - status[WITHIN_RULES],
        "settled": status[SETTLED],
        "closed": status[CLOSED],
        "waiting": status[WAITING] + status[OPENED],
        **_figures(criterion, rows),
    }


def _figures(criterion: Criterion, rows: Iterable[Row]) -> Content:
    figure, mark = _mark_of(criterion)
    pairs = [each for row in rows if (each := _before_and_after(row, mark))] if mark else []
    return {
        "figure": figure,
        "n": len(pairs),
        "raw": fmean(before for before, _after in pairs) if pairs else None,
        "adjudicated": fmean(after for _before, after in pairs) if pairs else None,
    }


def _mark_of(criterion: Criterion) -> tuple[str, Mark | None]:
    """What the figure of a question is: the share of acceptable answers, else the mean score, else none."""
    if criterion.acceptable or criterion.acceptable_from is not None:
        return "acceptable", lambda value: _as_number(criterion.accepts(value))
    return ("mean", read_number) if criterion.is_scored else ("", None)


def _as_number(accepted: bool | None) -> float | None:
    return None if accepted is None else float(accepted)


def _before_and_after(row: Row, mark: Mark) -> tuple[float, float] | None:
    """The readers' mean of one place, and what it is with the settlement; None where nobody gave a number."""
    marks = [found for value in row.answers.values() if value and (found := mark(value)) is not None]
    if not marks:
        return None
    settled = mark(row.value) if row.status == SETTLED and row.value else None
    return fmean(marks), fmean(marks) if settled is None else settled
