"""What an arm said when it was asked about the same case again: labels and refusals of all its replicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from readerstudy.analysis.labels import own_label
from readerstudy.analysis.table import LongTable, label_of
from readerstudy.generation.models import Interpretation
from readerstudy.stats.arrays import IntArray
from readerstudy.stats.ratings import MISSING

Row = tuple[int, int, int, str, str | None, str | None, int]
"""Arm, case, replicate, text, extracted label, status of the extraction, key of the interpretation."""


@dataclass(frozen=True)
class Replicates:
    """The outputs of one arm that has several for a case; both have the shape (cases, replicates).

    `labels` holds the label that an output gave, None where it gave none; `declined` 1 for a refusal, 0 for none, and
    `MISSING` where there is no output.
    """

    labels: list[list[str | None]]
    declined: IntArray

    @property
    def names(self) -> tuple[str, ...]:
        """The replicates by number."""
        return tuple(str(number) for number in range(1, self.declined.shape[1] + 1))


def replicates_of(table: LongTable) -> dict[int, Replicates]:
    """By arm, for those arms that have more than one output for any case."""
    rows = list(_rows(table))
    counts = {arm: max(row[2] for row in rows if row[0] == arm) for arm in {row[0] for row in rows}}
    return {arm: _of_arm(table, rows, arm, counts[arm]) for arm in table.arms if counts.get(arm, 1) > 1}


def _rows(table: LongTable) -> list[Row]:
    """All outputs of the arms that have several for a case."""
    again = Interpretation.objects.filter(generation__arm__in=table.arms, generation__replicate__gt=1)
    found = Interpretation.objects.filter(
        generation__arm__in=again.values("generation__arm"), generation__case__in=table.cases
    )
    place = ("generation__arm_id", "generation__case_id", "generation__replicate")
    read = ("text", "extraction__label", "extraction__status")
    return list(found.order_by("pk").values_list(*place, *read, "pk"))


def _of_arm(table: LongTable, rows: list[Row], arm: int, count: int) -> Replicates:
    places = {case: place for place, case in enumerate(table.cases)}
    known = sorted({label_of(case) for case in table.cases.values()} - {""})
    labels: list[list[str | None]] = [[None] * count for _case in places]
    declined: IntArray = np.full((len(places), count), MISSING, dtype=np.int64)
    for own, case, replicate, text, extracted, status, pk in rows:
        if own == arm:
            place, column = places[case], replicate - 1
            labels[place][column] = extracted or own_label(text, extracted, status, known)
            declined[place, column] = int(table.verdicts[pk].declined)
    return Replicates(labels=labels, declined=declined)
