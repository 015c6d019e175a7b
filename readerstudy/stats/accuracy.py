"""Classification against a reference standard, and paired tests between arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.alignment import Variant, pair_up, share_of_readings
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.intervals import NEWCOMBE_PAIRED, newcombe_paired
from readerstudy.stats.quantiles import binomial_lower_p, binomial_p, chi2_upper_p
from readerstudy.stats.ratings import Ratings, RatingsError, Scores
from readerstudy.stats.refusals import as_intended
from readerstudy.stats.scale import Label, Scale, ScaleError


@dataclass(frozen=True, kw_only=True)
class Correctness:
    """Which readings were right.

    ``marks`` holds 1 where a label is the case's true one, 0 where not, NaN where there is no label
    or no reference. ``truth`` holds the true category's position of each row, -1 where unknown.
    """

    marks: Scores
    truth: IntArray
    scale: Scale

    def counting_refusals(self, refused: BoolArray) -> Correctness:
        """Return the marks "as intended": a refused reading of a case with a reference is wrong.

        ``refused`` has the shape of the marks, see :func:`readerstudy.stats.refusals.refused_cells`.
        """
        known = (self.truth >= 0)[:, np.newaxis]
        return replace(self, marks=as_intended(self.marks, refused & known))

    def among(self, chosen: BoolArray) -> Scores:
        """Return the marks of the chosen rows."""
        return self.marks.rows(chosen)

    def is_positive(self, positive: Label) -> BoolArray:
        """Return which rows are truly positive; raises ScaleError for a category off the scale."""
        code = self.scale.code(positive)
        if code is None:
            raise ScaleError("The positive category is not on the declared scale. Correct one of the two.")
        positives: BoolArray = self.truth == code
        return positives


def correctness(labels: Ratings, reference: Mapping[str, Label]) -> Correctness:
    """Return which labels agree with the true category of their case.

    Raises RatingsError for a true category that is not on the scale.
    """
    truth = np.array([_true_code(labels, reference, case) for case in labels.case_names], dtype=np.int64)
    right = (labels.codes == truth[:, np.newaxis]).astype(np.float64)
    values = np.where(labels.rated & (truth >= 0)[:, np.newaxis], right, np.nan)
    marks = Scores(values=values, units=labels.units, readers=labels.readers, cases=labels.cases)
    return Correctness(marks=marks, truth=truth, scale=labels.scale)


def accuracy(correct: Correctness, *, variant: Variant = "rrrc", inference: Inference = DEFAULT) -> Estimate:
    """Return the share of correct readings among cases with a reference.

    With one reader (a model's own label, for one) and one reading of each case the interval is
    Wilson's; with several readers it is the crossed-design interval of the variant.
    """
    marks = correct.among(correct.truth >= 0)
    return _share("accuracy", marks, variant=variant, inference=inference)


def sensitivity(
    correct: Correctness, positive: Label, *, variant: Variant = "rrrc", inference: Inference = DEFAULT
) -> Estimate:
    """Return the share of correct readings among cases that are truly positive."""
    marks = correct.among(correct.is_positive(positive))
    return _share("sensitivity", marks, variant=variant, inference=inference)


def specificity(
    correct: Correctness, positive: Label, *, variant: Variant = "rrrc", inference: Inference = DEFAULT
) -> Estimate:
    """Return the share of correct readings among cases that are truly not positive."""
    negative = (correct.truth >= 0) & ~correct.is_positive(positive)
    return _share("specificity", correct.among(negative), variant=variant, inference=inference)


def mcnemar(first: Scores, second: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the exact McNemar test of two arms, variants "exact" and "mid_p".

    ``value`` is the difference of the two shares with Newcombe's paired interval, ``statistic`` the
    smaller discordant count. Mid-p after Fagerland, Lydersen & Laake, BMC Med Res Methodol 13:91,
    2013. Needs one reading of each case in each arm; raises RatingsError otherwise.
    """
    pairs = _discordance(first, second)
    _, first_only, second_only, _ = pairs
    n = sum(pairs)
    counted = pair_up(first, second).sample()
    variants = ("exact", "mid_p")
    if n == 0:
        blank = [Estimate.undefined("mcnemar", Reason.NO_SHARED_CASES, variant=name) for name in variants]
        return [estimate.with_sample(counted) for estimate in blank]
    estimate = Estimate(
        estimator="mcnemar",
        value=(first_only - second_only) / n,
        ci=newcombe_paired(*pairs, level=inference.level),
        level=inference.level,
        ci_method=NEWCOMBE_PAIRED,
        statistic=float(min(first_only, second_only)),
    ).with_sample(counted)
    p_values = exact_mcnemar_p(first_only, second_only)
    reason = Reason.NO_DISCORDANT_PAIRS if p_values[0] is None else None
    return [
        replace(estimate, variant=name, p=p, reason=reason)
        for name, p in zip(variants, p_values, strict=True)
    ]


def exact_mcnemar_p(first_only: int, second_only: int) -> tuple[float | None, float | None]:
    """Return the two-sided exact p-value and the mid-p of discordant counts; None without a discordant pair."""
    discordant, smaller = first_only + second_only, min(first_only, second_only)
    if discordant == 0:
        return None, None
    exact = min(1.0, 2.0 * binomial_lower_p(smaller, discordant, 0.5))
    at = binomial_p(smaller, discordant, 0.5)
    return exact, exact - (0.5 * at if first_only == second_only else at)


def cochran_q(arms: FloatArray) -> Estimate:
    """Return Cochran's Q test that three or more arms are equally often right, (arms - 1) df.

    ``arms`` has shape (cases, arms) with 1 and 0; cases with a blank are left out. ``value`` and
    ``statistic`` are Q (Cochran, Biometrika 37:256, 1950).
    """
    complete = arms[~np.isnan(arms).any(axis=1)]
    k = arms.shape[1]
    right, by_case = complete.sum(axis=0), complete.sum(axis=1)
    spread = float((k * by_case - by_case**2).sum())
    if spread == 0.0:
        reason = Reason.NO_DISCORDANT_PAIRS if len(complete) else Reason.NO_SHARED_CASES
        return replace(Estimate.undefined("cochran_q", reason), n_cases=len(complete))
    q = float((k - 1) * (k * (right**2).sum() - right.sum() ** 2) / spread)
    return Estimate(
        estimator="cochran_q",
        value=q,
        statistic=q,
        df=float(k - 1),
        p=chi2_upper_p(q, k - 1),
        n_cases=len(complete),
        n_missing=int(np.isnan(arms).sum()),
    )


def _share(estimator: str, correct: Scores, *, variant: Variant, inference: Inference) -> Estimate:
    if not correct.units:
        undefined = Estimate.undefined(estimator, Reason.NO_REFERENCE, variant=variant)
        return undefined.with_sample(correct.sample())
    return share_of_readings(estimator, correct, variant=variant, inference=inference)


def _true_code(labels: Ratings, reference: Mapping[str, Label], case: str) -> int:
    if case not in reference:
        return -1
    code = labels.scale.code(reference[case])
    if code is None:
        raise RatingsError(
            f'The reference standard of case "{case}" is not on the declared scale. '
            "Correct the reference or declare the category."
        )
    return code


def _discordance(first: Scores, second: Scores) -> tuple[int, int, int, int]:
    differences = pair_up(first, second)
    if (differences.rated.sum(axis=1) > 1).any():
        raise RatingsError(
            "The exact McNemar test needs one reading of each case in each arm. "
            "With several readers use the paired difference of the crossed design."
        )
    difference = differences.values[differences.rated]
    sums = pair_up(first, second.with_values(-second.values)).values
    total = sums[~np.isnan(sums)]
    return (
        int((total == 2.0).sum()),
        int((difference == 1.0).sum()),
        int((difference == -1.0).sum()),
        int((total == 0.0).sum()),
    )
