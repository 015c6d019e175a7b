"""The endpoints that a protocol declares: computed as it says, for each arm, and between two arms where it compares.

All of them are conditional on what was shown and rated; where a refusal counts as a failure stands in the section of
the question itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from readerstudy.analysis.answers import Answers, Mark
from readerstudy.analysis.declared import ON_IMAGES
from readerstudy.analysis.estimates.leaving import leaving
from readerstudy.analysis.estimates.margins import EVEN, against_margin
from readerstudy.analysis.estimates.plain import Content, adjusted, plain
from readerstudy.analysis.estimates.readers_marks import (
    as_answered,
    changed_words,
    conforms,
    hits,
    oriented,
    overlap_of_model,
    overlap_with_others,
    overlap_with_reference,
    signed_confidence,
)
from readerstudy.analysis.estimates.refusals import refusals
from readerstudy.analysis.estimates.texts import agreement_with_reference, median_seconds
from readerstudy.analysis.estimates.top import among_the_first
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record, label_of
from readerstudy.stats.agreement import gwet_ac, krippendorff_alpha, percent_agreement
from readerstudy.stats.agreement.cohen import light_kappa
from readerstudy.stats.alignment import Variant, crossed_mean, paired_difference
from readerstudy.stats.bland_altman import bland_altman_reference, errors
from readerstudy.stats.correlation import pairwise_correlations
from readerstudy.stats.detection import d_prime
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.icc import icc
from readerstudy.stats.inference import Inference, with_test
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import auc
from readerstudy.stats.scale import Scale
from readerstudy.studies.models import Kind

UNBOUNDED = (float("-inf"), float("inf"))
SHARE = (0.0, 1.0)
BOXES_OF_MODEL = "model"
"""Stands for the reader of figures about what a model itself has marked."""


@dataclass(frozen=True)
class Asked:
    """One endpoint and what its figures are made of."""

    evidence: Evidence
    statistic: str
    answers: Answers
    contrast: tuple[int, int] | None
    wanted: int | None = None
    """Of comparisons the arm whose figure it is."""
    margin: float | None = None

    @property
    def inference(self) -> Inference:
        return self.evidence.inference

    @property
    def is_comparison(self) -> bool:
        """Whether the question itself sets one output beside another."""
        return self.statistic in COMPARED and self.answers.criterion.kind == Kind.COMPARATIVE

    @property
    def names(self) -> list[str]:
        """The arms of the contrast as they are shown."""
        return [self.evidence.table.arms[pk].name for pk in self.contrast or ()]

    @property
    def truths(self) -> dict[str, str]:
        """The reference label by the code of the case, where there is one."""
        found = {case.code: label_of(case) for case in self.evidence.table.cases.values()}
        return {code: label for code, label in found.items() if label}

    @property
    def positive(self) -> str:
        return self.evidence.study.positive_label

    @property
    def truth(self) -> dict[str, bool]:
        return {code: label == self.positive for code, label in self.truths.items()}


def endpoints(evidence: Evidence) -> list[Content]:
    """Every declared endpoint with its figures, in the protocol's order; p-values are corrected by family.

    The comparisons of the primary endpoints are one family, those of all others another; tests against a margin are
    corrected among themselves in the same way.
    """
    found = [_endpoint(evidence, each) for each in evidence.declared.endpoints]
    for is_primary in (True, False):
        family = [each for each in found if each["is_primary"] is is_primary and each["statistic"] in MEANS]
        rows = [row for each in family for row in each["estimates"]]
        _correct(evidence, [row for row in rows if row["p"] is not None])
        _correct(evidence, [row["noninferiority"] for row in rows if row["noninferiority"]])
    return found


def _correct(evidence: Evidence, family: list[Content]) -> None:
    for row, p in zip(family, adjusted(evidence, [row["p"] for row in family]), strict=True):
        row["p_adjusted"] = p


def _endpoint(evidence: Evidence, declared: Mapping[str, Any]) -> Content:
    statistic = declared["statistic"]
    rows = [*_without_question(evidence, statistic), *_of_answers(asked_by(evidence, declared))]
    return {
        "name": declared["name"],
        "statistic": statistic,
        "criterion": declared.get("criterion", ""),
        "against": _against(evidence, statistic),
        "is_primary": bool(declared.get("primary", False)),
        "margin": declared.get("margin"),
        "estimates": [{"p_adjusted": None, "noninferiority": None, **row} for row in rows],
    }


def asked_by(evidence: Evidence, declared: Mapping[str, Any]) -> list[Asked]:
    """What a declared endpoint asks for, once for each arm that its question was answered about."""
    statistic, contrast = declared["statistic"], _contrast(evidence, declared.get("contrast"))
    answers = evidence.declared.answers.get(declared.get("criterion", ""), [])
    return [Asked(evidence, statistic, each, contrast, margin=declared.get("margin")) for each in answers]


def _against(evidence: Evidence, statistic: str) -> str:
    """What overlap is measured with: the reference marks where there are any, else what other readers marked."""
    if statistic not in ON_IMAGES:
        return ""
    return "reference" if evidence.declared.reference_marks or statistic == "hit_share" else "readers"


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
    return [*rows, *(row for each in asked for row in _comparisons(each)), *_difference(asked)]


def _row(asked: Asked, estimate: Estimate) -> Content:
    arm = asked.answers.arm
    shown = asked.evidence.table.arms[arm].name if arm is not None else None
    return plain(estimate.labelled(criterion=asked.answers.criterion.key, arm=estimate.arm or shown))


def _figures(asked: Asked) -> list[Estimate]:
    if asked.is_comparison:
        return []
    if asked.statistic in MEANS:
        scores = MEANS[asked.statistic](asked)
        return [] if scores is None else [_mean(asked, scores)]
    return FIGURES[asked.statistic](asked) if asked.statistic in FIGURES else []


def _comparisons(asked: Asked) -> list[Content]:
    """Of each arm how far it was preferred; where a contrast is declared that of its first arm against its other."""
    if not asked.is_comparison:
        return []
    arms = asked.contrast[:1] if asked.contrast else tuple(asked.evidence.table.arms)
    return [_comparison(replace(asked, wanted=arm)) for arm in arms]


def _comparison(asked: Asked) -> Content:
    scores = MEANS[asked.statistic](asked) or asked.answers.scores(lambda _record: None)
    name, null = asked.evidence.table.arms[asked.wanted or 0].name, EVEN[asked.statistic]
    found = _mean(asked, scores)
    if asked.contrast:
        found = with_test(found, null=null)
    return {**_row(asked, found.labelled(arm=name)), "noninferiority": _against_margin(asked, found, null)}


def _mean(asked: Asked, scores: Scores) -> Estimate:
    bounds = SHARE if asked.statistic in SHARES else UNBOUNDED
    return crossed_mean(
        asked.statistic, scores, variant=_variant(asked), bounds=bounds, inference=asked.inference
    )


def _variant(asked: Asked) -> Variant:
    """Overlap with each other is a property of these very readers; all else speaks for others like them too."""
    among_readers = asked.statistic == "iou" and not asked.evidence.declared.reference_marks
    return "frrc" if among_readers else "rrrc"


def _difference(asked: list[Asked]) -> list[Content]:
    """The first arm of the contrast against the second, over the cases and readers that both have."""
    by_arm = {each.answers.arm: each for each in asked}
    contrast = asked[0].contrast if asked else None
    if contrast is None or asked[0].statistic not in MEANS or not set(contrast) <= set(by_arm):
        return []
    first, second = (MEANS[asked[0].statistic](by_arm[pk]) for pk in contrast)
    if first is None or second is None:
        return []
    found = paired_difference(
        "mean_score" if asked[0].statistic not in SHARES else asked[0].statistic,
        first,
        second,
        variant="rrrc",
        inference=asked[0].inference,
    )
    told = plain(found.labelled(criterion=asked[0].answers.criterion.key), contrast=asked[0].names)
    return [{**told, "noninferiority": _against_margin(asked[0], found, 0.0)}]


def _against_margin(asked: Asked, estimate: Estimate, null: float) -> Content | None:
    """The test against the margin, where one is declared; not while blinded, for its side would name the arms."""
    if asked.margin is None or asked.contrast is None or asked.evidence.table.blinding.is_blinded:
        return None
    return against_margin(
        estimate,
        statistic=asked.statistic,
        criterion=asked.answers.criterion,
        contrast=asked.names,
        margin=asked.margin,
        null=null,
    )


def _without_question(evidence: Evidence, statistic: str) -> list[Content]:
    """Figures that no question is asked for."""
    if statistic == "median_time":
        return [plain(each) for each in median_seconds(evidence)]
    if statistic == "rouge":
        return [plain(each) for each in agreement_with_reference(evidence)]
    if statistic == "iou":
        return _of_models(evidence)
    if statistic == "blinding_index":
        found = (each["blinding_index"] for each in leaving(evidence))
        return [row for row in found if row is not None]
    return [arm["rate"] for arm in refusals(evidence)] if statistic == "refusal_share" else []


def _of_models(evidence: Evidence) -> list[Content]:
    """The overlap of each model's own boxes with the reference marks, over cases; the model is taken as it is."""
    found = ((row.name, overlap_of_model(evidence, pk)) for pk, row in evidence.table.arms.items())
    return [
        plain(
            crossed_mean("iou", scores, variant="frrc", bounds=SHARE, inference=evidence.inference).labelled(
                arm=name
            ),
            reader=BOXES_OF_MODEL,
        )
        for name, scores in found
        if scores is not None
    ]


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
    return errors(asked.answers.scores(lambda record: record.score), numbers_in(asked.truths))


def _limits(asked: Asked) -> list[Estimate]:
    measured = asked.answers.scores(lambda record: record.score)
    return bland_altman_reference(measured, numbers_in(asked.truths), inference=asked.inference)


def numbers_in(truths: Mapping[str, str]) -> dict[str, float]:
    """The labels that are numbers, by the code of the case."""
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


def _tau_b(asked: Asked) -> list[Estimate]:
    scores = asked.answers.by_unit(lambda record: record.score)
    found = pairwise_correlations(scores, inference=asked.inference)
    return [each for each in found if each.estimator == "kendall_tau_b"]


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
    "iou": lambda asked: (
        asked.answers.scores(overlap_with_reference(asked.evidence.declared))
        if asked.evidence.declared.reference_marks
        else overlap_with_others(asked.answers)
    ),
    "hit_share": lambda asked: asked.answers.scores(hits(asked.evidence.declared)),
}
"""Statistics that are a mean over cases and readers, each by the number that a rating counts for."""

COMPARED = frozenset(EVEN)
SHARES = frozenset(MEANS) - {"mean_score", "mean_error"}
FIGURES: Mapping[str, Callable[[Asked], list[Estimate]]] = {
    "kappa": _agreement(light_kappa),
    "weighted_kappa": _agreement(light_kappa, weights="quadratic"),
    "ac1": _agreement(gwet_ac),
    "ac2": _agreement(gwet_ac, weights="quadratic"),
    "percent_agreement": _agreement(percent_agreement),
    "alpha": _alpha,
    "icc": lambda asked: [icc(asked.answers.by_unit(lambda record: record.score), inference=asked.inference)],
    "kendall_tau": _tau_b,
    "limits_of_agreement": _limits,
    "d_prime": _d_prime,
    "auc": _auc,
    "top_k": lambda asked: among_the_first(asked.evidence, asked.answers),
}
