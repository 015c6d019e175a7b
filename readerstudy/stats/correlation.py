"""Rank correlations: Spearman's rho and Kendall's tau-b, with a bootstrap of whole cases.

For two readers of the same outputs, and for an automatic metric beside what experts said. The
interval is the percentile bootstrap of cases; ``p`` tests no association by Spearman's t with n - 2
df or Kendall's tie-corrected normal approximation, where every pair is its own case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.quantiles import normal_two_sided_p, t_two_sided_p
from readerstudy.stats.ratings import Scores, case_positions
from readerstudy.stats.sums import CASE_BOOTSTRAP, CLUSTER_BOOTSTRAP, percentile, resampling_weights

Name = Literal["spearman", "kendall_tau_b"]
_BOTH: tuple[Name, ...] = ("spearman", "kendall_tau_b")
_FEW = 10
_BLOCK = 512


def spearman(
    first: FloatArray,
    second: FloatArray,
    *,
    cases: Sequence[str] | None = None,
    inference: Inference = DEFAULT,
) -> Estimate:
    """Return Spearman's rho of paired values, shape (pairs,): Pearson's correlation of mid-ranks.

    Pairs with a NaN are left out. ``cases`` names the case of each pair where a case has several.
    (Spearman, Am J Psychol 15:72, 1904.)
    """
    return _correlations(("spearman",), first, second, cases, inference)[0]


def kendall_tau_b(
    first: FloatArray,
    second: FloatArray,
    *,
    cases: Sequence[str] | None = None,
    inference: Inference = DEFAULT,
) -> Estimate:
    """Return Kendall's tau-b of paired values, shape (pairs,).

    (concordant - discordant) / sqrt((n0 - n1)(n0 - n2)) with n0 all pairs of pairs and n1, n2 those
    tied in either value (Kendall, Biometrika 33:239, 1945). Arguments as for `spearman`.
    """
    return _correlations(("kendall_tau_b",), first, second, cases, inference)[0]


def pairwise_correlations(scores: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return both correlations of every reader pair; ``reader`` names it "R1|R2"."""
    estimates = []
    for first, second in combinations(range(len(scores.readers)), 2):
        name = f"{scores.readers[first]}|{scores.readers[second]}"
        columns = scores.values[:, first], scores.values[:, second]
        found = _correlations(_BOTH, *columns, scores.cases, inference)
        estimates += [replace(estimate, reader=name, n_readers=2) for estimate in found]
    return estimates


def metric_correlations(
    metric: Mapping[str, float], scores: Scores, *, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return both correlations of an automatic metric of each case with the mean of its ratings."""
    means = case_means(scores)
    shared = sorted(metric.keys() & means.keys())
    first = np.array([metric[case] for case in shared], dtype=np.float64)
    second = np.array([means[case] for case in shared], dtype=np.float64)
    return _correlations(_BOTH, first, second, None, inference)


def case_means(scores: Scores) -> dict[str, float]:
    """Return the mean rating of each case that has one."""
    positions = case_positions(scores.case_names)
    names = sorted(set(scores.case_names))
    number = np.bincount(positions, weights=scores.rated.sum(axis=1), minlength=len(names))
    total = np.bincount(positions, weights=np.nansum(scores.values, axis=1), minlength=len(names))
    return {name: float(total[at] / number[at]) for at, name in enumerate(names) if number[at]}


@dataclass(frozen=True, kw_only=True)
class _Cells:
    # Distinct pairs of values, as their places among the distinct values of either side.
    first: IntArray
    second: IntArray
    counts: FloatArray
    cell: IntArray

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray) -> _Cells:
        places = np.stack([np.unique(side, return_inverse=True)[1].ravel() for side in (first, second)])
        cells, cell, counts = np.unique(places, axis=1, return_inverse=True, return_counts=True)
        return cls(
            first=cells[0].astype(np.int64),
            second=cells[1].astype(np.int64),
            counts=counts.astype(np.float64),
            cell=cell.ravel().astype(np.int64),
        )


def _correlations(
    names: Sequence[Name],
    first: FloatArray,
    second: FloatArray,
    cases: Sequence[str] | None,
    inference: Inference,
) -> list[Estimate]:
    # Several coefficients of the same pairs see the same resamples, which are drawn once.
    both = ~(np.isnan(first) | np.isnan(second))
    kept = None if cases is None else [case for case, known in zip(cases, both, strict=True) if known]
    n = int(both.sum())
    n_cases = n if kept is None else len(set(kept))
    blank = Estimate.undefined("spearman", Reason.NO_OVERLAP if n == 0 else Reason.ONE_CASE)
    blank = replace(blank, n_cases=n_cases, n_ratings=2 * n, n_missing=int((~both).sum()))
    if n < 2:
        return [replace(blank, estimator=name) for name in names]
    if n_cases < _FEW:
        blank = blank.with_cautions(Caution.FEW_CASES)
    cells = _Cells.of(first[both], second[both])
    drawn = list(_draws(cells, inference) if n_cases == n else _cluster_draws(cells, kept or [], inference))
    return [_estimated(replace(blank, estimator=name), name, cells, drawn, inference) for name in names]


def _estimated(
    blank: Estimate, name: Name, cells: _Cells, drawn: list[FloatArray], inference: Inference
) -> Estimate:
    value = float(_FUNCTIONS[name](cells, cells.counts[np.newaxis])[0])
    if not math.isfinite(value):
        return replace(blank, reason=Reason.NO_VARIATION, cautions=())
    alone = blank.n_ratings == 2 * (blank.n_cases or 0)
    values = np.concatenate([_FUNCTIONS[name](cells, weights) for weights in drawn])
    method = CASE_BOOTSTRAP if alone else CLUSTER_BOOTSTRAP
    uncertainty = percentile(values, method=method, inference=inference)
    estimate = uncertainty.attach(replace(blank, value=value, reason=None), level=inference.level)
    statistic, df, p = _TESTS[name](cells, value, int(cells.counts.sum())) if alone else (None, None, None)
    return replace(estimate, statistic=statistic, df=df, p=p)


def _draws(cells: _Cells, inference: Inference) -> Iterator[FloatArray]:
    # Cases are their own clusters, so drawing cases is drawing how often each distinct pair occurs.
    generator = np.random.Generator(np.random.PCG64(inference.seed))
    n = int(cells.counts.sum())
    chunk = max(1, (1 << 22) // len(cells.counts))
    for start in range(0, inference.resamples, chunk):
        size = min(chunk, inference.resamples - start)
        yield generator.multinomial(n, cells.counts / n, size=size).astype(np.float64)


def _cluster_draws(cells: _Cells, names: list[str], inference: Inference) -> Iterator[FloatArray]:
    positions = case_positions(names)
    held = np.zeros((int(positions.max()) + 1, len(cells.counts)))
    np.add.at(held, (positions, cells.cell), 1.0)
    for weights in resampling_weights(len(held), inference=inference):
        yield weights @ held


def _spearman(cells: _Cells, weights: FloatArray) -> FloatArray:
    n = weights.sum(axis=1)
    first, second = (
        _midranks(weights, side) - n[:, np.newaxis] / 2.0 for side in (cells.first, cells.second)
    )
    products = [(weights * a * b).sum(axis=1) for a, b in ((first, second), (first, first), (second, second))]
    return _over_root(products[0], products[1], products[2])


def _midranks(weights: FloatArray, places: IntArray) -> FloatArray:
    held = _by_value(weights, places)
    ranks: FloatArray = (held.cumsum(axis=1) - held / 2.0)[:, places]
    return ranks


def _by_value(weights: FloatArray, places: IntArray) -> FloatArray:
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order], prepend=-1))
    held: FloatArray = np.add.reduceat(weights[:, order], starts, axis=1)
    return held


def _tau_b(cells: _Cells, weights: FloatArray) -> FloatArray:
    # Every unordered pair counts twice, above and below the line alike. Single precision holds the
    # whole numbers below 2**24 that the product is made of.
    n, excess, short = weights.sum(axis=1), np.zeros(len(weights)), weights.astype(np.float32)
    for start in range(0, len(cells.first), _BLOCK):
        block = slice(start, start + _BLOCK)
        signs = np.sign(np.subtract.outer(cells.first, cells.first[block])).astype(np.float32)
        signs *= np.sign(np.subtract.outer(cells.second, cells.second[block]))
        excess += ((short @ signs) * weights[:, block]).sum(axis=1)
    untied = [n**2 - (_by_value(weights, side) ** 2).sum(axis=1) for side in (cells.first, cells.second)]
    return _over_root(excess, untied[0], untied[1])


def _over_root(product: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    possible = first * second
    defined = possible > 0.0
    values: FloatArray = np.where(defined, product / np.sqrt(np.where(defined, possible, 1.0)), np.nan)
    return np.clip(values, -1.0, 1.0)


def _spearman_test(cells: _Cells, value: float, n: int) -> tuple[float | None, float | None, float | None]:
    if n < 3 or abs(value) >= 1.0 - 1e-12:
        return None, None, None
    t = value * math.sqrt((n - 2) / (1.0 - value**2))
    return t, float(n - 2), t_two_sided_p(t, n - 2)


def _tau_test(cells: _Cells, value: float, n: int) -> tuple[float | None, float | None, float | None]:
    # The variance of concordant - discordant with ties in both (Kendall, Rank Correlation Methods, 1970).
    if n < 3:
        return None, None, None
    first, second = (_by_value(cells.counts[np.newaxis], side)[0] for side in (cells.first, cells.second))
    pairs = float(n * (n - 1))
    tied = [float((t * (t - 1)).sum()) for t in (first, second)]
    triple = [float((t * (t - 1) * (t - 2)).sum()) for t in (first, second)]
    spread = [float((t * (t - 1) * (2 * t + 5)).sum()) for t in (first, second)]
    variance = (pairs * (2 * n + 5) - sum(spread)) / 18.0 + tied[0] * tied[1] / (2.0 * pairs)
    variance += triple[0] * triple[1] / (9.0 * pairs * (n - 2))
    excess = value * math.sqrt((pairs - tied[0]) * (pairs - tied[1])) / 2.0
    z = excess / math.sqrt(variance)
    return z, None, normal_two_sided_p(z)


_FUNCTIONS: dict[Name, Callable[[_Cells, FloatArray], FloatArray]] = {
    "spearman": _spearman,
    "kendall_tau_b": _tau_b,
}
_TESTS: dict[Name, Callable[[_Cells, float, int], tuple[float | None, float | None, float | None]]] = {
    "spearman": _spearman_test,
    "kendall_tau_b": _tau_test,
}
