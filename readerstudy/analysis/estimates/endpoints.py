"""The endpoints that a protocol declares: computed as it says, for each arm, and between two arms where it compares.

All of them are conditional on what was shown and rated; where a refusal counts as a failure stands in the section of
the question itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from readerstudy.analysis.answers import Answers, Mark
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.estimates.readers_marks import (
    as_answered,
    changed_words,
    conforms,
    oriented,
    overlap_with_others,
    signed_confidence,
)
from readerstudy.analysis.estimates.refusals import refusals
from readerstudy.analysis.estimates.texts import agreement_with_reference, median_seconds
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record, reference_of
from readerstudy.stats.agreement import gwet_ac, krippendorff_alpha, percent_agreement
from readerstudy.stats.agreement.cohen import light_kappa
from readerstudy.stats.alignment import crossed_mean, paired_difference
from readerstudy.stats.detection import d_prime
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.icc import icc
from readerstudy.stats.inference import Inference
from readerstudy.stats.kendall import kendall_tau
from readerstudy.stats.measurement_errors import errors, limits_of_agreement
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import auc
from readerstudy.stats.scale import Scale
from readerstudy.studies.models import Kind

UNBOUNDED = (float("-inf"), float("inf"))
SHARE = (0.0, 1.0)


@dataclass(frozen=True)
class Asked:
    """One endpoint and what its figures are made of."""

    evidence: Evidence
    statistic: str
    answers: Answers
    contrast: tuple[int, int] | None
    wanted: int | None = None
    """Of comparisons the arm whose figure it is."""

    @property
    def inference(self) -> Inference:
        return self.evidence.inference

    @property
    def truths(self) -> dict[str, str]:
        """The reference standard by the code of the case, where there is one."""
        found = {case.code: reference_of(case) for case in self.evidence.table.cases.values()}
        return {code: label for code, label in found.items() if label}

    @property
    def positive(self) -> str:
        return self.evidence.study.positive_label

    @property
    def truth(self) -> dict[str, bool]:
        return {code: label == self.positive for code, label in self.truths.items()}


def endpoints(evidence: Evidence) -> list[Content]:
    """Every declared endpoint with its figures, in the protocol's order."""
    return [_endpoint(evidence, each) for each in evidence.declared.endpoints]


def _endpoint(evidence: Evidence, declared: Mapping[str, Any]) -> Content:
    statistic, contrast = declared["statistic"], _contrast(evidence, declared.get("contrast"))
    answers = evidence.declared.answers.get(declared.get("criterion", ""), [])
    asked = [Asked(evidence, statistic, each, contrast) for each in answers]
    return {
        "name": declared["name"],
        "statistic": statistic,
        "criterion": declared.get("criterion", ""),
        "is_primary": bool(declared.get("primary", False)),
        "margin": declared.get("margin"),
        "estimates": [*_without_question(evidence, statistic), *_of_answers(asked)],
    }


def _contrast(evidence: Evidence, names: Sequence[str] | None) -> tuple[int, int] | None:
    """The two arms that are compared; while blinded in the order of their codes, for the protocol's would tell them."""
    if not names:
        return None
    shown = evidence.table.blinding
    first, second = (evidence.declared.arms[name] for name in names)
    if shown.is_blinded and shown.order.index(first) > shown.order.index(second):
        first, second = second, first
    return first, second


def _of_answers(asked: list[Asked]) -> list[Content]:
    rows = [_row(each, estimate) for each in asked for estimate in _figures(each)]
    return [*rows, *_difference(asked)]


def _row(asked: Asked, estimate: Estimate) -> Content:
    arm = asked.answers.arm
    shown = asked.evidence.table.arms[arm].name if arm is not None else None
    return plain(estimate.labelled(criterion=asked.answers.criterion.key, arm=estimate.arm or shown))


def _figures(asked: Asked) -> list[Estimate]:
    if asked.statistic in COMPARED and asked.answers.criterion.kind == Kind.COMPARATIVE:
        arms = asked.contrast[:1] if asked.contrast else tuple(asked.evidence.table.arms)
        return [_of_comparisons(replace(asked, wanted=arm)) for arm in arms]
    if asked.statistic in MEANS:
        scores = MEANS[asked.statistic](asked)
        if scores is None:
            return []
        return [_mean(asked.statistic, scores, asked.inference)]
    if asked.statistic in FIGURES:
        return FIGURES[asked.statistic](asked)
    return []


def _of_comparisons(asked: Asked) -> Estimate:
    """The figure of one arm; where a contrast is declared, against its other arm alone."""
    scores = MEANS[asked.statistic](asked) or asked.answers.scores(lambda _record: None)
    name = asked.evidence.table.arms[asked.wanted or 0].name
    return _mean(asked.statistic, scores, asked.inference).labelled(arm=name)


def _mean(name: str, scores: Scores, inference: Inference) -> Estimate:
    bounds = SHARE if name in SHARES else UNBOUNDED
    if name in OF_THESE_READERS:
        return crossed_mean(name, scores, variant="frrc", bounds=bounds, inference=inference)
    return crossed_mean(name, scores, variant="rrrc", bounds=bounds, inference=inference)


def _difference(asked: list[Asked]) -> list[Content]:
    """The first arm of the contrast against the second, over the cases and readers that both have."""
    by_arm = {each.answers.arm: each for each in asked}
    contrast = asked[0].contrast if asked else None
    if contrast is None or asked[0].statistic not in MEANS or not set(contrast) <= set(by_arm):
        return []
    first, second = (MEANS[asked[0].statistic](by_arm[pk]) for pk in contrast)
    if first is None or second is None:
        return []
    arms = asked[0].evidence.table.arms
    found = paired_difference(
        "mean_score" if asked[0].statistic not in SHARES else asked[0].statistic,
        first,
        second,
        variant="rrrc",
        inference=asked[0].inference,
    )
    names = [arms[pk].name for pk in contrast]
    return [plain(found.labelled(criterion=asked[0].answers.criterion.key), contrast=names)]


def _without_question(evidence: Evidence, statistic: str) -> list[Content]:
    """Figures that no question is asked for."""
    if statistic == "median_time":
        return [plain(each) for each in median_seconds(evidence)]
    if statistic == "rouge":
        return [plain(each) for each in agreement_with_reference(evidence)]
    return [arm["rate"] for arm in refusals(evidence)] if statistic == "refusal_share" else []


def _marked(mark: Callable[[Asked], Mark]) -> Callable[[Asked], Scores | None]:
    return lambda asked: asked.answers.scores(mark(asked))


def _is_right(asked: Asked) -> Mark:
    truths = {pk: asked.truths.get(case.code) for pk, case in asked.evidence.table.cases.items()}

    def mark(record: Record) -> float | None:
        truth = truths.get(record.case)
        return None if truth is None else float(as_answered(asked.answers.criterion, record.value) == truth)

    return mark


def _among(asked: Asked, *, positive: bool) -> Scores | None:
    """1 where a case of this class was told rightly, 0 where not."""
    if not asked.positive:
        return None
    truth = {pk: asked.truth.get(case.code) for pk, case in asked.evidence.table.cases.items()}

    def mark(record: Record) -> float | None:
        if truth.get(record.case) is not positive:
            return None
        return float((as_answered(asked.answers.criterion, record.value) == asked.positive) is positive)

    return asked.answers.scores(mark)


def _accepted(asked: Asked) -> Mark:
    return lambda record: conforms(asked.answers.criterion.accepts(record.value))


def _best(asked: Asked) -> Mark:
    best = set(asked.answers.criterion.high_quality)
    return lambda record: float(record.value in best) if best else None


def _score(asked: Asked) -> Mark:
    """The number that was given; of a comparison how far it speaks for the first arm of the contrast."""
    if asked.answers.criterion.kind == Kind.COMPARATIVE:
        return _grade(asked)
    return lambda record: record.score


def _grade(asked: Asked) -> Mark:
    return oriented(asked.evidence, asked.wanted or 0, asked.contrast[1] if asked.contrast else None)


def _wins(asked: Asked) -> Mark:
    grade = _grade(asked)

    def mark(record: Record) -> float | None:
        found = grade(record)
        return None if found is None else 1.0 if found > 0 else 0.5 if found == 0 else 0.0

    return mark


def _preferred(asked: Asked) -> Mark:
    wins = _wins(asked)

    def mark(record: Record) -> float | None:
        found = wins(record)
        return None if found in (None, 0.5) else found

    return mark


def _error(asked: Asked) -> Scores:
    return errors(asked.answers.scores(lambda record: record.score), _numbers(asked.truths))


def _numbers(truths: Mapping[str, str]) -> dict[str, float]:
    found = {}
    for code, text in truths.items():
        try:
            found[code] = float(text)
        except ValueError:
            continue
    return found


def _scale(asked: Asked) -> Scale:
    """The declared options in their order; what was answered where there are none."""
    criterion = asked.answers.criterion
    if criterion.kind in (Kind.INTEGER, Kind.NUMBER, Kind.VISUAL_ANALOGUE, Kind.LENGTH):
        scores = {record.score for record in asked.answers.records if record.score is not None}
        return Scale(tuple(sorted(scores)), ordered=True)
    ordered = criterion.kind in (Kind.LIKERT, Kind.COMPARATIVE, Kind.CONFIDENCE)
    return Scale(tuple(_told(value) for value in criterion.values), ordered=ordered)


def _told(value: str) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value


def _agreement(coefficient: Callable[..., Estimate], **options: Any) -> Callable[[Asked], list[Estimate]]:
    def figures(asked: Asked) -> list[Estimate]:
        ratings = asked.answers.ratings(_scale(asked))
        return [coefficient(ratings, inference=asked.inference, **options)]

    return figures


def _alpha(asked: Asked) -> list[Estimate]:
    scale = _scale(asked)
    ratings = asked.answers.ratings(scale)
    if scale.ordered:
        return [krippendorff_alpha(ratings, metric="ordinal", inference=asked.inference)]
    return [krippendorff_alpha(ratings, metric="nominal", inference=asked.inference)]


def _d_prime(asked: Asked) -> list[Estimate]:
    said = asked.answers.scores(
        lambda record: float(as_answered(asked.answers.criterion, record.value) == asked.positive)
    )
    return d_prime(said, asked.truth, inference=asked.inference) if asked.positive else []


def _auc(asked: Asked) -> list[Estimate]:
    mark = signed_confidence(asked.evidence.declared, asked.answers.criterion, asked.positive)
    return auc(asked.answers.scores(mark), asked.truth, inference=asked.inference) if asked.positive else []


MEANS: Mapping[str, Callable[[Asked], Scores | None]] = {
    "acceptable_share": _marked(_accepted),
    "top_box_share": _marked(_best),
    "mean_score": _marked(_score),
    "win_rate": _marked(_wins),
    "preference_share": _marked(_preferred),
    "accuracy": _marked(_is_right),
    "sensitivity": lambda asked: _among(asked, positive=True),
    "specificity": lambda asked: _among(asked, positive=False),
    "mean_error": _error,
    "edit_distance": lambda asked: asked.answers.scores(changed_words(asked.evidence.declared)),
    "iou": lambda asked: overlap_with_others(asked.answers),
}
"""Statistics that are a mean over cases and readers, each by the number that a rating counts for."""

COMPARED = frozenset({"win_rate", "preference_share", "mean_score"})
SHARES = frozenset(MEANS) - {"mean_score", "mean_error"}
OF_THESE_READERS = frozenset({"iou"})

FIGURES: Mapping[str, Callable[[Asked], list[Estimate]]] = {
    "kappa": _agreement(light_kappa),
    "weighted_kappa": _agreement(light_kappa, weights="quadratic"),
    "ac1": _agreement(gwet_ac),
    "ac2": _agreement(gwet_ac, weights="quadratic"),
    "percent_agreement": _agreement(percent_agreement),
    "alpha": _alpha,
    "icc": lambda asked: [icc(asked.answers.by_unit(lambda record: record.score), inference=asked.inference)],
    "kendall_tau": lambda asked: kendall_tau(
        asked.answers.by_unit(lambda record: record.score), inference=asked.inference
    ),
    "limits_of_agreement": lambda asked: limits_of_agreement(_error(asked), inference=asked.inference),
    "d_prime": _d_prime,
    "auc": _auc,
}
