"""The figures of a report, drawn from its frozen contents: the same contents give the same bytes."""

from __future__ import annotations

from collections.abc import Callable

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures import distribution, forest
from readerstudy.analysis.figures.svg import Drawing, drawn

Draw = Callable[[Content, dict[str, str]], Drawing]
KINDS: dict[str, Draw] = {"distribution": distribution.draw, "forest": forest.draw}


def names_of(criterion: Content) -> list[str]:
    """The names of a question's figures; none where there is nothing to draw."""
    wanted = [("forest", criterion["estimates"]), ("distribution", criterion["distribution"])]
    return [f"{kind}-{criterion['key']}" for kind, rows in wanted if rows]


def draw_figure(content: Content, name: str) -> bytes | None:
    """The SVG of the figure of this name, or None if the report has no such figure."""
    for criterion in content["criteria"]:
        if name in names_of(criterion):
            kind = name.removesuffix(f"-{criterion['key']}")
            return drawn(KINDS[kind], criterion, arm_words(content))
    return None


def arm_words(content: Content) -> dict[str, str]:
    """Each arm's name, with a second line where its outputs are simulated or recorded."""
    return {arm["name"]: "\n".join([arm["name"], *_nature(arm)]) for arm in content["arms"]}


def _nature(arm: Content) -> list[str]:
    return ["simulated"] * arm["simulated"] + ["recorded"] * arm["recorded"]
