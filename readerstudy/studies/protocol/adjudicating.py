"""What a form cannot say of adjudication: rules fit their criteria, and second-stage questions are sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from readerstudy.studies.protocol.problems import Path
from readerstudy.studies.rubrics.kinds import CASE, COUNTED, OUTPUT, PAIR, SETTLED
from readerstudy.studies.rubrics.rules import problems_among
from readerstudy.studies.rubrics.values import as_text, read_number

Problems = Iterator[tuple[Path, str]]
DIFFERENCE, GAP, OVERLAP, DISTANCE = "difference", "gap", "overlap", "distance"
ANY_OF, AT_LEAST = "any_of", "at_least"
COMPARISON = "comparative"
NUMBERED = COUNTED | {"likert", COMPARISON, "length"}
"""Kinds whose answers are numbers that lie apart."""
TRIGGERS: Mapping[str, frozenset[str]] = {
    DIFFERENCE: SETTLED | COUNTED | {"multiple_choice", "ranking"},
    GAP: frozenset(NUMBERED),
    OVERLAP: frozenset({"box", "polygon"}),
    DISTANCE: frozenset({"point"}),
    ANY_OF: SETTLED | COUNTED | {"multiple_choice"},
    AT_LEAST: frozenset(NUMBERED - {COMPARISON}),
}
"""The kinds of question that each trigger has a meaning for."""
LIMITED = frozenset({GAP, OVERLAP, DISTANCE, AT_LEAST})
COUNTING = frozenset({ANY_OF, AT_LEAST})
"""Triggers that one reader alone can set off."""


def triggers_for(kind: str) -> list[str]:
    """The triggers that a rule about a question of this kind may have; empty for kinds that are not compared."""
    return [name for name, kinds in TRIGGERS.items() if kind in kinds]


def unfitting_rules(data: Mapping[str, Any]) -> Problems:
    """Problems of the section `adjudication` in a protocol whose form is right."""
    section = data.get("adjudication", {})
    known = isinstance(data["criteria"], list)
    criteria = {each["key"]: each for each in data["criteria"]} if known else None
    for number, rule in enumerate(section.get("rules", ())):
        for path, sentence in rule_problems(rule, criteria):
            yield ("adjudication", "rules", number, *path), sentence
    yield from _second_stage(section.get("second_stage", {}), criteria)


def rule_problems(rule: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]] | None) -> Problems:
    """Problems of one rule; `criteria` are the questions by key, None where a ready rubric is named."""
    yield from _parts(rule)
    if criteria is None:
        return
    criterion = criteria.get(rule["criterion"])
    if criterion is None:
        yield ("criterion",), f"No question has the key “{rule['criterion']}”. Name one of the criteria."
        return
    allowed = triggers_for(criterion["kind"])
    if not allowed:
        sentence = f"Answers of the kind {criterion['kind']} are not compared. Remove the rule."
        yield ("criterion",), sentence
    elif rule["trigger"] not in allowed:
        sentence = f"“{rule['trigger']}” has no meaning for the kind {criterion['kind']}. "
        yield ("trigger",), sentence + f"Choose one of: {', '.join(allowed)}."
    else:
        yield from _values(rule, criterion)


def _parts(rule: Mapping[str, Any]) -> Problems:
    """What belongs to a trigger is there, and nothing else."""
    trigger = rule["trigger"]
    if trigger in LIMITED and "limit" not in rule:
        yield (), f"“limit” is missing. The trigger {trigger} needs it."
    if trigger == ANY_OF and "values" not in rule:
        yield (), "“values” is missing. Name the answers that count."
    for name, fits in (("limit", LIMITED), ("values", {ANY_OF}), ("readers", COUNTING)):
        if name in rule and trigger not in fits:
            yield (name,), f"“{name}” has no meaning for the trigger {trigger}. Remove it."
    if trigger == OVERLAP and not 0 < rule.get("limit", 0.5) <= 1:
        yield ("limit",), "An overlap is a share. Write a number above 0, at most 1."
    if trigger in (GAP, DISTANCE) and rule.get("limit", 1) <= 0:
        yield ("limit",), "Write a number above 0; any difference at all is the trigger difference."


def _values(rule: Mapping[str, Any], criterion: Mapping[str, Any]) -> Problems:
    kind, wanted = criterion["kind"], [as_text(value) for value in rule.get("values", ())]
    options = (
        ["1", "0"]
        if kind == "yes_no"
        else [as_text(option["value"]) for option in criterion.get("options", ())]
    )
    for place, value in enumerate(wanted):
        if options and value not in options:
            sentence = f"“{value}” is none of the options. Name one of: {', '.join(options)}."
            yield ("values", place), sentence
        elif not options and read_number(value) is None:
            yield ("values", place), f"“{value}” is no number."
    if kind == COMPARISON and {turned(value, options) for value in wanted} != set(wanted):
        sentence = (
            "The sides change from reader to reader. Name the answers for both sides, such as -2 and 2."
        )
        yield ("values",), sentence


def turned(value: str, values: Sequence[str]) -> str:
    """The same answer to a comparison with A and B exchanged; `values` are all that may be answered.

    Numbers change with the number at the other end of the scale; an answer that is no number names no side.
    """
    numbers = sorted((each for each in values if read_number(each) is not None), key=float)
    return numbers[-1 - numbers.index(value)] if value in numbers else value


def _second_stage(section: Mapping[str, Any], criteria: Mapping[str, Any] | None) -> Problems:
    place: Path = ("adjudication", "second_stage")
    for number, rule in enumerate(section.get("when", ())):
        for path, sentence in rule_problems(rule, criteria):
            yield (*place, "when", number, *path), sentence
    questions = section.get("criteria", ())
    for path, sentence in problems_among(questions, None):
        yield (*place, "criteria", *path), sentence
    for number, question in enumerate(questions):
        if question["key"] in (criteria or {}):
            sentence = f"“{question['key']}” is a key of the criteria already. Choose another."
            yield (*place, "criteria", number, "key"), sentence
        if question.get("applies_to", OUTPUT) not in (CASE, OUTPUT, PAIR):
            sentence = "In the second stage only a case, a pair or a whole output is asked about."
            yield (*place, "criteria", number, "applies_to"), sentence
        if question.get("stage"):
            yield (*place, "criteria", number, "stage"), "Nothing is revealed in the second stage. Remove it."


def without_criterion(section: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The section without the rules about a question that is taken out; empty where nothing is left of it."""
    found = {**section, "rules": _others(section.get("rules", ()), key)}
    later = section.get("second_stage", {})
    found["second_stage"] = {**later, "when": _others(later.get("when", ()), key)} if later else {}
    if not found["second_stage"].get("when"):
        found["second_stage"] = {}
    found = {name: content for name, content in found.items() if content}
    return found if found.keys() & {"rules", "second_stage"} else {}


def with_new_key(section: Mapping[str, Any], was: str, now: str) -> dict[str, Any]:
    """The section with the new key of a question."""
    found = dict(section)
    if "rules" in section:
        found["rules"] = [_named_anew(rule, was, now) for rule in section["rules"]]
    if later := section.get("second_stage"):
        found["second_stage"] = {**later, "when": [_named_anew(rule, was, now) for rule in later["when"]]}
    return found


def _others(rules: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
    return [rule for rule in rules if rule["criterion"] != key]


def _named_anew(rule: Mapping[str, Any], was: str, now: str) -> dict[str, Any]:
    return {**rule, "criterion": now if rule["criterion"] == was else rule["criterion"]}
