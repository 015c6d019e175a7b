"""Outputs made elsewhere: which line belongs to which case, and what is wrong with a file. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from readerstudy.cases.labels import LabelRow, Problem
from readerstudy.cases.matching import match_cases
from readerstudy.cases.models import Case
from readerstudy.generation.models import ArrivedFile, Generation
from readerstudy.providers.recordings import Recording, parse_outputs
from readerstudy.studies.models import Arm

MOST_BYTES = 50_000_000
ARRIVED = "arrived-outputs"

Place = tuple[str, int]
"""The code of a case and the number of one of its outputs in an arm."""


@dataclass(frozen=True, slots=True)
class OutputsRead:
    """What a file holds; it is used only without problems. `ignored` are the columns nothing was read of."""

    recordings: tuple[Recording, ...] = ()
    problems: tuple[Problem, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One line of the file and the case it is an output for."""

    recording: Recording
    code: str

    @property
    def line(self) -> int:
        return self.recording.line

    @property
    def place(self) -> Place:
        return self.code, self.recording.replicate


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """All that a file would write, or every reason why it cannot. `missing` are cases that stay without an output."""

    matches: tuple[Match, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_outputs(content: bytes, name: str) -> OutputsRead:
    """Reads a file of outputs by the ending of its name; never raises, whatever the bytes are."""
    if len(content) > MOST_BYTES:
        sentence = _("This file is larger than 50 MB. Split it and import the parts one after another.")
        return OutputsRead(problems=(Problem(sentence),))
    parsed = parse_outputs(content, name)
    problems = tuple(Problem(error.sentence, error.line or None) for error in parsed.errors)
    return OutputsRead(tuple(parsed.recordings), problems, parsed.ignored)


def content_of(file: ArrivedFile) -> bytes:
    """The bytes that arrived. Raises OSError where they are gone."""
    with default_storage.open(stored_name(file)) as content:
        return bytes(content.read())


def stored_name(file: ArrivedFile) -> str:
    """Where the storage keeps the bytes: a random name of ours."""
    return f"{ARRIVED}/{file.key}"


def plan_import(arm: Arm, recordings: Sequence[Recording]) -> ImportPlan:
    """Matches every line to a case of the arm's study that has no such output in this arm yet."""
    codes, problems = _codes(arm, recordings)
    if problems:
        return ImportPlan(problems=problems)
    matches = tuple(Match(each, codes[each.case]) for each in recordings)
    taken = set(Generation.objects.filter(arm=arm).values_list("case__code", "replicate"))
    problems = (*_twice(matches), *_taken(matches, taken), *_without_first(matches, taken))
    if problems:
        return ImportPlan(problems=tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    found = {code for code, _replicate in {*taken, *(match.place for match in matches)}}
    wanted = Case.objects.read(arm.study).values_list("code", flat=True)
    return ImportPlan(matches=matches, missing=tuple(code for code in wanted if code not in found))


def _codes(arm: Arm, recordings: Sequence[Recording]) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The code of the case behind each name of the file. Only cases that are read and compared are matched."""
    first: dict[str, int] = {}
    for each in recordings:
        first.setdefault(each.case, each.line)
    rows = [LabelRow(line=line, case=name) for name, line in first.items()]
    read = set(Case.objects.read(arm.study).values_list("code", flat=True))
    known = [case for case in Case.objects.all().known(arm.study) if case.code in read]
    codes, problems = match_cases(rows, known)
    return {name: codes[line] for name, line in first.items() if line in codes}, problems


def _twice(matches: Iterable[Match]) -> Iterator[Problem]:
    first: dict[Place, Match] = {}
    for match in matches:
        earlier = first.setdefault(match.place, match)
        if earlier is not match:
            sentence = _("The case “%(case)s” (%(code)s) is already in line %(line)d.")
            words = {"case": match.recording.case, "code": match.code, "line": earlier.line}
            yield Problem(sentence % words, match.line)


def _taken(matches: Iterable[Match], taken: set[Place]) -> Iterator[Problem]:
    for match in matches:
        if match.place in taken:
            sentence = _(
                "%(code)s already has an output in this arm, and outputs are never replaced. Delete the line."
            )
            yield Problem(sentence % {"code": match.code}, match.line)


def _without_first(matches: Sequence[Match], taken: set[Place]) -> Iterator[Problem]:
    """Readers get the first output of a case, so there must be one."""
    there = {*taken, *(match.place for match in matches)}
    told: set[str] = set()
    for match in matches:
        if (match.code, 1) not in there and match.code not in told:
            told.add(match.code)
            sentence = _("%(code)s has no output number 1, the one that readers get. Number them from 1.")
            yield Problem(sentence % {"code": match.code}, match.line)
