"""What was said against what is true: of the arms' own labels, and of choices that a declared endpoint compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.estimates.readers_marks import as_answered
from readerstudy.analysis.estimates.whose import answers_by_arm, labels_of, name_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.labels import fold

REFUSED, UNLABELLED = "refused", "unlabelled"
OUTSIDE = (REFUSED, UNLABELLED)
COMPARED = frozenset({"accuracy", "sensitivity", "specificity"})
MOST_LABELS = 12
"""Beyond this many labels a matrix is no picture any more; the table of ratings has every pair."""


def confusion(evidence: Evidence) -> list[Content]:
    """Matrices of counts: one row a true label, one column what was said; empty without references."""
    truths = labels_of(evidence)
    labels = sorted({fold(label): label for label in truths.values()}.values())
    if not 1 < len(labels) <= MOST_LABELS:
        return []
    return [*_of_arms(evidence, labels), *_of_readers(evidence, labels)]


def _of_arms(evidence: Evidence, labels: Sequence[str]) -> Iterator[Content]:
    truths, folded = labels_of(evidence), [fold(label) for label in labels]
    for arm in evidence.arms:
        outputs = evidence.outputs[arm.pk]
        counts: Counter[tuple[str, str]] = Counter()
        for place, case in enumerate(evidence.cases):
            if case in truths and outputs.present[place]:
                said = outputs.labels[place]
                column = fold(said) if said is not None else UNLABELLED
                column = REFUSED if outputs.declined[place] else column
                counts[fold(truths[case]), column] += 1
        if counts:
            yield _matrix(counts, labels, [*folded, *OUTSIDE], arm=arm.name)


def _of_readers(evidence: Evidence, labels: Sequence[str]) -> Iterator[Content]:
    keys = dict.fromkeys(
        each.get("criterion", "") for each in evidence.declared.endpoints if each["statistic"] in COMPARED
    )
    for key in keys:
        for answers in answers_by_arm(evidence, key):
            counts = _counted(evidence, answers)
            if counts:
                columns = [fold(label) for label in labels]
                columns += sorted({said for _true, said in counts} - set(columns))
                yield _matrix(
                    counts,
                    labels,
                    columns,
                    arm=name_of(evidence, answers),
                    criterion=key,
                    question=answers.criterion.question,
                )


def _counted(evidence: Evidence, answers: Answers) -> Counter[tuple[str, str]]:
    truths = {pk: labels_of(evidence).get(case.code) for pk, case in evidence.table.cases.items()}
    counts: Counter[tuple[str, str]] = Counter()
    for record in answers.records:
        truth = truths.get(record.case)
        if truth is not None:
            counts[fold(truth), fold(as_answered(answers.criterion, record.value))] += 1
    return counts


def _matrix(
    counts: Counter[tuple[str, str]],
    labels: Sequence[str],
    columns: Sequence[str],
    *,
    arm: str,
    criterion: str | None = None,
    question: str = "",
) -> Content:
    """Columns that nobody used, but for the labels themselves, are left out."""
    used = [column for column in columns if column in {fold(label) for label in labels}]
    used += [
        column for column in columns if column not in used and any(said == column for _t, said in counts)
    ]
    named = {fold(label): label for label in labels}
    return {
        "arm": arm,
        "criterion": criterion,
        "question": question,
        "labels": list(labels),
        "columns": [named.get(column, column) for column in used],
        "counts": [[counts[fold(label), column] for column in used] for label in labels],
        "n": sum(counts.values()),
    }
