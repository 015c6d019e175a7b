"""Percent agreement and the chance-corrected coefficients that share one formula.

Observed agreement is p_a, the mean over outputs with two or more ratings of the weighted share of
agreeing reader pairs; the coefficient is (p_a - p_e)/(1 - p_e). Outputs with one rating still tell
p_e which categories are common (Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014). Standard
errors take outputs as random and readers as fixed. By default the interval is linearised with
n-1 df when every output is its own case, and a bootstrap of whole cases otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from readerstudy.stats.agreement.chance import BrennanPrediger, Chance, Conger, Fleiss, Gwet, NoChance
from readerstudy.stats.agreement.prevalence import sample_cautions
from readerstudy.stats.agreement.weights import Weights, agreement_weights
from readerstudy.stats.arrays import FloatArray, IntArray, NumberArray
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.quantiles import normal_two_sided_p
from readerstudy.stats.ratings import Ratings, case_positions
from readerstudy.stats.scale import Scale
from readerstudy.stats.sums import SumStatistic, bootstrap, linearised

_UNDEFINED_BELOW = 1e-12
_SHARE = (0.0, 1.0)
_COEFFICIENT = (-np.inf, 1.0)


def percent_agreement(
    ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT
) -> Estimate:
    """Return the observed agreement p_a, weighted if asked; between 0 and 1."""
    return _agreement("percent_agreement", ratings, weights, lambda _: NoChance(), inference=inference)


def gwet_ac(ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT) -> Estimate:
    """Return Gwet's AC1 (unweighted) or AC2 (weighted), on the declared scale."""
    estimate = _agreement("gwet_ac", ratings, weights, Gwet, inference=inference)
    return _with_scale_caution(estimate, ratings.scale)


def fleiss_kappa(
    ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT
) -> Estimate:
    """Return Fleiss' kappa, generalised to missing ratings and to weights."""
    return _agreement("fleiss_kappa", ratings, weights, Fleiss, inference=inference)


def conger_kappa(
    ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT
) -> Estimate:
    """Return Conger's kappa, for readers who are the same people throughout."""
    return _agreement("conger_kappa", ratings, weights, Conger, inference=inference)


def brennan_prediger(
    ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT
) -> Estimate:
    """Return the Brennan-Prediger coefficient, on the declared scale."""
    estimate = _agreement("brennan_prediger", ratings, weights, BrennanPrediger, inference=inference)
    return _with_scale_caution(estimate, ratings.scale)


def specific_agreement(ratings: Ratings, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the agreement specific to each category, in scale order.

    For category k it is the chance that a second reader also chose k, given that a first one did:
    sum n_k(n_k - 1) / sum n_k(n - 1) over outputs with n >= 2 ratings, n_k of them k (Fleiss,
    Biometrics 31:651, 1975; Uebersax 1982).
    """
    used = ratings.used()
    reason = unpaired_reason(used)
    if reason is not None:
        undefined = Estimate.undefined("percent_agreement", reason, variant="specific")
        return [_in_category(undefined, category, ratings) for category in ratings.scale.categories]
    counts = used.counts()
    total = counts.sum(axis=1, keepdims=True)
    agreeing, possible = counts * (counts - 1.0), counts * np.maximum(total - 1.0, 0.0)
    cases = output_cases(used)
    estimates = []
    for code, category in enumerate(ratings.scale.categories):
        pairs = np.stack([agreeing[:, code], possible[:, code]], axis=1)
        estimate = _specific(SumStatistic(contributions=pairs, function=_ratio, cases=cases), inference)
        estimates.append(_in_category(estimate, category, ratings))
    return estimates


def fleiss_kappa_by_category(ratings: Ratings, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return Fleiss' kappa of each category against all others together, in scale order."""
    estimates = []
    for code, category in enumerate(ratings.scale.categories):
        codes = np.where(ratings.rated, (ratings.codes == code).astype(np.int64), ratings.codes)
        collapsed = Ratings(
            codes=codes,
            scale=Scale(("other", "this")),
            units=ratings.units,
            readers=ratings.readers,
            cases=ratings.cases,
        )
        estimates.append(_in_category(fleiss_kappa(collapsed, inference=inference), category, ratings))
    return estimates


def fleiss_null_test(ratings: Ratings) -> Estimate:
    """Return the z test that Fleiss' kappa is zero, variant "null_test".

    The standard error holds under no agreement beyond chance only, so it carries no interval
    (Fleiss, Nee & Landis, Psychol Bull 86:974, 1979). Needs equally many ratings for every output.
    """
    used = ratings.used()
    counts = used.counts()
    n, m = len(counts), counts.sum(axis=1)
    reason = unpaired_reason(used) or (Reason.UNEQUAL_READERS if np.ptp(m) > 0 else None)
    kappa = fleiss_kappa(ratings).value
    if reason is not None or kappa is None:
        reason = reason or Reason.NO_VARIATION
        estimate = Estimate.undefined("fleiss_kappa", reason, variant="null_test")
        return estimate.with_sample(ratings.sample())
    share = counts.sum(axis=0) / counts.sum()
    spread = share * (1.0 - share)
    bracket = spread.sum() ** 2 - (spread * (1.0 - 2.0 * share)).sum()
    se = float(np.sqrt(2.0 * bracket / (n * m[0] * (m[0] - 1.0))) / spread.sum())
    return Estimate(
        estimator="fleiss_kappa",
        variant="null_test",
        value=kappa,
        se=se,
        statistic=kappa / se,
        p=normal_two_sided_p(kappa / se),
    ).with_sample(ratings.sample())


def unpaired_reason(used: Ratings) -> Reason | None:
    """Return why no two ratings can be compared, or None if they can."""
    if used.codes.size == 0:
        return Reason.NO_RATINGS
    if (used.rated.sum(axis=1) >= 2).any():
        return None
    return Reason.ONE_READER if len(used.readers) == 1 else Reason.NO_OVERLAP


def output_cases(ratings: Ratings) -> IntArray | None:
    """Return the position of each output's case, or None where every output is its own case."""
    return None if ratings.cases is None else case_positions(ratings.cases)


def with_interval(
    estimate: Estimate,
    statistic: SumStatistic,
    *,
    inference: Inference,
    bounds: tuple[float, float] = _COEFFICIENT,
    test: bool = True,
) -> Estimate:
    """Return a defined estimate with the interval that ``inference`` asks for.

    "auto" is linearised when every output is its own case, else a bootstrap of whole cases.
    """
    if inference.method == "bootstrap" or (inference.method == "auto" and statistic.clustered):
        return bootstrap(statistic, inference=inference).attach(estimate, level=inference.level)
    uncertainty = linearised(
        statistic.deviations(),
        statistic.value(),
        inference=inference,
        cases=statistic.cases,
        bounds=bounds,
        test=test,
    )
    return uncertainty.attach(estimate, level=inference.level)


def _agreement(
    estimator: str,
    ratings: Ratings,
    weights: Weights,
    chance_of: Callable[[FloatArray], Chance],
    *,
    inference: Inference,
) -> Estimate:
    graded = agreement_weights(ratings.scale, weights)
    used = ratings.used()
    reason = unpaired_reason(used)
    if reason is not None:
        return Estimate.undefined(estimator, reason, variant=weights).with_sample(ratings.sample())
    chance = chance_of(graded)
    statistic = _statistic(used, graded, chance)
    value = statistic.value()
    if not np.isfinite(value):
        undefined = Estimate.undefined(estimator, Reason.NO_VARIATION, variant=weights)
        return undefined.with_sample(ratings.sample())
    statistic = _gwet_centred(statistic, value)
    share = isinstance(chance, NoChance)
    estimate = with_interval(
        Estimate(estimator=estimator, variant=weights, value=value).with_sample(ratings.sample()),
        statistic,
        inference=inference,
        bounds=_SHARE if share else _COEFFICIENT,
        test=not share,
    )
    return estimate.with_cautions(*sample_cautions(used, prevalence=not share))


def _statistic(used: Ratings, graded: FloatArray, chance: Chance) -> SumStatistic:
    counts = used.counts()
    total = counts.sum(axis=1)
    paired = total >= 2.0
    agreeing = (counts * (counts @ graded - 1.0)).sum(axis=1)
    agreement = np.where(paired, agreeing / np.where(paired, total * (total - 1.0), 1.0), 0.0)
    heads = np.stack([np.ones(len(counts)), paired.astype(np.float64), agreement], axis=1)
    contributions = np.concatenate([heads, chance.features(used)], axis=1)

    def coefficient(sums: NumberArray) -> NumberArray:
        observed = sums[..., 2] / sums[..., 1]
        expected = chance.expected(sums[..., 3:] / sums[..., :1])
        defined = (1.0 - expected).real > _UNDEFINED_BELOW
        return np.where(defined, (observed - expected) / np.where(defined, 1.0 - expected, 1.0), np.nan)

    return SumStatistic(contributions=contributions, function=coefficient, cases=output_cases(used))


def _gwet_centred(statistic: SumStatistic, value: float) -> SumStatistic:
    # Gwet's published variance takes the number of outputs with two ratings as fixed: such an output
    # has pseudo-value (n/n2)(p_a - p_e)/(1 - p_e), and one with a single rating has 0, not the mean.
    paired = statistic.contributions[:, 1]
    return SumStatistic(
        contributions=statistic.contributions,
        function=statistic.function,
        cases=statistic.cases,
        centring=value * (paired / paired.mean() - 1.0),
    )


def _specific(statistic: SumStatistic, inference: Inference) -> Estimate:
    value = statistic.value() if statistic.contributions[:, 1].any() else np.nan
    if not np.isfinite(value):
        return Estimate.undefined("percent_agreement", Reason.CATEGORY_UNUSED, variant="specific")
    estimate = Estimate(estimator="percent_agreement", variant="specific", value=value)
    return with_interval(estimate, statistic, inference=inference, bounds=_SHARE, test=False)


def _ratio(sums: NumberArray) -> NumberArray:
    return sums[..., 0] / sums[..., 1]


def _in_category(estimate: Estimate, category: str | int | float | bool, ratings: Ratings) -> Estimate:
    return replace(estimate.with_sample(ratings.sample()), category=category)


def _with_scale_caution(estimate: Estimate, scale: Scale) -> Estimate:
    if scale.declared or estimate.value is None:
        return estimate
    return estimate.with_cautions(Caution.SCALE_NOT_DECLARED)
