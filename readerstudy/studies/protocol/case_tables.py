"""The table of cases in a protocol file. Cases belong to a room above this one, which says here how it keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from readerstudy.studies.models import Study

LONGEST_REFERENCE = 10_000
"""A reference standard may be a label or a whole report."""
CaseRow = Mapping[str, Any]
"""One case in the form of a protocol file."""


@dataclass(frozen=True, slots=True)
class CaseList:
    """The cases of a file: those that are read, those that practise, check or serve prompts, and the images of each."""

    rows: tuple[CaseRow, ...] = ()
    slots: tuple[str, ...] = ()
    practice: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    examples: frozenset[str] = frozenset()

    @property
    def apart(self) -> frozenset[str]:
        """Codes of cases that are not among those of the study itself."""
        return self.practice | self.checks | self.examples


class Room(Protocol):
    """What the room of the cases can do for a protocol file."""

    def store(self, study: Study, cases: CaseList) -> None:
        """Makes the cases of a file, without images yet, or changes those that are there."""

    def told(self, study: Study) -> list[dict[str, Any]]:
        """The cases that are there, in the form of a protocol file, in order."""


_rooms: list[Room] = []


def register(room: Room) -> None:
    _rooms.append(room)


def store_cases(study: Study, cases: CaseList) -> None:
    for room in _rooms:
        room.store(study, cases)


def told_cases(study: Study) -> list[dict[str, Any]]:
    """The table of a study's cases; empty where there are none yet."""
    return [row for room in _rooms for row in room.told(study)]


def case_list(data: Mapping[str, Any]) -> CaseList:
    """The cases of a protocol as plain data. A case that is named for practice need not stand in the table."""
    practice = tuple(data.get("phases", {}).get("practice", {}).get("cases", ()))
    checks = tuple(data["allocation"].get("checks", {}).get("codes", ()))
    examples = tuple(dict.fromkeys(_examples(data)))
    section = data.get("cases", {})
    rows = tuple(canonical_row(row) for row in section.get("table", ()))
    told = {row["code"] for row in rows}
    named = dict.fromkeys((*practice, *checks, *examples))
    more = tuple({"code": code} for code in named if code not in told) if rows else ()
    return CaseList(
        rows=(*rows, *more),
        slots=tuple(section.get("slots", ())),
        practice=frozenset(practice),
        checks=frozenset(checks),
        examples=frozenset(examples),
    )


def canonical_row(row: CaseRow) -> dict[str, Any]:
    """A case as the product writes it; a reference standard is a text, whatever it looks like."""
    strata, clinical_text = row.get("strata", {}), row.get("clinical_text", "")
    told: dict[str, Any] = {"code": row["code"]}
    told |= {"strata": dict(sorted(strata.items()))} if strata else {}
    told |= {"reference": str(row["reference"])} if str(row.get("reference", "")) else {}
    return {**told, **({"clinical_text": clinical_text} if clinical_text else {})}


def unstorable(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Problems of a table that keeps its form and still cannot be stored."""
    for number, row in enumerate(data.get("cases", {}).get("table", [])):
        if len(str(row.get("reference", ""))) > LONGEST_REFERENCE:
            sentence = f"This is longer than {LONGEST_REFERENCE} characters. Shorten it."
            yield ("cases", "table", number, "reference"), sentence


def _examples(data: Mapping[str, Any]) -> Iterator[str]:
    for prompt in data.get("prompts", {}).values():
        yield from (str(example["case"]) for example in prompt.get("examples", ()) if "case" in example)


def without_table(section: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name != "table"}


def codes_apart(data: Mapping[str, Any]) -> frozenset[str]:
    """Codes that are not read in the main part, for whoever draws an allocation from a file."""
    return case_list(data).apart


def rows_of(data: Mapping[str, Any]) -> Sequence[CaseRow]:
    """The cases of the table that are read in the main part."""
    apart = codes_apart(data)
    return [row for row in data.get("cases", {}).get("table", []) if row["code"] not in apart]
