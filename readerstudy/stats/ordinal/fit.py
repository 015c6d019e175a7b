"""Maximum likelihood of the cumulative link mixed model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.ordinal.laplace import Crossing, Laplace, Parameters

_NONE, _TRIAL = 1e-3, 0.1
_LOWEST, _HIGHEST = np.log(1e-4), np.log(50.0)
_BEYOND_REASON = 15.0
_STEP = 1e-4
_SETTLED, _POLISHES = 1e-8, 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The most likely parameters.

    ``covariance`` is that of thresholds, effects and the logarithms of the deviations above zero, in
    this order, from the curvature of the approximate log-likelihood; None where the likelihood has no
    finite maximum. A deviation estimated at zero is exactly 0.
    """

    parameters: Parameters
    covariance: FloatArray | None
    log_likelihood: float

    @property
    def converged(self) -> bool:
        """Whether there is a finite maximum."""
        return self.covariance is not None


def fit(data: Crossing, *, case: bool = True, reader: bool = True) -> Fit:
    """Return the fit of grades 0..q-1, every one of which must occur; q >= 2.

    ``case`` and ``reader`` say which random effects the model has.
    """
    surface = _Surface(data, case=case, reader=reader)
    vector = surface.descended(surface.start())
    # On a log scale the likelihood is flat towards zero, where a long first step could have got stuck.
    for place in (-2, -1):
        lifted = vector.copy()
        lifted[place] = np.log(_TRIAL)
        stuck = vector[place] < np.log(_NONE) and surface.chosen[place]
        if stuck and surface.descent(lifted)[0] < surface.descent(vector)[0]:
            vector = surface.descended(lifted)
    return surface.polished(vector)


class _Surface:
    # The likelihood over a flat vector: the first threshold, the logarithms of the steps between
    # thresholds, effects, and the logarithms of the two deviations.

    def __init__(self, data: Crossing, *, case: bool, reader: bool) -> None:
        self.laplace = Laplace(data)
        self.chosen: BoolArray = np.array([case, reader])
        self.n_thresholds = int(data.grades.max())
        self.size = self.n_thresholds + data.design.shape[1] + 2

    def start(self) -> FloatArray:
        grades = self.laplace.data.grades
        share = np.bincount(grades).cumsum()[:-1] / len(grades)
        thresholds = np.log(share / (1.0 - share))
        effects = np.zeros(self.size - self.n_thresholds - 2)
        return np.concatenate([thresholds[:1], np.log(np.diff(thresholds)), effects, [-0.5, -0.5]])

    def parameters(self, natural: FloatArray) -> Parameters:
        sd = np.where(self.chosen, np.exp(natural[-2:]), 0.0)
        return Parameters(
            thresholds=natural[: self.n_thresholds],
            effects=natural[self.n_thresholds : -2],
            case_sd=float(sd[0]),
            reader_sd=float(sd[1]),
        )

    def descended(self, vector: FloatArray) -> FloatArray:
        from scipy.optimize import minimize

        found = minimize(
            self.descent,
            vector,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-np.inf, np.inf)] * (self.size - 2) + [(_LOWEST, _HIGHEST)] * 2,
            options={"maxiter": 500, "ftol": 1e-9, "gtol": 1e-5},
        )
        return np.asarray(found.x, dtype=np.float64)

    def descent(self, vector: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = self.climb(self.natural(vector))
        k = self.n_thresholds
        # A step between thresholds moves every threshold above it.
        moved = gradient[:k][::-1].cumsum()[::-1]
        gradient[:k] = moved
        gradient[1:k] *= np.exp(vector[1:k])
        return -value, -gradient

    def climb(self, natural: FloatArray) -> tuple[float, FloatArray]:
        value, thresholds, effects, deviations = self.laplace(self.parameters(natural))
        return value, np.concatenate([thresholds, effects, np.where(self.chosen, deviations, 0.0)])

    def natural(self, vector: FloatArray) -> FloatArray:
        k = self.n_thresholds
        thresholds = vector[0] + np.concatenate([[0.0], np.exp(vector[1:k]).cumsum()])
        return np.concatenate([thresholds, vector[k:]])

    def polished(self, vector: FloatArray) -> Fit:
        # Newton steps on the natural parameters take the fit to rounding and give the curvature.
        natural = self.natural(vector)
        self.chosen = self.chosen & (natural[-2:] > np.log(_NONE))
        free = np.concatenate([np.ones(self.size - 2, dtype=bool), self.chosen])
        value, gradient = self.climb(natural)
        curvature = self._curvature(natural, free)
        settled = _SETTLED * len(self.laplace.data.grades)
        for _ in range(_POLISHES):
            if not _is_peak(curvature) or np.abs(gradient[free]).max() < settled:
                break
            step = np.zeros(self.size)
            step[free] = np.linalg.solve(-curvature, gradient[free])
            moved, slope = self.climb(natural + step)
            if not moved >= value - 1e-9:
                break
            natural, value, gradient = natural + step, moved, slope
            curvature = self._curvature(natural, free)
        finite = (
            _is_peak(curvature) and np.abs(natural[:-2]).max() < _BEYOND_REASON + np.abs(natural[-2:]).max()
        )
        return Fit(
            parameters=self.parameters(natural),
            covariance=np.asarray(np.linalg.inv(-curvature), dtype=np.float64) if finite else None,
            log_likelihood=value,
        )

    def _curvature(self, natural: FloatArray, free: BoolArray) -> FloatArray:
        places = np.flatnonzero(free)
        rows = []
        for place in places:
            step = np.zeros(self.size)
            step[place] = _STEP
            ahead, behind = (self.climb(natural + side * step)[1] for side in (1.0, -1.0))
            rows.append((ahead - behind)[places] / (2.0 * _STEP))
        curvature = np.array(rows)
        symmetric: FloatArray = (curvature + curvature.T) / 2.0
        return symmetric


def _is_peak(curvature: FloatArray) -> bool:
    if not np.isfinite(curvature).all():
        return False
    values = np.linalg.eigvalsh(-curvature)
    return bool(values.min() > 1e-8 * max(values.max(), 1.0))


def without_effects(data: Crossing) -> Crossing:
    """Return the same grades with no fixed effect, for the likelihood ratio test."""
    return replace(data, design=np.zeros((len(data.grades), 0)))
