"""Power of F tests with one numerator degree of freedom, that is of two-sided t tests."""

from __future__ import annotations

import numpy as np

from readerstudy.stats.arrays import FloatArray

_POINTS = 64


def f_power(df: FloatArray, noncentrality: FloatArray, alpha: float) -> FloatArray:
    """Return P(F(1, df; noncentrality) > its 1 - alpha quantile without noncentrality), shape (n,).

    Where scipy's noncentral F gives up (large noncentralities) the noncentral t is integrated over the chi-square.
    """
    from scipy.special import fdtri, ncfdtr

    critical = fdtri(1.0, df, 1.0 - alpha)
    power: FloatArray = 1.0 - ncfdtr(1.0, df, noncentrality, critical)
    lost = ~np.isfinite(power)
    if lost.any():
        power[lost] = f_power_by_quadrature(df[lost], noncentrality[lost], critical[lost])
    return np.clip(power, 0.0, 1.0)


def f_power_by_quadrature(df: FloatArray, noncentrality: FloatArray, critical: FloatArray) -> FloatArray:
    """Return P(|Z + sqrt(noncentrality)| > sqrt(critical X/df)) for normal Z and chi-square X with df, shape (n,)."""
    from scipy.special import chdtri, ndtr

    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    tails = (nodes[:, np.newaxis] + 1.0) / 2.0
    bound = np.sqrt(critical * chdtri(df, tails) / df)
    moved = np.sqrt(noncentrality)
    power: FloatArray = weights @ (ndtr(moved - bound) + ndtr(-moved - bound)) / 2.0
    return power
