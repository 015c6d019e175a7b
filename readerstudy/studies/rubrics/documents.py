"""A criterion as a row and as it stands in a protocol file, both ways without loss.

A row keeps the values of options as text, because a rating does; an option that is a number in the file is marked
`numeric`. Of a number the file names under `acceptable` the one value from which an answer counts (up to which, where
lower is better); the row keeps it in `acceptable_from`. Of options it names all that count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from readerstudy.studies.rubrics.kinds import OUTPUT, SCORED_BY_OPTION, TAKES, bins_of
from readerstudy.studies.rubrics.values import NO, YES, as_text, is_accepted, plain, read_number

if TYPE_CHECKING:
    from readerstudy.studies.models.criterion import Criterion, Option

KEY_LENGTH = 40
OPTION_TEXTS = ("help", "significance")
CANNOT_JUDGE = {"no": (False, False), "yes": (True, False), "with_reason": (True, True)}
"""What a file says, as the columns `allows_cannot_judge` and `asks_reason`."""
COLUMNS = (
    "key",
    "kind",
    "question",
    "help",
    "applies_to",
    "stage",
    "options",
    "shuffled",
    "minimum",
    "maximum",
    "unit",
    "direction",
    "acceptable",
    "acceptable_from",
    "high_quality",
    "allows_cannot_judge",
    "asks_reason",
    "is_required",
    "when",
)
"""The columns that a file sets; `rubric`, `phase` and `position` are where it stands."""


def from_document(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a criterion from its form in a protocol file, which was checked before."""
    kind = data["kind"]
    allows, asks = CANNOT_JUDGE[data.get("cannot_judge", "yes")]
    fields = {
        "key": data["key"],
        "kind": kind,
        "question": data["question"],
        "help": data.get("help", ""),
        "applies_to": data.get("applies_to", OUTPUT),
        "stage": data.get("stage", ""),
        "options": yes_no() if kind == "yes_no" else [_option(each) for each in data.get("options", [])],
        "shuffled": data.get("shuffled", False),
        "minimum": _float(data.get("minimum")),
        "maximum": _float(data.get("maximum")),
        "unit": data.get("unit", ""),
        "direction": data.get("direction", "higher"),
        "acceptable": [as_text(value) for value in data.get("acceptable", [])],
        "acceptable_from": None,
        "high_quality": [as_text(value) for value in data.get("high_quality", [])],
        "allows_cannot_judge": allows,
        "asks_reason": asks,
        "is_required": data.get("required", True),
        "when": [_condition(each) for each in data.get("when", [])],
    }
    return settled(fields)


def to_document(criterion: Criterion) -> dict[str, Any]:
    """The criterion in the form of a protocol file; what has the usual value is left out, but for a few."""
    return document_of({name: getattr(criterion, name) for name in COLUMNS})


def document_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a criterion in the form of a protocol file."""
    own = settled(fields)
    said = {
        "key": own["key"],
        "kind": str(own["kind"]),
        "question": own["question"],
        "help": own["help"],
        "applies_to": str(own["applies_to"]),
        "stage": str(own["stage"]),
        "options": []
        if own["kind"] == "yes_no"
        else [_told_option(each, own["kind"]) for each in own["options"]],
        "shuffled": own["shuffled"],
        "minimum": _plain(own["minimum"]),
        "maximum": _plain(own["maximum"]),
        "unit": own["unit"],
        "direction": str(own["direction"]),
        "acceptable": _bin(own, "acceptable"),
        "high_quality": _bin(own, "high_quality"),
        "cannot_judge": _cannot_judge(own),
        "required": None if own["is_required"] else False,
        "when": [dict(condition) for condition in own["when"]],
    }
    return {name: value for name, value in said.items() if name == "question" or _is_said(name, value)}


def canonical(data: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion of a file as the product writes it: two files that mean the same become equal."""
    return document_of(from_document(data))


def settled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The columns with whatever the kind does not take emptied, and the two ways of saying "acceptable" in accord."""
    own = {**_USUAL, **fields}
    takes = TAKES[own["kind"]]
    for name in ("options", "minimum", "maximum", "unit", "shuffled", "acceptable", "high_quality"):
        if name not in takes.fields:
            own[name] = _USUAL[name]
    if own["kind"] == "yes_no":
        own["options"] = own["options"] or yes_no()
    own["asks_reason"] = bool(own["asks_reason"] and own["allows_cannot_judge"])
    return own | _cut(own)


def yes_no() -> list[Option]:
    """The options of a question of yes or no, the same in every language; pages say them in the reader's."""
    return [{"value": YES, "label": "Yes"}, {"value": NO, "label": "No"}]


_USUAL: Mapping[str, Any] = {
    "help": "",
    "applies_to": OUTPUT,
    "stage": "",
    "options": [],
    "shuffled": False,
    "minimum": None,
    "maximum": None,
    "unit": "",
    "direction": "higher",
    "acceptable": [],
    "acceptable_from": None,
    "high_quality": [],
    "allows_cannot_judge": True,
    "asks_reason": False,
    "is_required": True,
    "when": [],
}


def _cut(own: Mapping[str, Any]) -> dict[str, Any]:
    """`acceptable`, `acceptable_from` and `high_quality` as a row keeps them.

    Options that count are named; where they are one end of a scale of numbers, `acceptable_from` says the same. Who
    gives only `acceptable_from` means the options beyond it.
    """
    bins = bins_of(own["kind"], bool(own["options"]))
    if bins == "none":
        return {"acceptable": [], "acceptable_from": None, "high_quality": []}
    if bins == "number":
        named = next((read_number(text) for text in own["acceptable"]), None)
        return {
            "acceptable": [],
            "acceptable_from": _float(own["acceptable_from"] if named is None else named),
        }
    accepted = _in_order(own, own["acceptable"] or _beyond(own))
    best = _in_order(own, own["high_quality"])
    return {"acceptable": accepted, "acceptable_from": _end(own, accepted), "high_quality": best}


def _in_order(own: Mapping[str, Any], values: Sequence[str]) -> list[str]:
    """Values in the order of the options; whatever is none of them comes last, for the rules to refuse."""
    order = [option["value"] for option in own["options"]]
    return sorted(values, key=lambda value: order.index(value) if value in order else len(order))


def _beyond(own: Mapping[str, Any]) -> list[str]:
    cut, scores = own["acceptable_from"], _scores(own)
    if cut is None:
        return []
    return [value for value, score in scores.items() if is_accepted(score, cut, own["direction"])]


def _end(own: Mapping[str, Any], accepted: Sequence[str]) -> float | None:
    """The score from which (up to which) an answer counts, where the options that count are one end of the scale."""
    scores = _scores(own)
    found = [scores[value] for value in accepted if value in scores]
    if not found or len(found) != len(accepted):
        return None
    cut = max(found) if own["direction"] == "lower" else min(found)
    beyond = {value for value, score in scores.items() if is_accepted(score, cut, own["direction"])}
    return cut if beyond == set(accepted) else None


def _scores(own: Mapping[str, Any]) -> dict[str, float]:
    """The score of each option, empty where they have none."""
    if own["kind"] not in SCORED_BY_OPTION:
        return {}
    found = {option["value"]: read_number(option["value"]) for option in own["options"]}
    return {value: float(score) for value, score in found.items() if score is not None}


def _option(told: Mapping[str, Any]) -> dict[str, Any]:
    value = told["value"]
    texts = {name: told[name] for name in OPTION_TEXTS if told.get(name)}
    mark = {} if isinstance(value, str) else {"numeric": True}
    return {"value": as_text(value), "label": told["label"], **texts, **mark}


def _told_option(own: Mapping[str, Any], kind: str) -> dict[str, Any]:
    texts = {name: own[name] for name in OPTION_TEXTS if own.get(name)}
    return {"value": _typed(own, kind), "label": own["label"], **texts}


def _typed(option: Mapping[str, Any], kind: str) -> str | int | float:
    """The value of an option as a file has it."""
    number = read_number(option["value"])
    is_number = TAKES[kind].numbers == "all" or option.get("numeric", False)
    return number if is_number and number is not None else str(option["value"])


def _bin(own: Mapping[str, Any], name: str) -> list[Any]:
    if name == "acceptable" and own["acceptable_from"] is not None and not own["acceptable"]:
        return [plain(own["acceptable_from"])]
    return [_value(own, text) for text in own[name]]


def _value(own: Mapping[str, Any], text: str) -> Any:
    """A value under `acceptable` or `high_quality` as a file has it."""
    if own["kind"] == "yes_no":
        return text == YES
    option = next((each for each in own["options"] if each["value"] == text), None)
    if option is None:
        number = read_number(text)
        return text if number is None else number
    return _typed(option, own["kind"])


def _condition(told: Mapping[str, Any]) -> dict[str, Any]:
    about = {name: told[name] for name in ("criterion", "stratum") if name in told}
    values = [plain(value) if type(value) is float else value for value in told["is"]]
    return {**about, "is": values}


def _cannot_judge(own: Mapping[str, Any]) -> str:
    said = (bool(own["allows_cannot_judge"]), bool(own["asks_reason"]))
    return next(word for word, columns in CANNOT_JUDGE.items() if columns == said)


def _is_said(name: str, value: Any) -> bool:
    if name in ("minimum", "maximum", "required"):
        return value is not None
    return bool(value)


def _float(number: float | None) -> float | None:
    return None if number is None else float(number)


def _plain(number: float | None) -> int | float | None:
    return None if number is None else plain(number)
