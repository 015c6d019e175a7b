"""How far readers agree with themselves where an output was shown to them a second time."""

from __future__ import annotations

import numpy as np

from readerstudy.analysis.estimates.agreement import in_codes
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Sheet, number_of
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.intra_reader import intra_reader, intra_reader_scores
from readerstudy.stats.ratings import Ratings, Scores
from readerstudy.stats.scale import Kind as StatsKind
from readerstudy.studies.models import Kind

KINDS = {
    Kind.LIKERT: StatsKind.ORDINAL,
    Kind.YES_NO: StatsKind.BINARY,
    Kind.SINGLE_CHOICE: StatsKind.NOMINAL,
}
SHOWN = frozenset({"percent_agreement", "unweighted", "quadratic", "icc_2_1", "within_sd", "repeatability"})


def repeats(evidence: Evidence) -> list[Content]:
    """One entry a question with ratings of second presentations: each reader's figures, then their mean."""
    return [
        {
            "criterion": key,
            "question": evidence.sheets[key].criterion.question,
            "estimates": [
                plain(row.labelled(criterion=key))
                for row in _figures(evidence, evidence.sheets[key])
                if row.variant in SHOWN
            ],
        }
        for key in evidence.sheets
        if evidence.again.get(key)
    ]


def _figures(evidence: Evidence, sheet: Sheet) -> list[Estimate]:
    """Outputs of all arms together; each is matched with its own second presentation."""
    arms, cases, readers = sheet.scores.shape
    first, again = (
        values.reshape(arms * cases, readers) for values in (sheet.scores, _second(evidence, sheet))
    )
    names = {
        "units": tuple(f"{case}|{arm.position}" for arm in evidence.arms for case in evidence.cases),
        "cases": evidence.cases * arms,
        "readers": evidence.readers,
    }
    kind = KINDS.get(Kind(sheet.criterion.kind))
    if kind is None or sheet.scale is None:
        return intra_reader_scores(
            Scores(values=first, **names), Scores(values=again, **names), inference=evidence.inference
        )
    both = [
        Ratings(codes=in_codes(values, sheet.scale, sheet), scale=sheet.scale, **names)
        for values in (first, again)
    ]
    return intra_reader(*both, kind=kind, inference=evidence.inference)


def _second(evidence: Evidence, sheet: Sheet) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    places = [
        {pk: at for at, pk in enumerate(rows)}
        for rows in (evidence.table.arms, evidence.table.cases, evidence.table.readers)
    ]
    values = np.full(sheet.scores.shape, np.nan)
    for record in evidence.again[sheet.criterion.key]:
        at = places[0][record.arm or 0], places[1][record.case], places[2][record.reader]
        values[at] = number_of(sheet.criterion, record)
    return values
