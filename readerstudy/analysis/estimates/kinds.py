"""Errors counted by reader, kind and significance, arm beside arm.

A kind is an answer about a piece of a text that is not among the question's acceptable ones; its significance is what
was answered to the question that follows from it. Counted is what was shown and answered; repeats are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record
from readerstudy.studies.models import Criterion
from readerstudy.studies.rubrics.values import as_text

Piece = tuple[int, int, int, str]
"""A reader, a case, an arm and the piece of its text."""


def kinds(evidence: Evidence) -> list[Content]:
    """One entry for each question about pieces of texts that says which of its options are acceptable."""
    asked = (row for row in evidence.table.criteria.values() if row.key in evidence.pieces)
    return [_entry(evidence, row) for row in asked if row.acceptable and row.options]


@dataclass(frozen=True)
class Kind:
    """One kind of error with one answer on its significance: an option's value, or None where nobody answered."""

    value: str
    label: str
    significance: str | None
    significance_label: str
    follows: bool
    """Whether a question on its significance follows at all."""


def _entry(evidence: Evidence, criterion: Criterion) -> Content:
    records = evidence.pieces[criterion.key]
    said = _significance(evidence, criterion)
    counted = Counter((each.reader, each.arm, each.value, said.get(_piece(each))) for each in records)
    given = {each.reader for each in records}
    readers = [None, *(pk for pk in evidence.table.readers if pk in given)]
    every = list(_kinds(evidence, criterion))
    return {
        "criterion": criterion.key,
        "question": criterion.question,
        "arms": [arm.name for arm in evidence.arms],
        "rows": [row for reader in readers for row in _rows(evidence, every, counted, reader)],
        "judged": [_judged(evidence, records, reader) for reader in readers],
    }


def _followers(evidence: Evidence, criterion: Criterion) -> Iterator[tuple[Criterion, set[str]]]:
    """The questions that are asked where this one was answered in certain ways, with those answers."""
    for row in evidence.table.criteria.values():
        for condition in row.when:
            same = condition.get("criterion") == criterion.key and row.applies_to == criterion.applies_to
            if same and row.options:
                yield row, {as_text(value) for value in condition["is"]}


def _significance(evidence: Evidence, criterion: Criterion) -> dict[Piece, str]:
    found = {}
    for row, _answers in _followers(evidence, criterion):
        found.update({_piece(each): each.value for each in evidence.pieces.get(row.key, ())})
    return found


def _piece(record: Record) -> Piece:
    return record.reader, record.case, record.arm or 0, record.part


def _kinds(evidence: Evidence, criterion: Criterion) -> Iterator[Kind]:
    """Every kind with every significance that can be answered of it, and none."""
    followers = list(_followers(evidence, criterion))
    for option in criterion.options:
        value, label = as_text(option["value"]), str(option["label"])
        if value in criterion.acceptable:
            continue
        asked = [each for row, answers in followers if value in answers for each in row.options]
        for each in asked:
            yield Kind(value, label, as_text(each["value"]), str(each["label"]), follows=True)
        yield Kind(value, label, None, "", follows=bool(asked))


def _rows(
    evidence: Evidence,
    every: Sequence[Kind],
    counted: Counter[tuple[int, int | None, str, str | None]],
    reader: int | None,
) -> Iterator[Content]:
    """The kinds that one reader found, or all together, with a count for each arm."""
    readers = list(evidence.table.readers) if reader is None else [reader]
    for kind in every:
        counts = [
            sum(counted[each, arm, kind.value, kind.significance] for each in readers)
            for arm in evidence.table.arms
        ]
        if any(counts):
            yield {
                "reader": _name(evidence, reader),
                "kind": kind.value,
                "label": kind.label,
                "significance": kind.significance,
                "significance_label": kind.significance_label,
                "follows": kind.follows,
                "counts": counts,
            }


def _judged(evidence: Evidence, records: Sequence[Record], reader: int | None) -> Content:
    """How many outputs and pieces of each arm the question was answered about."""
    own = [each for each in records if reader in (None, each.reader)]
    pieces = Counter(each.arm for each in own)
    outputs = Counter(arm for arm, _case, _reader in {(each.arm, each.case, each.reader) for each in own})
    return {
        "reader": _name(evidence, reader),
        "outputs": [outputs[arm] for arm in evidence.table.arms],
        "pieces": [pieces[arm] for arm in evidence.table.arms],
    }


def _name(evidence: Evidence, reader: int | None) -> str | None:
    return None if reader is None else evidence.table.readers[reader].pseudonym
