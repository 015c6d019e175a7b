"""Adjudicated results beside the raw ones, as a table with the names of the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from readerstudy.analysis import cells
from readerstudy.analysis.blinding import ShownArms
from readerstudy.reading.adjudication.given import oriented
from readerstudy.reading.adjudication.table import Row, rows
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Criterion, Study
from readerstudy.studies.rubrics.values import read_number

HEADER = (
    "study",
    "case",
    "arms",
    "arm",
    "criterion",
    "part",
    "status",
    "trigger",
    "answers",
    "value",
    "score",
    "cannot_judge",
    "reason",
    "adjudicator",
    "simulated",
    "saw_readings",
    "settled_at",
)
"""`arms` are those whose texts stood beside the case, with a bar between; `answers` is JSON by reader."""
BETWEEN = " | "


def adjudicated_rows(study: Study, people: Mapping[str, str] | None = None) -> Iterator[list[str]]:
    """One line a question of a rule, whether or not readers disagree, in the order of `HEADER`.

    While the study is blinded arms stand under their codes, in the order of the codes. Comparisons are turned to it,
    for the order of the protocol would tell which is which. `people` names adjudicators as other tables do.
    """
    shown, frozen = ShownArms.of(study), frozen_of(study)
    asked = {each.key: each for each in (*frozen.criteria, *frozen.terms.second)}
    names = {arm.pk: arm.name for arm in shown.arms}
    found = [_as_shown(row, shown.order, asked) for row in rows(study)]
    for row in sorted(found, key=lambda row: _in_order(row, shown.order, list(asked))):
        yield _cells(
            study, replace(row, adjudicator=(people or {}).get(row.adjudicator, row.adjudicator)), names
        )


def _as_shown(row: Row, order: Sequence[int], asked: Mapping[str, Criterion]) -> Row:
    """The row with its arms in the order in which they are shown, and its answers turned with them."""
    arms, criterion = tuple(sorted(row.arms, key=order.index)), asked.get(row.criterion)
    if arms == row.arms or criterion is None:
        return replace(row, arms=arms)
    value = oriented(criterion, row.value, row.arms, arms)
    answers = {reader: oriented(criterion, said, row.arms, arms) for reader, said in row.answers.items()}
    score = row.score if value == row.value else read_number(value)
    return replace(row, arms=arms, value=value, answers=answers, score=score)


def _in_order(row: Row, order: Sequence[int], keys: Sequence[str]) -> tuple[object, ...]:
    arms = [order.index(arm) for arm in row.arms]
    asked = keys.index(row.criterion) if row.criterion in keys else len(keys)
    about = -1 if row.arm is None else order.index(row.arm)
    return row.case, arms, asked, about, len(row.part), row.part


def facts_of(study: Study, found: Iterable[Row], names: Mapping[int, str]) -> bytes:
    """The rows as CSV, for the hash of a report's input; nothing where there are none."""
    lines = [_cells(study, row, names) for row in found]
    return cells.write([HEADER, *lines]) if lines else b""


def _cells(study: Study, row: Row, names: Mapping[int, str]) -> list[str]:
    return [
        cells.text(study.key),
        cells.text(row.case),
        cells.text(BETWEEN.join(names[arm] for arm in row.arms)),
        "" if row.arm is None else cells.text(names[row.arm]),
        cells.text(row.criterion),
        row.part,
        row.status,
        row.trigger,
        cells.text(json.dumps(dict(row.answers), sort_keys=True, ensure_ascii=False)),
        cells.text(row.value),
        cells.number(row.score),
        cells.flag(row.cannot_judge) if row.settled_at else "",
        cells.text(row.reason),
        row.adjudicator,
        cells.flag(row.is_simulated) if row.settled_at else "",
        cells.flag(row.saw_readings),
        row.settled_at.isoformat() if row.settled_at else "",
    ]
