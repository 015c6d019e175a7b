"""The figures of a report, drawn from its frozen contents: the same contents give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures import (
    disagreement,
    distribution,
    forest,
    matrix,
    preference,
    roc,
    times,
)
from readerstudy.analysis.figures.svg import Drawing, Form, drawn

Draw = Callable[[Any, dict[str, str]], Drawing]
Found = Iterator[tuple[str, Any]]
"""Pairs of a figure's name and what it is drawn from."""

LABELS = "confusion"
"""The name of the matrices of the arms' own labels; those of a question have its key behind it."""


def names_of(criterion: Content) -> list[str]:
    """The names of the figures of estimates that a question has; none where there is nothing to draw."""
    wanted = [("forest", criterion["estimates"]), ("distribution", criterion["distribution"])]
    return [f"{kind}-{criterion['key']}" for kind, rows in wanted if rows]


def every_name(content: Content) -> list[str]:
    """The names of all figures of a report."""
    return [name for _draw, find in KINDS for name, _data in find(content)]


def draw_figure(content: Content, name: str, *, form: Form = "svg", dark: bool = False) -> bytes | None:
    """The figure of this name as a file, or None if the report has no such figure."""
    for draw, find in KINDS:
        for found, data in find(content):
            if found == name:
                return drawn(draw, data, arm_words(content), form=form, dark=dark)
    return None


def _of_questions(kind: str) -> Callable[[Content], Found]:
    def find(content: Content) -> Found:
        for criterion in content["criteria"]:
            name = f"{kind}-{criterion['key']}"
            if name in names_of(criterion):
                yield name, criterion

    return find


def pairs_of(content: Content) -> Found:
    """The questions with at least three readers: two of them have one kappa, which a table says better."""
    for entry in content.get("kappas") or []:
        if len(entry["pairs"]["readers"]) > 2:
            yield f"pairs-{entry['criterion']}", entry


def confusion_of(content: Content) -> Found:
    """The arms' own labels in one figure, and one for each question."""
    by_name: dict[str, list[Content]] = {}
    for entry in content.get("confusion") or []:
        name = f"{LABELS}-{entry['criterion']}" if entry["criterion"] else LABELS
        by_name.setdefault(name, []).append(entry)
    yield from by_name.items()


def roc_of(content: Content) -> Found:
    for entry in content.get("roc") or []:
        if any(arm["curves"] for arm in entry["arms"]):
            yield f"roc-{entry['criterion']}", entry


def preferences_of(content: Content) -> Found:
    for entry in content.get("preferences") or []:
        yield f"preference-{entry['key']}", entry


def disagreement_of(content: Content) -> Found:
    found = content.get("disagreement") or {}
    if found.get("cases"):
        yield "disagreement", found


def times_of(content: Content) -> Found:
    found = content.get("times")
    if found and len(found["steps"]) > 1:
        yield "times", found


KINDS: tuple[tuple[Draw, Callable[[Content], Found]], ...] = (
    (distribution.draw, _of_questions("distribution")),
    (forest.draw, _of_questions("forest")),
    (matrix.draw_pairs, pairs_of),
    (matrix.draw_confusion, confusion_of),
    (roc.draw, roc_of),
    (preference.draw, preferences_of),
    (disagreement.draw, disagreement_of),
    (times.draw, times_of),
)


def arm_words(content: Content) -> dict[str, str]:
    """Each arm's name, with a second line where its outputs are simulated or recorded."""
    return {arm["name"]: "\n".join([arm["name"], *_nature(arm)]) for arm in content["arms"]}


def _nature(arm: Content) -> list[str]:
    told: Mapping[str, str] = {"simulated": _("simulated"), "recorded": _("recorded")}
    return [words for key, words in told.items() if arm[key]]
