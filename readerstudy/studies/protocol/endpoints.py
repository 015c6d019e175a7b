"""What an endpoint may ask for: which statistics compare two arms, and which of those a margin has a meaning for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from readerstudy.studies.protocol.problems import Path

Problems = Iterator[tuple[Path, str]]
COMPARING = (
    "accuracy",
    "sensitivity",
    "specificity",
    "acceptable_share",
    "top_box_share",
    "mean_score",
    "preference_share",
    "win_rate",
    "iou",
    "hit_share",
    "mean_error",
    "edit_distance",
)
"""Statistics that are a mean over ratings, and so compare two arms reading by reading."""
GUESS = "source_guess"
"""The key of the question after the last case that the blinding index is computed from."""
WITHOUT_BETTER = frozenset({"mean_error"})
"""Those of which neither more nor less is better."""
UNBOUNDED = frozenset({"mean_score", "mean_error"})
"""Those in units of the question; all others that compare are shares."""
WITH_PLACES = frozenset({"integer", "ranking"})
"""Kinds of questions that tell at which place an answer stands."""
LOWER_IS_BETTER = frozenset({"edit_distance"})


def endpoint_problems(
    endpoint: Mapping[str, Any],
    criteria: Mapping[str, Mapping[str, Any]],
    arms: set[str],
    *,
    asked_last: Collection[str] = (),
) -> Problems:
    """Problems of one endpoint, each with the field that it is about.

    `criteria` are the questions by key, `asked_last` the keys of those after the last case.
    """
    if endpoint["statistic"] == "blinding_index" and GUESS not in asked_last:
        yield (
            ("statistic",),
            f"Readers are not asked who wrote the texts. Ask “{GUESS}”, as the rubric end-form does, "
            "under phases.exit, or remove the endpoint.",
        )
    yield from _place_problems(endpoint, criteria)
    yield from _contrast_problems(endpoint, arms)
    yield from _margin_problems(endpoint, criteria)


def _place_problems(endpoint: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]]) -> Problems:
    criterion = criteria.get(endpoint.get("criterion", ""))
    if endpoint["statistic"] == "top_k" and criterion is not None and criterion["kind"] not in WITH_PLACES:
        yield (
            ("criterion",),
            "The share among the first k needs a place. Name a ranking, or a whole number that tells the place of "
            "the right answer, 0 where there is none.",
        )


def _contrast_problems(endpoint: Mapping[str, Any], arms: set[str]) -> Problems:
    contrast = endpoint.get("contrast", [])
    for place, name in enumerate(contrast):
        if name not in arms:
            yield ("contrast", place), f"There is no arm “{name}”. Name two of the arms."
    if contrast and len(set(contrast)) == 1:
        yield ("contrast",), "An arm is not compared with itself. Name two arms."
    if contrast and endpoint["statistic"] not in COMPARING:
        yield (
            ("contrast",),
            f"The statistic {endpoint['statistic']} does not compare two arms; it is given for each. "
            f"Remove the contrast, or choose one of {', '.join(COMPARING)}.",
        )


def _margin_problems(endpoint: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]]) -> Problems:
    if "margin" not in endpoint:
        return
    criterion, statistic = criteria.get(endpoint.get("criterion", ""), {}), endpoint["statistic"]
    if "contrast" not in endpoint:
        yield (
            ("margin",),
            "A margin says how much worse the first arm of a contrast may be. Add the contrast.",
        )
    if statistic not in UNBOUNDED and endpoint["margin"] >= 1:
        yield (
            ("margin",),
            "Shares lie between 0 and 1, so a margin of 1 or more is never passed. Write a share such as 0.1.",
        )
    if statistic in WITHOUT_BETTER or (statistic == "mean_score" and _is_undirected(criterion)):
        yield (
            ("margin",),
            "Neither more nor less is better here, so nothing can be worse by a margin. "
            "Give the question a direction, or remove the margin.",
        )


def _is_undirected(criterion: Mapping[str, Any]) -> bool:
    return criterion.get("direction", "higher") == "none" and criterion.get("kind") != "comparative"
