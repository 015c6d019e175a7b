"""Agreement of two raters where one of them rated all of one stratum and a sample of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference

STRATIFIED_BOOTSTRAP = "stratified bootstrap of outputs, percentile"
FEWEST_DEFINED = 0.9
FEW = 10


@dataclass(frozen=True, slots=True)
class Stratum:
    """Outputs of one kind: how many there are, and the two labels of each that both raters judged."""

    size: int
    pairs: tuple[tuple[str, str], ...]


def sampled_kappa(
    strata: Sequence[Stratum], categories: Sequence[str], *, inference: Inference = DEFAULT
) -> Estimate:
    """Return Cohen's kappa over all outputs, from samples of each stratum.

    Each judged output counts for size / judged outputs of its stratum (Horvitz & Thompson, JASA 47:663, 1952), and
    kappa = (p_o - p_e)/(1 - p_e) is computed from the weighted table. The interval is the percentile one of a bootstrap
    that resamples the judged outputs within each stratum, at ``inference.seed``. Undefined where a stratum that has
    outputs has none judged, or where chance alone agrees everywhere. ``n_cases`` counts the judged outputs, and
    ``n_missing`` those that were not drawn.

    Raises ValueError for a label outside ``categories`` or more judged outputs than there are.
    """
    used = [stratum for stratum in strata if stratum.size]
    judged, whole = sum(len(each.pairs) for each in used), sum(each.size for each in used)
    blank = Estimate(estimator="cohen_kappa", variant="sampled", reason=Reason.NO_RATINGS)
    blank = replace(blank, n_cases=judged, n_readers=2, n_ratings=2 * judged, n_missing=whole - judged)
    if not used or any(not each.pairs for each in used):
        return blank
    counts = [_table(stratum, categories) for stratum in used]
    value = float(_kappa(_weighted(counts, used)[np.newaxis])[0])
    if not np.isfinite(value):
        return replace(blank, reason=Reason.NO_VARIATION)
    found = replace(blank, value=value, reason=None)
    found = found.with_cautions(*([Caution.FEW_CASES] if judged < FEW else []))
    return _with_interval(found, counts, used, inference)


def _with_interval(
    found: Estimate, counts: Sequence[FloatArray], used: Sequence[Stratum], inference: Inference
) -> Estimate:
    generator = np.random.Generator(np.random.PCG64(inference.seed))
    drawn = [_resampled(table, inference.resamples, generator) for table in counts]
    values = _kappa(_weighted(drawn, used))
    defined = values[np.isfinite(values)]
    found = replace(found, level=inference.level, seed=inference.seed, resamples=inference.resamples)
    if len(defined) < FEWEST_DEFINED * len(values):
        return replace(found, reason=Reason.UNSTABLE_RESAMPLING)
    tails = [100 * (1 - inference.upper_tail), 100 * inference.upper_tail]
    low, high = (float(limit) for limit in np.percentile(defined, tails))
    found = replace(found, ci=(low, high), ci_method=STRATIFIED_BOOTSTRAP)
    return found.with_cautions(*([Caution.RESAMPLES_DROPPED] if len(defined) < len(values) else []))


def _table(stratum: Stratum, categories: Sequence[str]) -> FloatArray:
    """Counts of shape (categories, categories): rows the first label, columns the second."""
    if len(stratum.pairs) > stratum.size:
        raise ValueError("More outputs were judged than there are.")
    place = {label: number for number, label in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)))
    for first, second in stratum.pairs:
        if first not in place or second not in place:
            raise ValueError("A label is not among the categories.")
        table[place[first], place[second]] += 1.0
    return table


def _resampled(table: FloatArray, resamples: int, generator: np.random.Generator) -> FloatArray:
    """Tables of as many outputs, drawn with replacement: shape (resamples, categories, categories)."""
    n = int(table.sum())
    drawn = generator.multinomial(n, table.ravel() / n, size=resamples)
    return drawn.reshape(resamples, *table.shape).astype(np.float64)


def _weighted(tables: Sequence[FloatArray], strata: Sequence[Stratum]) -> FloatArray:
    total: FloatArray = sum(
        (table * (stratum.size / len(stratum.pairs)) for table, stratum in zip(tables, strata, strict=True)),
        start=np.zeros_like(tables[0]),
    )
    return total


def _kappa(tables: FloatArray) -> FloatArray:
    shares = tables / tables.sum(axis=(1, 2), keepdims=True)
    observed = np.trace(shares, axis1=1, axis2=2)
    expected = (shares.sum(axis=2) * shares.sum(axis=1)).sum(axis=1)
    defined = 1.0 - expected > 1e-12
    kappa: FloatArray = np.where(
        defined, (observed - expected) / np.where(defined, 1.0 - expected, 1.0), np.nan
    )
    return kappa
