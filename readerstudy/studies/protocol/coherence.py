"""What a form cannot say: names that must exist, and parts that must fit each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from readerstudy.designs.document import plan_of
from readerstudy.designs.plan import PlanError
from readerstudy.studies.protocol.problems import Path

Problems = Iterator[tuple[Path, str]]
WITH_OPTIONS = frozenset(
    {"single_choice", "multiple_choice", "likert", "comparative", "text_span", "grid", "quality_gate"}
)
WITH_RANGE = frozenset({"integer", "number", "visual_analogue", "confidence"})


def incoherent(data: Mapping[str, Any]) -> Problems:
    """Problems of a protocol whose form is right."""
    for check in _CHECKS:
        yield from check(data)


def _names(data: Mapping[str, Any]) -> Problems:
    criteria = data["criteria"] if isinstance(data["criteria"], list) else []
    yield from _twice(("arms",), [arm["name"] for arm in data["arms"]], "name")
    yield from _twice(("criteria",), [criterion["key"] for criterion in criteria], "key")
    yield from _twice(("strata",), [stratum["name"] for stratum in data.get("strata", [])], "name")
    table = data.get("cases", {}).get("table", [])
    yield from _twice(("cases", "table"), [case["code"] for case in table], "code")


def _twice(path: Path, names: Sequence[str], field: str) -> Problems:
    counts = Counter(names)
    for number, name in enumerate(names):
        if counts[name] > 1 and names.index(name) != number:
            yield (*path, number, field), f"“{name}” stands here twice. Give each a {field} of its own."


def _arms(data: Mapping[str, Any]) -> Problems:
    prompts = data.get("prompts", {})
    for number, arm in enumerate(data["arms"]):
        if arm["source"] == "model":
            for name in ("model", "prompt"):
                if name not in arm:
                    yield ("arms", number), f"“{name}” is missing. A model that is called needs it."
        if "prompt" in arm and arm["prompt"] not in prompts:
            yield (
                ("arms", number, "prompt"),
                f"There is no prompt “{arm['prompt']}” under “prompts”. Add it there.",
            )


def _criteria(data: Mapping[str, Any]) -> Problems:
    criteria = data["criteria"] if isinstance(data["criteria"], list) else []
    strata = {stratum["name"]: stratum["levels"] for stratum in data.get("strata", [])}
    earlier: list[str] = []
    for number, criterion in enumerate(criteria):
        yield from _scale(("criteria", number), criterion)
        for place, condition in enumerate(criterion.get("when", [])):
            yield from _condition(("criteria", number, "when", place), condition, earlier, strata)
        earlier.append(criterion["key"])


def _scale(path: Path, criterion: Mapping[str, Any]) -> Problems:
    kind, options = criterion["kind"], criterion.get("options", [])
    if kind in WITH_OPTIONS and not options:
        yield path, f"“options” is missing. A question of the kind {kind} needs what may be answered."
    if options and kind not in WITH_OPTIONS | {"ranking", "confidence"}:
        yield (*path, "options"), f"A question of the kind {kind} has no options. Remove them."
    yield from _twice((*path, "options"), [str(option["value"]) for option in options], "value")
    low, high = criterion.get("minimum"), criterion.get("maximum")
    if low is not None and high is not None and low >= high:
        yield (*path, "maximum"), "The highest value must be above the lowest."
    values = {option["value"] for option in options} or ({True, False} if kind == "yes_no" else set())
    for name in ("acceptable", "high_quality"):
        for place, value in enumerate(criterion.get(name, [])):
            if values and value not in values:
                yield (*path, name, place), f"{value!r} is not among the options. Use one of their values."


def _condition(
    path: Path, condition: Mapping[str, Any], earlier: Sequence[str], strata: Mapping[str, Sequence[str]]
) -> Problems:
    if "criterion" in condition and condition["criterion"] not in earlier:
        yield (
            (*path, "criterion"),
            f"No earlier question has the key “{condition['criterion']}”. Name one above it.",
        )
    if "stratum" in condition:
        name = condition["stratum"]
        if name not in strata:
            yield (*path, "stratum"), f"There is no stratum “{name}”. Add it under “strata”."
        elif wrong := [value for value in condition["is"] if value not in strata[name]]:
            yield (
                (*path, "is"),
                f"“{wrong[0]}” is no level of “{name}”. Its levels are: {', '.join(strata[name])}.",
            )


def _endpoints(data: Mapping[str, Any]) -> Problems:
    keys = {each["key"] for each in data["criteria"]} if isinstance(data["criteria"], list) else None
    arms = {arm["name"] for arm in data["arms"]}
    for number, endpoint in enumerate(data.get("endpoints", [])):
        if keys is not None and endpoint.get("criterion") not in {None, *keys}:
            sentence = f"No question has the key “{endpoint['criterion']}”. Name one of the criteria."
            yield ("endpoints", number, "criterion"), sentence
        for place, name in enumerate(endpoint.get("contrast", [])):
            if name not in arms:
                yield (
                    ("endpoints", number, "contrast", place),
                    f"There is no arm “{name}”. Name two of the arms.",
                )


def _cases(data: Mapping[str, Any]) -> Problems:
    cases = data.get("cases", {})
    strata = {stratum["name"]: stratum["levels"] for stratum in data.get("strata", [])}
    if cases.get("positive") is not None and cases["positive"] not in cases.get(
        "labels", [cases["positive"]]
    ):
        yield ("cases", "positive"), f"“{cases['positive']}” is not among the labels. Add it there."
    for number, case in enumerate(cases.get("table", [])):
        for name, value in case.get("strata", {}).items():
            if name not in strata:
                yield (
                    ("cases", "table", number, "strata", name),
                    f"There is no stratum “{name}” under “strata”.",
                )
            elif value not in strata[name]:
                yield ("cases", "table", number, "strata", name), f"“{value}” is no level of “{name}”."


def _allocation(data: Mapping[str, Any]) -> Problems:
    try:
        plan_of(data["allocation"])
    except PlanError as error:
        yield ("allocation",), str(error)


_CHECKS: tuple[Callable[[Mapping[str, Any]], Problems], ...] = (
    _names,
    _arms,
    _criteria,
    _endpoints,
    _cases,
    _allocation,
)
