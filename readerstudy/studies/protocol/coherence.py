"""What a form cannot say: names that must exist, and parts that must fit each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from readerstudy.designs.document import plan_of
from readerstudy.designs.plan import PlanError
from readerstudy.providers.prompts import Prompt, PromptProblem
from readerstudy.studies.protocol.adjudicating import unfitting_rules
from readerstudy.studies.protocol.endpoints import endpoint_problems
from readerstudy.studies.protocol.practice import unfitting_key
from readerstudy.studies.protocol.problems import Path
from readerstudy.studies.protocol.spoken import problems_of_languages
from readerstudy.studies.rubrics.rules import problems_after_last_case, problems_among

Problems = Iterator[tuple[Path, str]]


def incoherent(data: Mapping[str, Any]) -> Problems:
    """Problems of a protocol whose form is right."""
    for check in _CHECKS:
        yield from check(data)


def _names(data: Mapping[str, Any]) -> Problems:
    yield from _twice(("arms",), [arm["name"] for arm in data["arms"]], "name")
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
            for name in ("connection", "model", "prompt"):
                if name not in arm:
                    yield ("arms", number), f"“{name}” is missing. A model that is called needs it."
        if "prompt" in arm and arm["prompt"] not in prompts:
            yield (
                ("arms", number, "prompt"),
                f"There is no prompt “{arm['prompt']}” under “prompts”. Add it there.",
            )


def _prompts(data: Mapping[str, Any]) -> Problems:
    for name, told in data.get("prompts", {}).items():
        try:
            Prompt.from_json(told)
        except PromptProblem as problem:
            block = (problem.block,) if problem.block in told else ()
            yield ("prompts", name, *block), str(problem)


def _criteria(data: Mapping[str, Any]) -> Problems:
    criteria = data["criteria"] if isinstance(data["criteria"], list) else []
    strata = {stratum["name"]: stratum["levels"] for stratum in data.get("strata", [])}
    for path, sentence in problems_among(criteria, strata):
        yield ("criteria", *path), sentence
    for path, sentence in problems_after_last_case(data.get("phases", {}).get("exit", [])):
        yield ("phases", "exit", *path), sentence


def _endpoints(data: Mapping[str, Any]) -> Problems:
    asked = {each["key"]: each for each in data["criteria"]} if isinstance(data["criteria"], list) else None
    arms = {arm["name"] for arm in data["arms"]}
    last = {each["key"] for each in data.get("phases", {}).get("exit", [])}
    for number, endpoint in enumerate(data.get("endpoints", [])):
        if asked is not None and endpoint.get("criterion") not in {None, *asked}:
            sentence = f"No question has the key “{endpoint['criterion']}”. Name one of the criteria."
            yield ("endpoints", number, "criterion"), sentence
        if endpoint["statistic"] == "hit_share" and not _has_marks(data.get("cases", {})):
            sentence = (
                "Nothing is there to hit. Write “reference: boxes” under “cases”, and give the cases marks."
            )
            yield ("endpoints", number, "statistic"), sentence
        for path, sentence in endpoint_problems(endpoint, asked or {}, arms, asked_last=last):
            yield ("endpoints", number, *path), sentence


def _has_marks(section: Mapping[str, Any]) -> bool:
    """Whether the cases have reference marks, or are to have them."""
    return section.get("reference") == "boxes" or any("marks" in row for row in section.get("table", []))


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


def _image_sets(data: Mapping[str, Any]) -> Problems:
    image_sets = data.get("cases", {}).get("image_sets", [])
    path = ("cases", "image_sets")
    yield from _twice(path, [told["name"] for told in image_sets], "name")
    for number, told in enumerate(image_sets):
        if "source" not in told and "licence" not in told:
            yield (*path, number), "Nothing says whose terms these are. Add “source” or “licence”."
        if told["models"] == "listed" and "providers" not in told:
            yield (*path, number), "“providers” is missing. Name those that the terms allow."
        if told["models"] != "listed" and "providers" in told:
            sentence = "Providers are named only where “models” is listed. Remove them, or write listed."
            yield (*path, number, "providers"), sentence


def _allocation(data: Mapping[str, Any]) -> Problems:
    try:
        plan_of(data["allocation"])
    except PlanError as error:
        yield ("allocation",), str(error)


_CHECKS: tuple[Callable[[Mapping[str, Any]], Problems], ...] = (
    _names,
    _arms,
    _prompts,
    _criteria,
    _endpoints,
    _cases,
    _image_sets,
    _allocation,
    unfitting_key,
    unfitting_rules,
    problems_of_languages,
)
