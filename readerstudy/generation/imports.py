"""Outputs made elsewhere: which line belongs to which case, and what is wrong with a file. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from readerstudy.cases.labels import LabelRow, LabelTable, Problem
from readerstudy.cases.matching import plan_labels
from readerstudy.cases.models import Case
from readerstudy.generation.models import Generation
from readerstudy.providers.replay import Recording, parse_outputs
from readerstudy.studies.models import Arm

MOST_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """One line of the file and the case it is the output for."""

    recording: Recording
    code: str

    @property
    def line(self) -> int:
        return self.recording.line


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """All that a file would write, or every reason why it cannot. `missing` are cases that stay without an output."""

    matches: tuple[Match, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_outputs(content: bytes, name: str) -> tuple[list[Recording], list[Problem]]:
    """Reads a CSV or JSON Lines file, by the ending of its name; never raises, whatever the bytes are."""
    if len(content) > MOST_BYTES:
        return [], [
            Problem(_("This file is larger than 5 MB. Split it and import the parts one after another."))
        ]
    recordings, errors = parse_outputs(content, name)
    return recordings, [Problem(error.sentence, error.line or None) for error in errors]


def plan_import(arm: Arm, recordings: Sequence[Recording]) -> ImportPlan:
    """Matches every line to one case of the arm's study that has no output in this arm yet."""
    rows = tuple(LabelRow(line=each.line, case=each.case) for each in recordings)
    plan = plan_labels(LabelTable(rows=rows), Case.objects.all().known(arm.study))
    taken = set(Generation.objects.filter(arm=arm).values_list("case__code", flat=True))
    problems = plan.problems or tuple(
        _taken((change.line, change.code) for change in plan.changes if change.code in taken)
    )
    if problems:
        return ImportPlan(problems=problems)
    codes = {change.line: change.code for change in plan.changes}
    found = {*codes.values(), *taken}
    wanted = Case.objects.of(arm.study).values_list("code", flat=True)
    return ImportPlan(
        matches=tuple(Match(each, codes[each.line]) for each in recordings),
        missing=tuple(code for code in wanted if code not in found),
    )


def _taken(matched: Iterator[tuple[int, str]]) -> Iterator[Problem]:
    for line, code in matched:
        sentence = _(
            "%(code)s already has an output in this arm, and outputs are never replaced. Delete the line."
        )
        yield Problem(sentence % {"code": code}, line)
