"""The table of cases in a protocol file. Cases belong to a room above this one, which says here how it keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from readerstudy.accounts.models import User
from readerstudy.studies.models import Study

LONGEST_REFERENCE = 10_000
"""A reference standard may be a label or a whole report."""
USUAL_SLOT = "current"
CaseRow = Mapping[str, Any]
"""One case in the form of a protocol file."""


@dataclass(frozen=True, slots=True)
class CaseList:
    """The cases of a file: those that are read, those that practise, check or serve prompts, and the images of each.

    `image_sets` are the sets in which their images come, each with the terms of its use.
    """

    rows: tuple[CaseRow, ...] = ()
    slots: tuple[str, ...] = ()
    practice: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    examples: frozenset[str] = frozenset()
    image_sets: tuple[Mapping[str, Any], ...] = ()

    @property
    def apart(self) -> frozenset[str]:
        """Codes of cases that are not among those of the study itself."""
        return self.practice | self.checks | self.examples


class Room(Protocol):
    """What the room of the cases can do for a protocol file."""

    def store(self, study: Study, cases: CaseList, by: User) -> None:
        """Makes the cases of a file, without images yet, or changes those that are there; states the sets' terms."""

    def told(self, study: Study) -> list[dict[str, Any]]:
        """The cases that are there, in the form of a protocol file, in order."""

    def told_image_sets(self, study: Study) -> list[dict[str, Any]]:
        """The image sets whose terms are stated, in the form of a protocol file, in order."""


_rooms: list[Room] = []


def register(room: Room) -> None:
    _rooms.append(room)


def store_cases(study: Study, cases: CaseList, by: User) -> None:
    for room in _rooms:
        room.store(study, cases, by)


def told_cases(study: Study) -> list[dict[str, Any]]:
    """The table of a study's cases; empty where there are none yet."""
    return [row for room in _rooms for row in room.told(study)]


def told_image_sets(study: Study) -> list[dict[str, Any]]:
    """The study's image sets with stated terms; empty where there are none."""
    return [told for room in _rooms for told in room.told_image_sets(study)]


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
        image_sets=tuple(canonical_image_set(told) for told in section.get("image_sets", ())),
    )


def canonical_image_set(told: Mapping[str, Any]) -> dict[str, Any]:
    """An image set as the product writes it: providers in the order of their names, nothing that is empty."""
    found = {**told, "providers": sorted(set(told.get("providers", ())))}
    return {name: value for name, value in found.items() if value}


def canonical_row(row: CaseRow) -> dict[str, Any]:
    """A case as the product writes it; a reference standard is a text, whatever it looks like."""
    strata, clinical_text = row.get("strata", {}), row.get("clinical_text", "")
    told: dict[str, Any] = {"code": row["code"]}
    told |= {"strata": dict(sorted(strata.items()))} if strata else {}
    told |= {"reference": str(row["reference"])} if str(row.get("reference", "")) else {}
    told |= {"marks": [canonical_mark(each) for each in row["marks"]]} if "marks" in row else {}
    return {**told, **({"clinical_text": clinical_text} if clinical_text else {})}


def canonical_mark(told: Mapping[str, Any]) -> dict[str, Any]:
    """A reference mark as the product writes it: nothing that is usual, a box from its upper left corner."""
    points = [[round(float(x), 2), round(float(y), 2)] for x, y in told["points"]]
    if len(points) == 2:
        (left, top), (right, low) = points
        points = [[min(left, right), min(top, low)], [max(left, right), max(top, low)]]
    usual = {"slot": USUAL_SLOT, "frame": 0, "label": ""}
    named = {name: told[name] for name, value in usual.items() if told.get(name, value) != value}
    return {**named, "points": points}


def unstorable(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Problems of a table that keeps its form and still cannot be stored."""
    for number, row in enumerate(data.get("cases", {}).get("table", [])):
        if len(str(row.get("reference", ""))) > LONGEST_REFERENCE:
            sentence = f"This is longer than {LONGEST_REFERENCE} characters. Shorten it."
            yield ("cases", "table", number, "reference"), sentence


def _examples(data: Mapping[str, Any]) -> Iterator[str]:
    for prompt in data.get("prompts", {}).values():
        yield from (str(example["case"]) for example in prompt.get("examples", ()) if "case" in example)


WITH_ROWS = ("table", "image_sets")
"""Parts of the section that have rows of their own."""


def without_rows(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section without what has rows of its own."""
    return {name: value for name, value in section.items() if name not in WITH_ROWS}


def codes_apart(data: Mapping[str, Any]) -> frozenset[str]:
    """Codes that are not read in the main part, for whoever draws an allocation from a file."""
    return case_list(data).apart


def rows_of(data: Mapping[str, Any]) -> Sequence[CaseRow]:
    """The cases of the table that are read in the main part."""
    apart = codes_apart(data)
    return [row for row in data.get("cases", {}).get("table", []) if row["code"] not in apart]
