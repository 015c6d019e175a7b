"""What every estimator returns: one figure with its method, its sample and its caveats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self


class Reason(StrEnum):
    """Why a figure, or its interval, does not exist. ``sentence`` says it in words."""

    NO_RATINGS = "no_ratings"
    NO_OVERLAP = "no_overlap"
    NO_VARIATION = "no_variation"
    ONE_READER = "one_reader"
    ONE_CASE = "one_case"
    TOO_FEW = "too_few"
    INCOMPLETE = "incomplete"
    ZERO_VARIANCE = "zero_variance"
    NEGATIVE_VARIANCE = "negative_variance"
    NOT_IDENTIFIABLE = "not_identifiable"
    UNSTABLE_RESAMPLING = "unstable_resampling"
    CATEGORY_UNUSED = "category_unused"
    UNEQUAL_READERS = "unequal_readers"
    NO_OUTPUTS = "no_outputs"
    NO_REFERENCE = "no_reference"
    ONE_CLASS = "one_class"
    NO_SHARED_CASES = "no_shared_cases"
    NO_DISCORDANT_PAIRS = "no_discordant_pairs"
    NOT_ESTIMABLE = "not_estimable"
    NOT_LATIN = "not_latin"
    NO_TEXT = "no_text"
    NO_REGIONS = "no_regions"
    NO_REPEATS = "no_repeats"
    NO_MAJORITY = "no_majority"
    NO_GUESSES = "no_guesses"
    NOT_CONVERGED = "not_converged"

    @property
    def sentence(self) -> str:
        """The reason as a sentence for a report."""
        return _REASON_SENTENCES[self]


_REASON_SENTENCES: Mapping[Reason, str] = {
    Reason.NO_RATINGS: "There is no rating to compute this from.",
    Reason.NO_OVERLAP: "No output was rated by two readers, so agreement cannot be computed.",
    Reason.NO_VARIATION: "All ratings are the same, so the figure would be zero divided by zero.",
    Reason.ONE_READER: "Only one reader gave ratings, so nothing can be said about other readers.",
    Reason.ONE_CASE: "Only one case was rated, so nothing can be said about other cases.",
    Reason.TOO_FEW: "There are too few cases or readers for this figure.",
    Reason.INCOMPLETE: "The figure needs every reader to have rated every case, and too few cases are complete.",
    Reason.ZERO_VARIANCE: "The estimated standard error is zero, so an interval would claim certainty.",
    Reason.NEGATIVE_VARIANCE: "The unbiased variance estimate is negative, so it gives no standard error.",
    Reason.NOT_IDENTIFIABLE: "The design does not separate case from reader variation, so no interval can be given.",
    Reason.UNSTABLE_RESAMPLING: "Too many bootstrap resamples left the figure undefined, so no interval can be given.",
    Reason.CATEGORY_UNUSED: "No output with two ratings was put into this category.",
    Reason.UNEQUAL_READERS: "The test needs the same number of ratings for every output.",
    Reason.NO_OUTPUTS: "There is no output to count.",
    Reason.NO_REFERENCE: "No rated case has a reference standard.",
    Reason.ONE_CLASS: "The cases all belong to one class of the reference standard.",
    Reason.NO_SHARED_CASES: "The two arms share no rated case.",
    Reason.NO_DISCORDANT_PAIRS: "The two arms never differ, so the exact test has nothing to count.",
    Reason.NOT_ESTIMABLE: "This arm has no finite estimate: it won or lost every comparison that could place it.",
    Reason.NOT_LATIN: "A text is not in Latin letters, of which ROUGE alone can count words.",
    Reason.NO_TEXT: "No case has both a text and a reference text.",
    Reason.NO_REGIONS: "No case has both a marked region and a reference region to compare.",
    Reason.NO_REPEATS: "No output was read twice by the same reader.",
    Reason.NO_MAJORITY: "No case has a label that more than half of its readers gave.",
    Reason.NO_GUESSES: "Nobody guessed where an output came from.",
    Reason.NOT_CONVERGED: "The model has no finite best fit to these ratings.",
}


class Caution(StrEnum):
    """What a reader of a defined figure should know. ``sentence`` says it in words."""

    FEW_CASES = "few_cases"
    HIGH_PREVALENCE = "high_prevalence"
    SCALE_NOT_DECLARED = "scale_not_declared"
    PAIRS_LEFT_OUT = "pairs_left_out"
    RESAMPLES_DROPPED = "resamples_dropped"
    CASES_LEFT_OUT = "cases_left_out"
    NEGATIVE_COMPONENT = "negative_component"
    TEXTS_LEFT_OUT = "texts_left_out"

    @property
    def sentence(self) -> str:
        """The caution as a sentence for a report."""
        return _CAUTION_SENTENCES[self]


_CAUTION_SENTENCES: Mapping[Caution, str] = {
    Caution.FEW_CASES: "Fewer than 10 cases carry this figure; read it as a description only.",
    Caution.HIGH_PREVALENCE: (
        "One category holds more than 90 % of the ratings; kappa and alpha are unstable and their intervals too short."
    ),
    Caution.SCALE_NOT_DECLARED: (
        "The scale was guessed from the ratings; a category that nobody used would change this figure."
    ),
    Caution.PAIRS_LEFT_OUT: "Some reader pairs have no defined kappa and are left out of the mean.",
    Caution.RESAMPLES_DROPPED: "Some bootstrap resamples left the figure undefined and were left out of the interval.",
    Caution.CASES_LEFT_OUT: "Cases without a rating from every reader are left out.",
    Caution.NEGATIVE_COMPONENT: "A variance component was estimated below zero and set to zero.",
    Caution.TEXTS_LEFT_OUT: "Texts that are not in Latin letters are left out, for ROUGE cannot count their words.",
}

_Plain = bool | int | float | str | None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One figure of a report.

    ``value`` is None exactly when the figure is undefined, and then ``reason`` says why. A defined
    value may still lack an interval; ``reason`` then explains the missing interval. ``df`` is the
    degrees of freedom of t or chi-square, and the denominator ones of F. ``p`` is two-sided unless
    the variant says otherwise. ``n_cases`` counts distinct cases, ``n_ratings`` the ratings used,
    and ``n_missing`` the blank cells among the readers who rated at all.
    """

    estimator: str
    variant: str | None = None
    criterion: str | None = None
    arm: str | None = None
    contrast: str | None = None
    reader: str | None = None
    category: _Plain = None
    value: float | None = None
    se: float | None = None
    ci: tuple[float, float] | None = None
    level: float | None = None
    ci_method: str | None = None
    p: float | None = None
    statistic: float | None = None
    df: float | None = None
    n_cases: int | None = None
    n_readers: int | None = None
    n_ratings: int | None = None
    n_missing: int | None = None
    seed: int | None = None
    resamples: int | None = None
    reason: Reason | None = None
    cautions: tuple[Caution, ...] = ()

    def __post_init__(self) -> None:
        if self.value is None and self.reason is None:
            raise ValueError(f"The undefined estimate {self.estimator} gives no reason.")
        for name in ("value", "se", "level", "p", "statistic", "df"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(f"The {name} of {self.estimator} is not a finite number.")
        if self.ci is not None and not all(math.isfinite(limit) for limit in self.ci):
            raise ValueError(f"The interval of {self.estimator} is not finite.")

    @classmethod
    def undefined(cls, estimator: str, reason: Reason, *, variant: str | None = None) -> Self:
        """Return the estimate of a figure that the data do not define."""
        return cls(estimator=estimator, variant=variant, reason=reason)

    def with_sample(self, sample: Sample) -> Self:
        """Return this estimate with the counts of the ratings it rests on."""
        return replace(
            self,
            n_cases=sample.n_cases,
            n_readers=sample.n_readers,
            n_ratings=sample.n_ratings,
            n_missing=sample.n_missing,
        )

    def with_cautions(self, *cautions: Caution) -> Self:
        """Return this estimate with further cautions, each kept once."""
        new = tuple(caution for caution in cautions if caution not in self.cautions)
        return replace(self, cautions=self.cautions + new)

    def labelled(
        self,
        *,
        criterion: str | None = None,
        arm: str | None = None,
        contrast: str | None = None,
        reader: str | None = None,
    ) -> Self:
        """Return this estimate with the labels given; labels left out stay as they are."""
        given = {"criterion": criterion, "arm": arm, "contrast": contrast, "reader": reader}
        known = {name: label for name, label in given.items() if label is not None}
        return replace(self, **known)  # type: ignore[arg-type]  # replace() cannot type unpacked labels

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values: None where undefined, never NaN, never a numpy type."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a figure rests on: distinct cases, readers with data, ratings, blank cells."""

    n_cases: int
    n_readers: int
    n_ratings: int
    n_missing: int = 0


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    return value.item() if hasattr(value, "item") else value
