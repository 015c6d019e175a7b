"""Which case each row of a label table is about, and what it would change. Reads no database."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from readerstudy.cases.labels import LabelRow, LabelTable, Problem


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case as stored: its code, what its files' folder called it, their names, and its labels."""

    code: str
    folder: str = ""
    names: tuple[str, ...] = ()
    reference: str = ""
    clinical_text: str = ""
    strata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What one row makes of one case: the labels after it, and which of them are new or different."""

    line: int
    code: str
    file: str
    reference: str
    clinical_text: str
    strata: Mapping[str, str]
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a table would write, or every reason why it cannot."""

    changes: tuple[Change, ...] = ()
    strata: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def changing(self) -> tuple[Change, ...]:
        """The rows that differ from what is stored."""
        return tuple(change for change in self.changes if change.changed)


class _Names:
    """Finds cases by what a row calls them: a full path wins over a bare name, a bare name over its stem."""

    def __init__(self, cases: Iterable[KnownCase]) -> None:
        self._codes: dict[str, KnownCase] = {}
        self._levels: tuple[dict[str, dict[str, KnownCase]], ...] = tuple(
            defaultdict(dict) for _level in range(4)
        )
        self._folders: tuple[dict[str, dict[str, KnownCase]], ...] = tuple(
            defaultdict(dict) for _level in range(2)
        )
        for case in cases:
            self._codes[_normal(case.code)] = case
            _enter(self._folders, _folder_spellings(case.folder), case)
            for name in case.names:
                _enter(self._levels, _spellings(name), case)

    def by_case(self, name: str) -> tuple[KnownCase, ...]:
        """By code, else by folder, else by file."""
        if case := self._codes.get(_normal(name)):
            return (case,)
        return _first_level(self._folders, name) or self.by_file(name)

    def by_file(self, name: str) -> tuple[KnownCase, ...]:
        return _first_level(self._levels, name)


def _enter(
    levels: Sequence[dict[str, dict[str, KnownCase]]], spellings: Sequence[str], case: KnownCase
) -> None:
    for level, spelling in zip(levels, spellings, strict=True):
        level[_normal(spelling)][case.code] = case


def _first_level(levels: Sequence[Mapping[str, Mapping[str, KnownCase]]], name: str) -> tuple[KnownCase, ...]:
    wanted = _normal(name)
    return next((tuple(level[wanted].values()) for level in levels if wanted in level), ())


def _spellings(name: str) -> tuple[str, str, str, str]:
    """The path, the path without extension, the bare name and the bare name without extension."""
    path = PurePosixPath(_normal(name))
    return str(path), str(path.with_suffix("")) if path.suffix else str(path), path.name, path.stem


def _folder_spellings(folder: str) -> tuple[str, str]:
    """The whole path of a case's folder and its last part."""
    return folder, folder.rsplit("/", maxsplit=1)[-1]


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip().replace("\\", "/")).casefold()


def plan_labels(table: LabelTable, cases: Sequence[KnownCase]) -> Plan:
    """Matches every row of `table` to one of `cases`; one problem anywhere means that nothing is to be written."""
    names, problems = _Names(cases), list(table.problems)
    matched: list[tuple[LabelRow, KnownCase]] = []
    for row in table.rows:
        case = _find(row, names)
        if isinstance(case, KnownCase):
            matched.append((row, case))
        else:
            problems.append(case)
    problems += _twice(matched)
    if problems:
        return Plan(problems=tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    return Plan(changes=tuple(_change(row, case) for row, case in matched), strata=table.strata)


def match_cases(
    rows: Iterable[LabelRow], cases: Sequence[KnownCase]
) -> tuple[dict[int, str], tuple[Problem, ...]]:
    """The code of the case that each row is about, by its line, and a problem for each row that fits none or several.

    Unlike labels, several rows may be about one case.
    """
    names = _Names(cases)
    found = {row.line: _find(row, names) for row in rows}
    codes = {line: case.code for line, case in found.items() if isinstance(case, KnownCase)}
    return codes, tuple(case for case in found.values() if isinstance(case, Problem))


def _find(row: LabelRow, names: _Names) -> KnownCase | Problem:
    answers = [_only(names.by_case(row.case), row.case, row.line)] if row.case else []
    answers += [_only(names.by_file(row.file), row.file, row.line)] if row.file else []
    for answer in answers:
        if isinstance(answer, Problem):
            return answer
    if all(answer == answers[0] for answer in answers):
        return answers[0]
    sentence = _("“%(case)s” and “%(file)s” are two different cases. Correct one of them.")
    return Problem(sentence % {"case": row.case, "file": row.file}, row.line)


def _only(found: Sequence[KnownCase], name: str, line: int) -> KnownCase | Problem:
    if len(found) == 1:
        return found[0]
    if not found:
        return Problem(_("No case or file of this study is called “%(name)s”.") % {"name": name}, line)
    codes = ", ".join(sorted(case.code for case in found)[:5])
    sentence = _("“%(name)s” fits several cases (%(codes)s). Write the case’s code instead.")
    return Problem(sentence % {"name": name, "codes": codes}, line)


def _twice(matched: Sequence[tuple[LabelRow, KnownCase]]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row, case in matched:
        if case.code in first:
            sentence = _(
                "The case “%(name)s” (%(code)s) is already in line %(earlier)d. Each case may have one row."
            )
            shown = {"name": row.case or row.file, "code": case.code, "earlier": first[case.code]}
            yield Problem(sentence % shown, row.line)
        first.setdefault(case.code, row.line)


def _change(row: LabelRow, case: KnownCase) -> Change:
    strata = {**case.strata, **row.strata}
    reference, clinical_text = row.reference or case.reference, row.clinical_text or case.clinical_text
    changed = {name for name, value in strata.items() if case.strata.get(name) != value}
    changed |= {"reference"} if reference != case.reference else set()
    changed |= {"clinical_text"} if clinical_text != case.clinical_text else set()
    return Change(
        line=row.line,
        code=case.code,
        file=row.file,
        reference=reference,
        clinical_text=clinical_text,
        strata=strata,
        changed=frozenset(changed),
    )
