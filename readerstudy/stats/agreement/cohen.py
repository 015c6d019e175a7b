"""Cohen's kappa of reader pairs, and Light's kappa, their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from readerstudy.stats.agreement.coefficients import output_cases
from readerstudy.stats.agreement.prevalence import sample_cautions
from readerstudy.stats.agreement.weights import Weights, agreement_weights
from readerstudy.stats.arrays import FloatArray, IntArray, NumberArray
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference, Uncertainty, t_uncertainty
from readerstudy.stats.quantiles import normal_two_sided_p
from readerstudy.stats.ratings import Ratings
from readerstudy.stats.scale import Kind, Label, Scale
from readerstudy.stats.sums import (
    CASE_BOOTSTRAP,
    CLUSTER_BOOTSTRAP,
    SumStatistic,
    bootstrap,
    linearised,
    percentile,
    resampled_values,
)

LARGE_SAMPLE = "Fleiss-Cohen-Everitt large-sample, normal"
_PAIRS_AT_ONCE = 16


def cohen_kappa(
    ratings: Ratings,
    first: str,
    second: str,
    *,
    weights: Weights = "unweighted",
    inference: Inference = DEFAULT,
) -> Estimate:
    """Return Cohen's kappa of two readers over the outputs that both rated.

    kappa = (p_o - p_e)/(1 - p_e) with agreement weights (Cohen 1960; Psychol Bull 70:213, 1968). The
    default interval is normal with the large-sample standard error of Fleiss, Cohen & Everitt
    (Psychol Bull 72:323, 1969); ``statistic`` and ``p`` test kappa = 0 with their null standard
    error. Where a case has several outputs the interval is a bootstrap of whole cases.
    """
    columns = ratings.readers.index(first), ratings.readers.index(second)
    return _pair(ratings, columns, weights, inference)


def pairwise_cohen(
    ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return Cohen's kappa of every reader pair, in column order; ``reader`` names it "R1|R2"."""
    pairs = list(combinations(range(len(ratings.readers)), 2))
    drawn = _drawn_together(ratings, pairs, weights, inference)
    return [_pair(ratings, pair, weights, inference, drawn.get(pair)) for pair in pairs]


def light_kappa(
    ratings: Ratings, *, weights: Weights = "unweighted", inference: Inference = DEFAULT
) -> Estimate:
    """Return Light's kappa: the mean of Cohen's kappa over the reader pairs that define one.

    Light, Psychol Bull 76:365, 1971. The default interval is linearised over outputs, or a bootstrap
    of whole cases where a case has several outputs. Pairs without a kappa are left out with a
    caution.
    """
    used = ratings.used()
    graded = agreement_weights(ratings.scale, weights)
    pairs = list(combinations(range(len(used.readers)), 2))
    statistics = {pair: _pair_statistic(used, pair, graded) for pair in pairs}
    kappas = {pair: _kappa_of(statistic) for pair, statistic in statistics.items()}
    defined = [pair for pair in pairs if kappas[pair] is not None]
    if not defined:
        reason = _no_pairs_reason(used, pairs)
        return Estimate.undefined("light_kappa", reason, variant=weights).with_sample(ratings.sample())
    value = float(np.mean([kappas[pair] for pair in defined]))
    estimate = Estimate(estimator="light_kappa", variant=weights, value=value)
    estimate = estimate.with_sample(ratings.sample()).with_cautions(*sample_cautions(used))
    if len(defined) < len(pairs):
        estimate = estimate.with_cautions(Caution.PAIRS_LEFT_OUT)
    chosen = [statistics[pair] for pair in defined]
    return _light_uncertainty(used, chosen, value, inference).attach(estimate, level=inference.level)


def ratings_from_table(
    table: Sequence[Sequence[int]] | IntArray,
    *,
    categories: Sequence[Label],
    kind: Kind = Kind.ORDINAL,
    readers: tuple[str, str] = ("R1", "R2"),
) -> Ratings:
    """Return the ratings behind a square contingency table: rows the first reader, columns the second."""
    counts = np.asarray(table, dtype=np.int64)
    rows, columns = np.indices(counts.shape)
    codes = np.stack([rows.ravel().repeat(counts.ravel()), columns.ravel().repeat(counts.ravel())], axis=1)
    units = tuple(str(number) for number in range(1, len(codes) + 1))
    return Ratings(codes=codes, scale=Scale.of_kind(kind, categories), units=units, readers=readers)


def _drawn_together(
    ratings: Ratings, pairs: list[tuple[int, int]], weights: Weights, inference: Inference
) -> dict[tuple[int, int], FloatArray]:
    # Where every reader rated every output of clustered cases, all pairs have the same resamples, and blocks of
    # pairs are summed at once. The values are those of each pair by itself.
    cases = output_cases(ratings)
    if cases is None or not ratings.rated.all() or len(np.unique(cases)) == len(cases):
        return {}
    if inference.method == "linearised" or not len(cases):
        return {}
    graded = agreement_weights(ratings.scale, weights)
    drawn: dict[tuple[int, int], FloatArray] = {}
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        block = pairs[start : start + _PAIRS_AT_ONCE]
        statistics = [_pair_statistic(ratings, pair, graded) for pair in block]
        values = resampled_values(_side_by_side(statistics, cases), inference=inference)
        drawn |= {pair: values[:, at] for at, pair in enumerate(block)}
    return drawn


def _pair(
    ratings: Ratings,
    columns: tuple[int, int],
    weights: Weights,
    inference: Inference,
    drawn: FloatArray | None = None,
) -> Estimate:
    both = ratings.pair(*columns)
    graded = agreement_weights(ratings.scale, weights)
    name = "|".join(both.readers)
    blank = Estimate(estimator="cohen_kappa", variant=weights, reader=name, reason=Reason.NO_OVERLAP)
    blank = blank.with_sample(both.sample())
    if not len(both.units):
        return blank
    statistic = _pair_statistic(both, (0, 1), graded)
    value = _kappa_of(statistic)
    if value is None:
        return replace(blank, reason=Reason.NO_VARIATION)
    estimate = replace(blank, value=value, reason=None).with_cautions(*sample_cautions(both))
    if inference.method == "bootstrap" or (inference.method == "auto" and statistic.clustered):
        uncertainty = _resampled(statistic, drawn, inference)
    else:
        uncertainty = _large_sample(statistic, value, graded, inference)
    return uncertainty.attach(estimate, level=inference.level)


def _resampled(statistic: SumStatistic, drawn: FloatArray | None, inference: Inference) -> Uncertainty:
    if drawn is None or statistic.n_cases < 2:
        return bootstrap(statistic, inference=inference)
    return percentile(drawn, method=CLUSTER_BOOTSTRAP, inference=inference)


def _pair_statistic(ratings: Ratings, columns: tuple[int, int], graded: FloatArray) -> SumStatistic:
    # Features of an output: both rated it, their weighted agreement, the category of each.
    first, second = ratings.codes[:, columns[0]], ratings.codes[:, columns[1]]
    both = (first >= 0) & (second >= 0)
    choices = np.eye(len(graded))
    contributions = np.column_stack(
        [np.ones(len(first)), graded[first, second], choices[first], choices[second]]
    )
    contributions[~both] = 0.0

    def kappa(sums: NumberArray) -> NumberArray:
        return _kappa(sums, graded)

    return SumStatistic(contributions=contributions, function=kappa, cases=output_cases(ratings))


def _kappa(sums: NumberArray, graded: FloatArray) -> NumberArray:
    q = len(graded)
    n = sums[..., :1]
    observed = sums[..., 1] / sums[..., 0]
    rows, columns = sums[..., 2 : 2 + q] / n, sums[..., 2 + q :] / n
    expected = ((rows @ graded) * columns).sum(axis=-1)
    defined = (1.0 - expected).real > 1e-12
    return np.where(defined, (observed - expected) / np.where(defined, 1.0 - expected, 1.0), np.nan)


def _kappa_of(statistic: SumStatistic) -> float | None:
    if not statistic.contributions[:, 0].any():
        return None
    value = statistic.value()
    return value if np.isfinite(value) else None


def _large_sample(
    statistic: SumStatistic, value: float, graded: FloatArray, inference: Inference
) -> Uncertainty:
    # The variance of Fleiss, Cohen & Everitt is the delta method's: mean squared influence over n.
    n = len(statistic.contributions)
    se = float(np.sqrt(np.sum(statistic.deviations() ** 2))) / n
    uncertainty = t_uncertainty(
        value, se, np.inf, level=inference.level, method=LARGE_SAMPLE, bounds=(-np.inf, 1.0)
    )
    null = _null_standard_error(statistic.contributions.sum(axis=0), graded)
    if null <= 0.0:
        return replace(uncertainty, statistic=None, p=None)
    return replace(uncertainty, statistic=value / null, p=normal_two_sided_p(value / null))


def _null_standard_error(sums: FloatArray, graded: FloatArray) -> float:
    q, n = len(graded), sums[0]
    rows, columns = sums[2 : 2 + q] / n, sums[2 + q :] / n
    mean_weight = np.add.outer(graded @ columns, graded @ rows)
    expected = rows @ graded @ columns
    variance = rows @ (graded - mean_weight) ** 2 @ columns - expected**2
    return float(np.sqrt(max(variance, 0.0) / n) / (1.0 - expected))


def _light_uncertainty(
    used: Ratings, statistics: list[SumStatistic], value: float, inference: Inference
) -> Uncertainty:
    cases = output_cases(used)
    clustered = statistics[0].clustered
    if inference.method == "bootstrap" or (inference.method == "auto" and clustered):
        method = CLUSTER_BOOTSTRAP if clustered else CASE_BOOTSTRAP
        order = _row_order(used) if cases is None else cases
        return percentile(
            mean_kappa_resamples(statistics, order, inference), method=method, inference=inference
        )
    deviations = np.mean([statistic.deviations() for statistic in statistics], axis=0)
    return linearised(deviations, value, inference=inference, cases=cases)


def kappa_statistics(
    ratings: Ratings, pairs: Sequence[tuple[int, int]], weights: Weights
) -> list[SumStatistic]:
    """Return Cohen's kappa of each pair of columns as a function of sums, undefined ones left out."""
    if not ratings.rated.any():
        return []
    graded = agreement_weights(ratings.scale, weights)
    statistics = [_pair_statistic(ratings, pair, graded) for pair in pairs]
    return [statistic for statistic in statistics if _kappa_of(statistic) is not None]


def mean_kappa_resamples(statistics: list[SumStatistic], order: IntArray, inference: Inference) -> FloatArray:
    """Return the mean of several kappas in each resample, shape (resamples,).

    ``order`` numbers the case of each output, shape (outputs,): calls with the same order and seed
    see the same resamples, and so may be subtracted. Blocks of pairs keep the memory small.
    """
    total, defined = np.zeros(inference.resamples), np.zeros(inference.resamples)
    for start in range(0, len(statistics), _PAIRS_AT_ONCE):
        block = statistics[start : start + _PAIRS_AT_ONCE]
        values = resampled_values(_side_by_side(block, order), inference=inference)
        total += np.nansum(values, axis=-1)
        defined += np.isfinite(values).sum(axis=-1)
    means: FloatArray = np.divide(total, defined, out=np.full_like(total, np.nan), where=defined > 0)
    return means


def _side_by_side(statistics: list[SumStatistic], order: IntArray) -> SumStatistic:
    width = statistics[0].contributions.shape[1]

    def kappas(sums: NumberArray) -> NumberArray:
        parts = [sums[..., at * width : (at + 1) * width] for at in range(len(statistics))]
        return np.stack(
            [statistic.function(part) for statistic, part in zip(statistics, parts, strict=True)], axis=-1
        )

    contributions = np.concatenate([statistic.contributions for statistic in statistics], axis=1)
    return SumStatistic(contributions=contributions, function=kappas, cases=order)


def _row_order(used: Ratings) -> IntArray:
    # A place for each output that depends on its ratings alone, not on its row.
    order = np.lexsort(np.sort(used.codes, axis=1).T)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def _no_pairs_reason(used: Ratings, pairs: list[tuple[int, int]]) -> Reason:
    if used.codes.size == 0:
        return Reason.NO_RATINGS
    if not pairs:
        return Reason.ONE_READER
    overlaps = any(len(used.pair(*pair).units) for pair in pairs)
    return Reason.NO_VARIATION if overlaps else Reason.NO_OVERLAP
