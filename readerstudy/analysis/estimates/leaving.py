"""The answers after the last case: how often each was given, and whether readers could tell who wrote the texts."""

from __future__ import annotations

import numpy as np

from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.last_answers import GUESS
from readerstudy.stats.blinding import bang_index_of_counts, james_index
from readerstudy.studies.models import Criterion, Kind


def leaving(evidence: Evidence) -> list[Content]:
    """One row a question, in order; empty where the protocol asks none."""
    return [_question(evidence, criterion) for criterion in evidence.last_answers.criteria]


def _question(evidence: Evidence, criterion: Criterion) -> Content:
    answers = evidence.last_answers.answers.get(criterion.pk, {})
    values = [value for value, cannot_judge in answers.values() if not cannot_judge]
    return {
        "key": criterion.key,
        "question": criterion.question,
        "kind": criterion.kind,
        "readers": len(evidence.table.readers),
        "answered": len(values),
        "cannot_judge": len(answers) - len(values),
        "counts": [
            {"value": option["value"], "label": option["label"], "n": values.count(option["value"])}
            for option in criterion.options
        ]
        if criterion.kind != Kind.MULTIPLE_CHOICE
        else [],
        "blinding_index": _index(evidence, criterion),
        "james_index": _james(evidence, criterion),
    }


def _index(evidence: Evidence, criterion: Criterion) -> Content | None:
    """Bang's index of the guesses; None for other questions, and while the arms stand under codes."""
    if criterion.key != GUESS or evidence.table.blinding.is_blinded:
        return None
    right, wrong, unsure = evidence.last_answers.guesses(criterion)
    estimate = bang_index_of_counts(right, wrong, unsure, inference=evidence.inference)
    return plain(estimate, right=right, wrong=wrong, unsure=unsure)


def _james(evidence: Evidence, criterion: Criterion) -> Content | None:
    """James's index of the same guesses: rows by what readers mostly read, columns by what they guessed."""
    if criterion.key != GUESS or evidence.table.blinding.is_blinded:
        return None
    table = np.array(evidence.last_answers.guesses_by_source(criterion), dtype=np.float64)
    return plain(james_index(table, inference=evidence.inference))
