"""The analysis plan: what each criterion is and how intervals are made, from a YAML (or JSON) file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from readerstudy.declared import DeclarationError, Lines, Path, Problem, load
from readerstudy.declared.forms import malformed
from readerstudy.stats.alt_test import EXPERTS_EPSILON
from readerstudy.stats.analyse.problems import AnalysisError
from readerstudy.stats.inference import Inference
from readerstudy.stats.scale import Kind, Label

_NEEDS_NUMBERS = frozenset({Kind.INTERVAL, Kind.RATIO, Kind.RANK, Kind.PREFERENCE})
FREE_KINDS = frozenset({Kind.TEXT, Kind.REGIONS})
"""Kinds whose values are no categories: texts, and boxes on an image."""
_SIDES = frozenset({"left", "right", "tie"})
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What is known of one criterion; ``guessed`` where no plan says it."""

    kind: Kind
    categories: tuple[Label, ...] | None = None
    acceptable: str | tuple[Label, ...] | None = None
    positive: Label | None = None
    primary: bool = False
    epsilon: float = EXPERTS_EPSILON
    guessed: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A whole plan; without a file it declares nothing and keeps the defaults."""

    criteria: Mapping[str, Declared] = field(default_factory=dict)
    inference: Inference = field(default_factory=Inference)
    reference_arm: str | None = None


def read_plan(path: FilePath) -> Plan:
    """Return the plan in a file.

    Raises AnalysisError with the line, the field and the remedy of everything that is wrong.
    """
    try:
        return plan_of(path.read_bytes())
    except DeclarationError as error:
        raise AnalysisError(f"The plan, {problem}" for problem in error.problems) from None


def plan_of(content: bytes) -> Plan:
    """Return the plan in the bytes of a YAML file; raises DeclarationError."""
    data, lines = load(content)
    if not isinstance(data, dict):
        sentence = "A plan begins with “criteria:” and names each criterion below it."
        raise DeclarationError([Problem((), sentence, 1)])
    problems = [_problem(lines, path, said) for path, said in malformed(data, _validator())]
    problems = problems or [_problem(lines, path, said) for path, said in _incoherent(data)]
    if problems:
        raise DeclarationError(problems)
    options = {name: data[name] for name in ("level", "resamples", "seed") if name in data}
    return Plan(
        criteria={str(name): _declared(said) for name, said in data["criteria"].items()},
        inference=Inference(**options),
        reference_arm=data.get("reference_arm"),
    )


def as_number(label: Any) -> float | None:
    """Return the number that a label is or spells, or None."""
    if isinstance(label, bool) or (isinstance(label, str) and not _NUMBER.fullmatch(label)):
        return None
    number = float(label)
    return number if math.isfinite(number) else None


def plain_labels(labels: list[Any]) -> tuple[Label, ...]:
    """Return categories as they are compared: truth values as words, texts as numbers where all of them are."""
    words = [str(label).lower() if isinstance(label, bool) else label for label in labels]
    numbers = [as_number(label) for label in words]
    if all(number is not None for number in numbers):
        return tuple(_whole(number) for number in numbers if number is not None)
    return tuple(str(label) for label in words)


@cache
def _validator() -> Draft202012Validator:
    text = resources.files("readerstudy.stats.analyse").joinpath("plan.schema.yaml").read_text("utf-8")
    return Draft202012Validator(yaml.safe_load(text))


def _declared(said: Mapping[str, Any]) -> Declared:
    given = dict(said)
    positive = given.get("positive")
    acceptable = given.get("acceptable")
    return Declared(
        kind=Kind(given["kind"]),
        categories=plain_labels(given["categories"]) if "categories" in given else None,
        acceptable=_acceptable(acceptable) if acceptable is not None else None,
        positive=plain_labels([positive])[0] if positive is not None else None,
        primary=bool(given.get("primary", False)),
        epsilon=float(given.get("epsilon", EXPERTS_EPSILON)),
    )


def _acceptable(said: Any) -> str | tuple[Label, ...]:
    if isinstance(said, str) and said.strip()[:1] in "<>=" and said.strip():
        return said.strip()
    return plain_labels(said if isinstance(said, list) else [said])


def _incoherent(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, said in data["criteria"].items():
        for where, sentence in _criterion_problems(said):
            yield ("criteria", name, *where), sentence
    primaries = [name for name, said in data["criteria"].items() if said.get("primary")]
    if len(primaries) > 1:
        told = " and ".join(f"“{name}”" for name in primaries)
        yield ("criteria", primaries[1], "primary"), f"{told} are both primary. Choose one."


def _criterion_problems(said: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    kind = Kind(said["kind"])
    categories = plain_labels(said["categories"]) if "categories" in said else None
    if categories is None:
        return
    if kind in FREE_KINDS:
        yield ("categories",), "Texts and regions have no categories. Remove them, or choose another kind."
    if len(set(categories)) < len(categories):
        yield ("categories",), "A category stands here twice. Name each category once."
    if kind == Kind.BINARY and len(categories) != 2:
        yield ("categories",), "A binary criterion has two categories. Name both, or choose “nominal”."
    texts = [label for label in categories if isinstance(label, str)]
    if kind in _NEEDS_NUMBERS and texts and not (kind == Kind.PREFERENCE and set(texts) <= _SIDES):
        wanted = "left, right and tie, or grades" if kind == Kind.PREFERENCE else "numbers"
        yield (
            ("categories",),
            f"The categories of this kind are {wanted}. Correct them, or choose another kind.",
        )
    positive = said.get("positive")
    if positive is not None and kind in (Kind.NOMINAL, Kind.BINARY) and not _known(positive, categories):
        yield ("positive",), f"“{positive}” is not one of the categories. Correct one of the two."
    yield from _acceptable_problems(said, categories)


def _acceptable_problems(
    said: Mapping[str, Any], categories: tuple[Label, ...]
) -> Iterator[tuple[Path, str]]:
    acceptable = _acceptable(said["acceptable"]) if "acceptable" in said else ()
    if isinstance(acceptable, str):
        return
    for label in acceptable:
        if not _known(label, categories):
            yield (
                ("acceptable",),
                f'“{label}” is not one of the categories. Write a category or a cut like ">=4".',
            )


def _known(label: Any, categories: tuple[Label, ...]) -> bool:
    plain = plain_labels([label])[0]
    return plain in categories or str(plain) in {str(category) for category in categories}


def _problem(lines: Lines, path: Path, sentence: str) -> Problem:
    line = next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), None)
    return Problem(path, sentence, line)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number
