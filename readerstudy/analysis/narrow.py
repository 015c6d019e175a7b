"""A part of the evidence: some cases, readers or arms. Nothing is read again, and the hash stays that of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.declared import Declared
from readerstudy.analysis.evidence import Evidence, Outputs, Records, Sheet
from readerstudy.analysis.replicates import Replicates
from readerstudy.analysis.table import LongTable
from readerstudy.stats.arrays import IntArray

Keys = Collection[int]


def narrowed(
    evidence: Evidence, *, cases: Keys | None = None, readers: Keys | None = None, arms: Keys | None = None
) -> Evidence:
    """The evidence about these cases, readers and arms, by primary key; None keeps all of them.

    Of `Outputs` the verdicts are counted anew; failures of infrastructure are not known by case and stay those of the
    whole arm.
    """
    table = _table(evidence.table, cases=cases, readers=readers, arms=arms)
    kept = _Kept(evidence.table, table)
    return replace(
        evidence,
        table=table,
        sheets={key: kept.sheet(sheet) for key, sheet in evidence.sheets.items()},
        outputs={pk: kept.outputs(evidence.outputs[pk]) for pk in table.arms},
        replicates={
            pk: kept.replicates(found) for pk, found in evidence.replicates.items() if pk in table.arms
        },
        declared=kept.declared(evidence.declared),
        course=evidence.course.among(frozenset(table.readers), frozenset(table.cases), frozenset(table.arms)),
        again=kept.records(evidence.again),
        compared=kept.records(evidence.compared),
        of_cases=kept.records(evidence.of_cases),
        of_pieces=kept.records(evidence.of_pieces),
    )


def _table(table: LongTable, *, cases: Keys | None, readers: Keys | None, arms: Keys | None) -> LongTable:
    return replace(
        table,
        cases={pk: row for pk, row in table.cases.items() if cases is None or pk in cases},
        readers={pk: row for pk, row in table.readers.items() if readers is None or pk in readers},
        arms={pk: row for pk, row in table.arms.items() if arms is None or pk in arms},
    )


class _Kept:
    # Which places of the whole arrays are kept, and everything with the others left out.
    def __init__(self, whole: LongTable, table: LongTable) -> None:
        self.table = table
        self.arms, self.cases, self.readers = (
            _places(before, after)
            for before, after in (
                (whole.arms, table.arms),
                (whole.cases, table.cases),
                (whole.readers, table.readers),
            )
        )

    def sheet(self, sheet: Sheet) -> Sheet:
        at = np.ix_(self.arms, self.cases, self.readers)
        names = ("scores", "shown", "refused", "cannot_judge", "withdrawn", "worst")
        return replace(sheet, **{name: getattr(sheet, name)[at] for name in names})

    def outputs(self, outputs: Outputs) -> Outputs:
        said = [outputs.said[place] for place in self.cases]
        return replace(
            outputs,
            declined=outputs.declined[self.cases],
            present=outputs.present[self.cases],
            labels=[outputs.labels[place] for place in self.cases],
            said=said,
            verdicts=Counter(verdict for verdict in said if verdict),
        )

    def replicates(self, found: Replicates) -> Replicates:
        labels = [found.labels[place] for place in self.cases]
        return Replicates(labels=labels, declined=found.declined[self.cases])

    def records(self, found: Mapping[str, Records]) -> dict[str, Records]:
        kept = {key: self._kept(records) for key, records in found.items()}
        return {key: records for key, records in kept.items() if records}

    def _kept(self, records: Records) -> Records:
        table = self.table
        return tuple(
            record
            for record in records
            if record.case in table.cases
            and record.reader in table.readers
            and (record.arm is None or record.arm in table.arms)
        )

    def declared(self, declared: Declared) -> Declared:
        """The same endpoints; where an arm of a contrast is left out its figure is missing."""
        answers = {
            key: [
                Answers(self.table, each.criterion, each.arm, records)
                for each in found
                if (each.arm is None or each.arm in self.table.arms) and (records := self._kept(each.records))
            ]
            for key, found in declared.answers.items()
        }
        return replace(declared, answers=answers)


def _places(before: Mapping[int, object], after: Mapping[int, object]) -> IntArray:
    places = [place for place, pk in enumerate(before) if pk in after]
    return np.array(places, dtype=np.int64)
