"""Which arm an answer belongs to, and which answer is the true one.

A question about an output belongs to the output's arm. A question about the case belongs to the arm that was shown
beside it, unaided included, wherever a presentation shows one arm alone; else it belongs to none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.declared import place_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record, label_of

NO_ARM = ""
"""The name under which answers stand that belong to no arm."""


def answers_by_arm(evidence: Evidence, key: str) -> list[Answers]:
    """The answers to a declared endpoint's question, in the order of the arms; repeats are left out."""
    records = evidence.of_cases.get(key)
    if records is None:
        return evidence.declared.answers.get(key, [])
    criterion = evidence.table.criteria[records[0].criterion]
    found: dict[int | None, list[Record]] = defaultdict(list)
    for record in records:
        turn = evidence.course.at.get(place_of(record))
        if turn is not None and not turn.is_repeat:
            found[turn.arms[0] if len(turn.arms) == 1 else None].append(record)
    arms: list[int | None] = [*evidence.table.arms, None]
    return [Answers(evidence.table, criterion, arm, tuple(found[arm])) for arm in arms if found.get(arm)]


def name_of(evidence: Evidence, answers: Answers) -> str:
    """The arm's name as it is shown, or `NO_ARM`."""
    return NO_ARM if answers.arm is None else evidence.table.arms[answers.arm].name


def labels_of(evidence: Evidence) -> Mapping[str, str]:
    """The reference label by the code of the case, where there is one."""
    found = {case.code: label_of(case) for case in evidence.table.cases.values()}
    return {code: label for code, label in found.items() if label}


def truth_of(evidence: Evidence, positive: str) -> Mapping[str, bool]:
    """Whether a case is truly positive, by its code, where there is a reference."""
    return {code: label == positive for code, label in labels_of(evidence).items()}
