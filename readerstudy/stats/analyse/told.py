"""An analysis as text: a table for each criterion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readerstudy.stats.analyse.analysis import Analysis
from readerstudy.stats.analyse.question import Question, has_categories
from readerstudy.stats.estimate import Estimate

_HEAD = (
    "estimator",
    "variant",
    "of",
    "value",
    "interval",
    "p",
    "cases",
    "readers",
    "ratings",
    "missing",
    "why not",
)
_NUMBERS = frozenset({"value", "p", "cases", "readers", "ratings", "missing"})


def told(analysis: Analysis) -> str:
    """Return the text of an analysis; a contrast stands in one direction only."""
    head = [
        f"Input SHA-256 {analysis.sha256}",
        f"Intervals of level {analysis.plan.inference.level:g}, {analysis.plan.inference.resamples} resamples, "
        f"seed {analysis.plan.inference.seed}",
    ]
    parts = ["\n".join(head)]
    for question in analysis.criteria:
        own = [each for each in analysis.estimates if each.criterion == question.name]
        parts.append("\n".join(_criterion(question, own)))
    parts += list(_explained(analysis))
    return "\n\n".join(parts) + "\n"


def _explained(analysis: Analysis) -> Iterator[str]:
    reasons = {each.reason for each in analysis.estimates if each.reason is not None}
    if reasons:
        yield "\n".join(["Reasons", *(f"  {reason.value}: {reason.sentence}" for reason in sorted(reasons))])
    cautions = {caution for each in analysis.estimates for caution in each.cautions}
    if cautions:
        yield "\n".join(["Cautions", *(f"  {each.value}: {each.sentence}" for each in sorted(cautions))])


def _criterion(question: Question, estimates: Sequence[Estimate]) -> Iterator[str]:
    primary = ", primary" if question.declared.primary else ""
    listed = ", ".join(map(str, question.scale.categories[:20]))
    categories = f": {listed}" if has_categories(question) else ""
    yield f"{question.name} ({question.kind.value}{primary}{categories})"
    lines = [_HEAD, *(_row(each) for each in _once(estimates))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    for line in lines:
        cells = (
            cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
            for name, cell, width in zip(_HEAD, line, widths, strict=True)
        )
        yield ("  " + "  ".join(cells)).rstrip()


def _once(estimates: Sequence[Estimate]) -> Iterator[Estimate]:
    # Abilities have an arm beside their contrast and stand in one direction anyway.
    shown: dict[frozenset[str], str | None] = {}
    for each in estimates:
        one_way = each.contrast is None or each.arm is not None
        if one_way or shown.setdefault(_either_way(each.contrast), each.contrast) == each.contrast:
            yield each


def _either_way(contrast: str | None) -> frozenset[str]:
    return frozenset(_mirrors(contrast or ""))


def _mirrors(contrast: str) -> Iterator[str]:
    # Names of arms may hold dashes: every split is a possible mirror, the same ones for both directions.
    parts = contrast.split("-")
    for at in range(1, len(parts)):
        yield f"{'-'.join(parts[at:])}-{'-'.join(parts[:at])}"
    yield contrast


def _row(each: Estimate) -> tuple[str, ...]:
    of = [each.arm, each.contrast, each.reader, None if each.category is None else f"[{each.category}]"]
    return (
        each.estimator,
        each.variant or "",
        " ".join(name for name in of if name),
        _number(each.value),
        "" if each.ci is None else f"{each.ci[0]:.3f} to {each.ci[1]:.3f}",
        _p(each.p),
        *(
            "" if n is None else str(n)
            for n in (each.n_cases, each.n_readers, each.n_ratings, each.n_missing)
        ),
        "" if each.reason is None else each.reason.value,
    )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if value == 0.0 or abs(value) >= 0.01 else f"{value:.3g}"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"
