"""Comparisons of two arms: in both directions, and adjusted for how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from readerstudy.stats.analyse.question import Question, Whole
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.intervals import holm

HOLM = "holm"


def at(estimate: Estimate, whole: Whole) -> Estimate:
    """Return the estimate under the name of its arm."""
    return estimate if whole is None else replace(estimate, arm=whole)


def arm_pairs(question: Question) -> Iterator[tuple[str, str]]:
    """Yield every two arms of a criterion, in the order of their names."""
    return combinations(question.arms, 2)


def named(first: str, second: str) -> str:
    """Return the name of a contrast."""
    return f"{first}-{second}"


def both_ways(estimate: Estimate, first: str, second: str, *, about: float = 0.0) -> Iterator[Estimate]:
    """Yield the contrast first - second and its mirror second - first; ``about`` is the value of no difference."""
    yield replace(estimate, contrast=named(first, second))
    value = None if estimate.value is None else 2.0 * about - estimate.value
    ci = None if estimate.ci is None else (2.0 * about - estimate.ci[1], 2.0 * about - estimate.ci[0])
    yield replace(
        estimate,
        contrast=named(second, first),
        value=_positive_zero(value),
        ci=ci,
        statistic=_turned(estimate),
    )


def same_both_ways(estimate: Estimate, first: str, second: str) -> Iterator[Estimate]:
    """Yield a figure that has no direction under both names of its contrast."""
    yield replace(estimate, contrast=named(first, second))
    yield replace(estimate, contrast=named(second, first))


def adjusted(lines: Iterable[Estimate]) -> list[Estimate]:
    """Return the lines, and after them the same contrasts with Holm's p-values where there are several.

    Lines that differ in the contrast alone are one family; a contrast and its mirror count once. The variant of an
    adjusted line ends in ",holm".
    """
    found = list(lines)
    families: dict[tuple[object, ...], list[Estimate]] = {}
    for line in found:
        if line.contrast is not None and line.arm is None and line.p is not None:
            families.setdefault((line.estimator, line.variant, line.reader, line.category), []).append(line)
    for family in families.values():
        found += _adjusted(family)
    return found


def with_suffix(variant: str | None, suffix: str) -> str:
    """Return a variant's name with a further word."""
    return f"{variant},{suffix}" if variant else suffix


def _adjusted(family: list[Estimate]) -> list[Estimate]:
    # Mirrors follow their contrast, so that each pair of lines has one p-value.
    once = family[::2]
    if len(once) < 2:
        return []
    corrected = holm([line.p for line in once])
    return [
        replace(line, variant=with_suffix(line.variant, HOLM), p=p)
        for pair, p in zip(zip(family[::2], family[1::2], strict=True), corrected, strict=True)
        for line in pair
    ]


def _turned(estimate: Estimate) -> float | None:
    if estimate.statistic is None or not _is_t(estimate):
        return estimate.statistic
    return _positive_zero(-estimate.statistic)


def _is_t(estimate: Estimate) -> bool:
    # t and z carry the sign of the difference; counts and chi-square do not.
    return bool(estimate.ci_method and estimate.ci_method.split()[-1] in ("t", "normal"))


def _positive_zero(value: float | None) -> float | None:
    return value if value is None else value + 0.0
