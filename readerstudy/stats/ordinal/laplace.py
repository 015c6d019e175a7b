"""Laplace's approximation of the likelihood with two crossed random effects.

eta = X beta + s_c u_c + s_r u_r with standard normal u. At the u that is most likely,
l = sum log P - u'u/2 - log det(H)/2 with H = I + sum W z z', W minus the second derivative by eta and z
the row of the grade's case and reader. H has two diagonal blocks and the dense block of cases by
readers, so that its inverse needs a matrix of readers by readers alone (Tierney & Kadane, JASA 81:82,
1986; the same approximation as R's ordinal::clmm and lme4::glmer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.ordinal.cells import Cells, cells, slopes

_STEPS, _HALVINGS = 100, 30


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Grades 0..q-1 with their case and reader, numbered from 0, all of shape (grades,).

    ``design`` has shape (grades, effects) without an intercept, which the thresholds hold.
    """

    grades: IntArray
    cases: IntArray
    readers: IntArray
    design: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """The number of cases and of readers."""
        return int(self.cases.max(initial=-1)) + 1, int(self.readers.max(initial=-1)) + 1


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Thresholds in order, effects, and the standard deviations of cases and readers (0: none)."""

    thresholds: FloatArray
    effects: FloatArray
    case_sd: float
    reader_sd: float


@dataclass(frozen=True, kw_only=True)
class _Curvature:
    # H in blocks and what its inverse needs: diagonals, cross block, Schur complement of the cases.
    cases: FloatArray
    cross: FloatArray
    inverse: FloatArray
    log_determinant: float

    @classmethod
    def of(cls, data: Crossing, weights: FloatArray, at: Parameters) -> _Curvature:
        shape = data.shape
        cell = np.bincount(
            data.cases * shape[1] + data.readers, weights=weights, minlength=shape[0] * shape[1]
        )
        table = cell.reshape(shape)
        cases = 1.0 + at.case_sd**2 * table.sum(axis=1)
        cross = np.asarray(at.case_sd * at.reader_sd * table, dtype=np.float64)
        schur = np.diag(1.0 + at.reader_sd**2 * table.sum(axis=0)) - cross.T @ (cross / cases[:, np.newaxis])
        sign, logdet = np.linalg.slogdet(schur)
        total = float(np.log(cases).sum() + logdet) if sign > 0 else float("nan")
        return cls(cases=cases, cross=cross, inverse=np.linalg.inv(schur), log_determinant=total)

    def solve(self, case_side: FloatArray, reader_side: FloatArray) -> tuple[FloatArray, FloatArray]:
        reader = self.inverse @ (reader_side - self.cross.T @ (case_side / self.cases))
        return (case_side - self.cross @ reader) / self.cases, reader

    def inverse_parts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The inverse: diagonal of cases, block of cases by readers, block of readers."""
        scaled = self.cross / self.cases[:, np.newaxis]
        block = -scaled @ self.inverse
        return 1.0 / self.cases - (block * scaled).sum(axis=1), block, self.inverse


class Laplace:
    """The approximate log-likelihood and its gradient; keeps the random effects for a warm start."""

    def __init__(self, data: Crossing) -> None:
        self.data = data
        n_cases, n_readers = data.shape
        self.u_case, self.u_reader = np.zeros(n_cases), np.zeros(n_readers)

    def __call__(self, at: Parameters) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Return l and its gradient by thresholds, effects, and the logarithms of the two deviations."""
        self._settle(at)
        found = cells(self.data.grades, at.thresholds, self._eta(at))
        curvature = _Curvature.of(self.data, -found.second, at)
        value = float(found.value.sum()) - 0.5 * float(
            self.u_case @ self.u_case + self.u_reader @ self.u_reader
        )
        return value - 0.5 * curvature.log_determinant, *self._gradient(at, found, curvature)

    def _eta(self, at: Parameters) -> FloatArray:
        fixed = self.data.design @ at.effects
        random = at.case_sd * self.u_case[self.data.cases] + at.reader_sd * self.u_reader[self.data.readers]
        eta: FloatArray = fixed + random
        return eta

    def _joint(self, at: Parameters) -> tuple[float, FloatArray, FloatArray]:
        value, first, second = slopes(self.data.grades, at.thresholds, self._eta(at))
        penalty = 0.5 * float(self.u_case @ self.u_case + self.u_reader @ self.u_reader)
        return float(value.sum()) - penalty, first, second

    def _settle(self, at: Parameters) -> None:
        # Newton's method to the most likely random effects; log P is concave, so halving suffices.
        value, first, second = self._joint(at)
        for _ in range(_STEPS):
            slope = self._by_group(first, at)
            slope = slope[0] - self.u_case, slope[1] - self.u_reader
            step = _Curvature.of(self.data, -second, at).solve(*slope)
            start = self.u_case, self.u_reader
            for halving in range(_HALVINGS):
                scale = 0.5**halving
                self.u_case, self.u_reader = (u + scale * s for u, s in zip(start, step, strict=True))
                moved = self._joint(at)
                if moved[0] >= value - 1e-10 * abs(value):
                    break
            value, first, second = moved
            if max(np.abs(step[0]).max(initial=0.0), np.abs(step[1]).max(initial=0.0)) < 1e-10:
                break

    def _by_group(self, weights: FloatArray, at: Parameters) -> tuple[FloatArray, FloatArray]:
        n_cases, n_readers = self.data.shape
        case = np.bincount(self.data.cases, weights=weights, minlength=n_cases)
        reader = np.bincount(self.data.readers, weights=weights, minlength=n_readers)
        return np.asarray(at.case_sd * case), np.asarray(at.reader_sd * reader)

    def _gradient(
        self, at: Parameters, found: Cells, curvature: _Curvature
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        # With leverage q = z' H^-1 z and t = z' H^-1 (sum -l''' q z), a parameter that moves eta by x
        # moves l by sum x (l' + l''' q/2 - l'' t/2); the last part is how it moves u.
        case_diagonal, block, readers = curvature.inverse_parts()
        at_case, at_reader = self.data.cases, self.data.readers
        leverage = at.case_sd**2 * case_diagonal[at_case] + at.reader_sd**2 * np.diag(readers)[at_reader]
        leverage += 2.0 * at.case_sd * at.reader_sd * block[at_case, at_reader]
        moved = curvature.solve(*self._by_group(-found.third * leverage, at))
        shift = at.case_sd * moved[0][at_case] + at.reader_sd * moved[1][at_reader]
        by_eta = found.first + 0.5 * found.third * leverage - 0.5 * found.second * shift
        upper, lower = (
            part[0] + 0.5 * part[2] * leverage - 0.5 * part[1] * shift for part in (found.upper, found.lower)
        )
        q = len(at.thresholds)
        thresholds = np.bincount(self.data.grades, weights=upper, minlength=q + 1)[:q]
        thresholds = thresholds + np.bincount(self.data.grades, weights=lower, minlength=q + 1)[1:]
        deviations = [
            float((by_eta * sd * u[place]).sum()) - 0.5 * float(part @ u) - float((1.0 - diagonal).sum())
            for sd, u, place, part, diagonal in (
                (at.case_sd, self.u_case, at_case, moved[0], case_diagonal),
                (at.reader_sd, self.u_reader, at_reader, moved[1], np.diag(readers)),
            )
        ]
        return np.asarray(thresholds, dtype=np.float64), self.data.design.T @ by_eta, np.array(deviations)
