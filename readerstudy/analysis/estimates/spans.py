"""Passages that readers marked in texts: how many of each label, by reader and for an output."""

from __future__ import annotations

import json
from collections import Counter

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Records
from readerstudy.analysis.table import Record
from readerstudy.stats.alignment import crossed_mean
from readerstudy.studies.models import Criterion

NOT_NEGATIVE = (0.0, float("inf"))


def spans(evidence: Evidence) -> list[Content]:
    """One entry a question that marks passages; empty where none was asked of an output that was read."""
    return [
        {
            "criterion": criterion.key,
            "question": criterion.question,
            "labels": [
                {"value": each["value"], "label": each["label"] or each["value"]}
                for each in criterion.options
            ],
            "arms": [
                _arm(evidence, criterion, arm, mine)
                for arm in evidence.table.arms
                if (mine := tuple(each for each in evidence.spans[criterion.key] if each.arm == arm))
            ],
        }
        for criterion in evidence.table.criteria.values()
        if criterion.key in evidence.spans
    ]


def _arm(evidence: Evidence, criterion: Criterion, arm: int, records: Records) -> Content:
    """The mean number on an output of each label and of all together, and the counts of each reader."""
    answers = Answers(evidence.table, criterion, arm, records)
    return {
        "arm": evidence.table.arms[arm].name,
        "estimates": [_mean(evidence, answers, label) for label in (*criterion.values, None)],
        "readers": [
            _reader(row.pseudonym, criterion, [each for each in records if each.reader == pk])
            for pk, row in evidence.table.readers.items()
            if any(each.reader == pk for each in records)
        ],
    }


def _mean(evidence: Evidence, answers: Answers, label: str | None) -> Content:
    counted = answers.scores(lambda record: float(_number(record, label)))
    found = crossed_mean("spans", counted, bounds=NOT_NEGATIVE, inference=evidence.inference)
    return {**plain(found), "category": label}


def _number(record: Record, label: str | None) -> int:
    """How many passages of this label were marked, or of any."""
    labels = labels_in(record)
    return len(labels) if label is None else labels.count(label)


def labels_in(record: Record) -> list[str]:
    """The label of each marked passage; none where nothing was marked."""
    return [str(each["label"]) for each in json.loads(record.value)] if record.is_rated else []


def _reader(name: str, criterion: Criterion, records: list[Record]) -> Content:
    counts = Counter(label for record in records for label in labels_in(record))
    return {
        "reader": name,
        "outputs": len(records),
        "counts": [counts[value] for value in criterion.values],
        "spans": sum(counts.values()),
    }
