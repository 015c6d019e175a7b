"""Verdicts on pieces of outputs by the class that the same reader gave the piece: leaks by kind of identifier, say.

Where one question says what each finding, sentence or step is and another whether it is acceptable, the share that is
not stands by class. A piece counts once for each reader, in the class that this reader gave it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.declared import Shown, place_of
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Records
from readerstudy.analysis.table import Record
from readerstudy.stats.alignment import share_of_readings
from readerstudy.studies.models import Criterion, Kind

UNCLASSED = ""
Piece = tuple[Shown, int | None, str]


def pieces(evidence: Evidence) -> list[Content]:
    """One entry for every verdict that has a class beside it; empty where there is none."""
    return [
        {
            "criterion": verdict.key,
            "question": verdict.question,
            "by": named.key,
            "by_question": named.question,
            "classes": list(_classes(evidence, verdict, named)),
        }
        for verdict, named in _pairs(evidence)
    ]


def _pairs(evidence: Evidence) -> Iterator[tuple[Criterion, Criterion]]:
    """Each answered grid that says what is acceptable, with each grid about the same pieces that does not."""
    grids = [row for row in evidence.table.criteria.values() if row.kind == Kind.GRID]
    answered = [row for row in grids if row.key in evidence.pieces]
    for verdict in answered:
        for named in answered:
            if verdict.acceptable and not named.acceptable and verdict.applies_to == named.applies_to:
                yield verdict, named


def _classes(evidence: Evidence, verdict: Criterion, named: Criterion) -> Iterator[Content]:
    """Classes that were given, in the order of the options, then pieces without a class, then all."""
    kept = _grouped(evidence, verdict, named)
    labels = {option["value"]: option["label"] or option["value"] for option in named.options}
    for category in (*labels, UNCLASSED, None):
        rows = [
            {**_share(evidence, verdict, arm, records), "arm": row.name}
            for arm, row in evidence.table.arms.items()
            if (records := tuple(kept.get((arm, category), ())))
        ]
        if rows:
            yield {"category": category, "label": labels.get(category or "", ""), "arms": rows}


def _piece(record: Record) -> Piece:
    return place_of(record), record.arm, record.part


def _grouped(
    evidence: Evidence, verdict: Criterion, named: Criterion
) -> Mapping[tuple[int | None, str | None], list[Record]]:
    """The verdicts by arm and class, and under None all of an arm."""
    given = {_piece(record): record.value for record in evidence.pieces[named.key]}
    found: dict[tuple[int | None, str | None], list[Record]] = defaultdict(list)
    for record in evidence.pieces[verdict.key]:
        found[record.arm, given.get(_piece(record), UNCLASSED)].append(record)
        found[record.arm, None].append(record)
    return found


def _share(evidence: Evidence, verdict: Criterion, arm: int, records: Records) -> Content:
    """The share that is not acceptable, with the number of such pieces; pieces of one case belong together."""
    marks = Answers(evidence.table, verdict, arm, records).by_unit(
        lambda record: float(not verdict.accepts(record.value))
    )
    found = share_of_readings("not_acceptable", marks, inference=evidence.inference)
    return {**plain(found), "n_not_acceptable": int((marks.values == 1).sum())}
