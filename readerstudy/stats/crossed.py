"""Means of ratings where cases and readers are both samples.

Model: rating = mean + case + reader + error, every part random. Moment estimates of the three
variances come from the pairs of ratings within a case, within a reader and over all (Gao & Owen,
Ann Appl Stat 11:1814, 2017), so blanks and any allocation are allowed; on complete data they equal
the analysis of variance, and the interval equals the single-treatment interval of Obuchowski-
Rockette with Hillis degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.inference import Uncertainty, t_uncertainty
from readerstudy.stats.ratings import Scores, case_positions

CROSSED = "crossed moment components, Hillis df, t"
READER_CLUSTER = "reader-cluster, t"
CASE_CLUSTER = "these readers only: case-cluster, t"

Bounds = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Components:
    """Variance components of cases, readers and error; a moment estimate may be negative."""

    case: float
    reader: float
    error: float


@dataclass(frozen=True, kw_only=True)
class CrossedSample:
    """Ratings in long form: ``cases`` and ``readers`` number them from 0, all of shape (ratings,)."""

    cases: IntArray
    readers: IntArray
    values: FloatArray

    @classmethod
    def of(cls, scores: Scores) -> CrossedSample:
        """Return the scores in long form; outputs of one case share its number."""
        rows, columns = np.nonzero(scores.rated)
        return cls(
            cases=_renumbered(case_positions(scores.case_names)[rows]),
            readers=_renumbered(columns.astype(np.int64)),
            values=scores.values[rows, columns],
        )

    @property
    def per_case(self) -> FloatArray:
        """Ratings of each case."""
        return np.bincount(self.cases).astype(np.float64)

    @property
    def per_reader(self) -> FloatArray:
        """Ratings by each reader."""
        return np.bincount(self.readers).astype(np.float64)


def variance_components(sample: CrossedSample) -> Components | None:
    """Return the moment components, or None where the design does not separate them.

    A case may hold several ratings of one reader (several outputs): such pairs differ by error
    alone.
    """
    n = float(len(sample.values))
    per_case, per_reader = sample.per_case, sample.per_reader
    cells, cell_size = np.unique(np.stack([sample.cases, sample.readers]), axis=1, return_counts=True)
    same_reader = float((cell_size**2 / per_case[cells[0]]).sum())
    same_case = float((cell_size**2 / per_reader[cells[1]]).sum())
    design = np.array(
        [
            [0.0, n - same_reader, n - len(per_case)],
            [n - same_case, 0.0, n - len(per_reader)],
            [n - float((per_case**2).sum()) / n, n - float((per_reader**2).sum()) / n, n - 1.0],
        ]
    )
    if np.linalg.matrix_rank(design / n, tol=1e-9) < 3:
        return None
    sums = [
        _within(sample.values, sample.cases),
        _within(sample.values, sample.readers),
        _within(sample.values, np.zeros_like(sample.cases)),
    ]
    case, reader, error = np.linalg.solve(design, np.array(sums))
    return Components(case=float(case), reader=float(reader), error=float(error))


def random_reader_uncertainty(
    sample: CrossedSample, *, level: float, bounds: Bounds, test: bool
) -> Uncertainty:
    """Return the interval for other readers and other cases of the same kind.

    SE^2 = V_c + V_r with V_c = max(s2_case, 0) sum n_c^2/N^2 and V_r = s2_reader sum n_r^2/N^2 +
    s2_error/N, or s2_error/N alone where that is not positive; df = (V_c + V_r)^2 / (V_r^2/(R-1))
    (Hillis, Stat Med 26:596, 2007). Where every case has one rating the components cannot be told
    apart and the interval is that of independent readers, R-1 df. One reader gives none.
    """
    readers = len(sample.per_reader)
    if readers < 2:
        return Uncertainty(method=CROSSED, reason=Reason.ONE_READER)
    if len(sample.per_case) < 2:
        return Uncertainty(method=CROSSED, reason=Reason.ONE_CASE)
    if len(sample.values) == len(sample.per_case):
        return _reader_cluster(sample, level=level, bounds=bounds, test=test)
    components = variance_components(sample)
    if components is None:
        return Uncertainty(method=CROSSED, reason=Reason.NOT_IDENTIFIABLE)
    case, reader, truncated = _variances(sample, components)
    # Readers without any variance leave the cases as the only sampling, with their own df.
    df = (case + reader) ** 2 / (reader**2 / (readers - 1)) if reader > 0.0 else len(sample.per_case) - 1.0
    mean, se = float(sample.values.mean()), float(np.sqrt(case + reader))
    uncertainty = t_uncertainty(mean, se, df, level=level, method=CROSSED, bounds=bounds, test=test)
    return replace(uncertainty, cautions=(Caution.NEGATIVE_COMPONENT,)) if truncated else uncertainty


def fixed_reader_uncertainty(
    sample: CrossedSample, *, level: float, bounds: Bounds, test: bool
) -> Uncertainty:
    """Return the interval for other cases read by these very readers.

    Deviations from each reader's own mean are summed by case; the variance of the mean is
    I/(I-1) sum (case sum)^2/N^2 over I cases, with I-1 df. On complete data this is the one-sample t
    interval of the case means.
    """
    cases = len(sample.per_case)
    if cases < 2:
        return Uncertainty(method=CASE_CLUSTER, reason=Reason.ONE_CASE)
    reader_means = np.bincount(sample.readers, weights=sample.values) / sample.per_reader
    deviations = sample.values - reader_means[sample.readers]
    se = _cluster_se(deviations, sample.cases)
    mean = float(sample.values.mean())
    return t_uncertainty(mean, se, cases - 1, level=level, method=CASE_CLUSTER, bounds=bounds, test=test)


def _reader_cluster(sample: CrossedSample, *, level: float, bounds: Bounds, test: bool) -> Uncertainty:
    mean = float(sample.values.mean())
    se = _cluster_se(sample.values - mean, sample.readers)
    df = len(sample.per_reader) - 1
    return t_uncertainty(mean, se, df, level=level, method=READER_CLUSTER, bounds=bounds, test=test)


def _cluster_se(deviations: FloatArray, clusters: IntArray) -> float:
    sums = np.bincount(clusters, weights=deviations) / len(deviations)
    return float(np.sqrt(len(sums) / (len(sums) - 1) * np.sum(sums**2)))


def _variances(sample: CrossedSample, components: Components) -> tuple[float, float, bool]:
    # V_c, V_r and whether one had to be cut off at zero; sizes of rounding count as zero, not below.
    n = len(sample.values)
    case = components.case * float((sample.per_case**2).sum()) / n**2
    reader = components.reader * float((sample.per_reader**2).sum()) / n**2 + components.error / n
    rounding = 1e-12 * (abs(case) + abs(reader))
    truncated = min(case, reader) < -rounding
    if reader <= rounding:
        reader = components.error / n if components.error / n > rounding else 0.0
    return max(case, 0.0), reader, truncated


def _within(values: FloatArray, groups: IntArray) -> float:
    # Sum of squares about the group means: half of all squared pair differences over the group size.
    size = np.bincount(groups)
    means = np.bincount(groups, weights=values) / size
    return float(((values - means[groups]) ** 2).sum())


def _renumbered(positions: IntArray) -> IntArray:
    return np.unique(positions, return_inverse=True)[1].astype(np.int64)
