"""What a form cannot say of expected answers, of practice cases and of checks: they fit case, criterion and arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readerstudy.studies.protocol.problems import Path
from readerstudy.studies.rubrics.kinds import COUNTED, SETTLED
from readerstudy.studies.rubrics.values import as_text, read_number

COMPARED = SETTLED | COUNTED | {"multiple_choice"}
"""Kinds whose answers can be compared with an expected one; of all others only the explanation is shown."""
WITHIN = COUNTED | {"likert", "comparative"}
"""Kinds whose answers may be a little off."""
COMPARISON = "comparative"
PLACE = ("phases", "practice", "key")
OF_CHECKS = ("allocation", "checks", "key")

Problems = Iterator[tuple[Path, str]]


def unfitting_key(data: Mapping[str, Any]) -> Problems:
    """Problems of the expected answers in a protocol whose form is right: of practice cases and of checks."""
    practice = data.get("phases", {}).get("practice", {})
    checks = data["allocation"].get("checks", {})
    known = isinstance(data["criteria"], list)
    criteria = {each["key"]: each for each in data["criteria"]} if known else None
    arms = {arm["name"] for arm in data["arms"]}
    if criteria is not None and practice.get("reference") not in {None, *criteria}:
        sentence = f"No question has the key “{practice['reference']}”. Name one of the criteria."
        yield ("phases", "practice", "reference"), sentence
    for number, row in enumerate(practice.get("key", ())):
        if row["case"] not in practice["cases"]:
            yield (*PLACE, number, "case"), f"“{row['case']}” is no practice case. Add it to “cases”."
        for path, sentence in _of_row(row, criteria, arms):
            yield (*PLACE, number, *path), sentence
    for number, row in enumerate(checks.get("key", ())):
        if row["case"] not in checks["codes"]:
            yield (*OF_CHECKS, number, "case"), f"“{row['case']}” is no check. Add it to “codes”."
        for path, sentence in _of_row(row, criteria, arms):
            yield (*OF_CHECKS, number, *path), sentence


def _of_row(
    row: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]] | None, arms: set[str]
) -> Problems:
    """Problems of one expected answer, without the place of its row."""
    if row.get("arm") not in {None, *arms}:
        yield ("arm",), f"There is no arm “{row['arm']}”. Name one of the arms."
    if criteria is not None:
        yield from _of_criterion(criteria.get(row["criterion"]), row, len(arms))


def _of_criterion(criterion: Mapping[str, Any] | None, row: Mapping[str, Any], arms: int) -> Problems:
    if criterion is None:
        sentence = f"No question has the key “{row['criterion']}”. Name one of the criteria."
        yield ("criterion",), sentence
        return
    kind = criterion["kind"]
    if "answer" in row:
        yield from _of_answer(criterion, row)
        if kind == COMPARISON and arms > 2:
            yield (
                ("answer",),
                "With more than two arms a comparison has no one expected answer. Leave it out and explain.",
            )
    if "within" in row and kind not in WITHIN:
        sentence = "Only a number or a step of a scale can be a little off. Leave it out here."
        yield ("within",), sentence


def _of_answer(criterion: Mapping[str, Any], row: Mapping[str, Any]) -> Problems:
    kind, place = criterion["kind"], ("answer",)
    if kind not in COMPARED:
        yield place, f"Answers of the kind {kind} are not compared. Leave it out and write an explanation."
        return
    options = (
        ["1", "0"] if kind == "yes_no" else [as_text(each["value"]) for each in criterion.get("options", ())]
    )
    for value in answers_of(row):
        if options and value not in options:
            yield place, f"“{value}” is none of the options. Name one of: {', '.join(options)}."
        if not options and read_number(value) is None:
            yield place, f"“{value}” is no number."


def answers_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The expected answers of a row of the key as ratings keep them; empty where nothing is compared."""
    told = row.get("answer")
    if told is None:
        return ()
    return tuple(as_text(each) for each in told) if isinstance(told, list) else (as_text(told),)
