"""The steps of the Outputs station, from calls to the frozen set. Each part registers its own page here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise

from readerstudy.studies.access import Access
from readerstudy.studies.models import Study
from readerstudy.studies.views import console


@dataclass(frozen=True)
class Step:
    """One page of the station. `count` says in a word or number what is still to do there; empty where nothing is."""

    order: int
    label: str | Promise
    url_name: str
    count: Callable[[Study], str] = lambda _study: ""


@dataclass(frozen=True, slots=True)
class ShownStep:
    label: str
    url: str
    count: str


_steps: list[Step] = []


def register(step: Step) -> None:
    _steps.append(step)
    _steps.sort(key=lambda each: each.order)


def steps_of(study: Study) -> list[ShownStep]:
    """The steps as the pages of the station show them."""
    return [
        ShownStep(str(step.label), reverse(step.url_name, args=[study.key]), step.count(study))
        for step in _steps
    ]


def room(access: Access) -> dict[str, Any]:
    """What every page of the station needs."""
    return {**console(access), "steps": steps_of(access.study)}
