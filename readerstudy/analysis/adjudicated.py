"""Adjudicated results beside the raw ones, as a table with the names of the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from readerstudy.analysis import cells
from readerstudy.analysis.blinding import ShownArms
from readerstudy.reading.adjudication.table import Row, rows
from readerstudy.studies.models import Study

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


def adjudicated_rows(study: Study) -> Iterator[list[str]]:
    """One line a question of a rule, whether or not readers disagree, in the order of `HEADER`.

    Arms stand under their codes while the study is blinded.
    """
    names = {arm.pk: arm.name for arm in ShownArms.of(study).arms}
    for row in rows(study):
        yield _cells(study, row, names)


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
