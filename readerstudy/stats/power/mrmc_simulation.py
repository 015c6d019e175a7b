"""Power of a comparison of two arms by simulated studies, drawn from Obuchowski-Rockette components.

Each study draws the figures of its readers in both arms under the model figure = arm + arm by reader + error, with the
error covariances of the components scaled to its cases, and is then tested as the report does: F over MS(arm x reader)
+ J max(Cov2 - Cov3, 0), Hillis degrees of freedom from the mean squares that were drawn. What readers have in common
over both arms leaves the comparison unchanged and is not drawn. The covariances count as known.
"""

from __future__ import annotations

import math

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.intervals import wilson
from readerstudy.stats.power.mrmc import SOURCE, Components
from readerstudy.stats.power.planned import Planned, PowerError, check_count, check_share

DEFAULT_STUDIES = 10_000
FORMULA = (
    "power = share of simulated studies with F = MS(T)/[MS(TR) + J·max(Cov2 − Cov3, 0)] > F₁₋α(1, df), "
    "df = (J−1)·[MS(TR) + J·max(Cov2 − Cov3, 0)]²/MS(TR)²; figures normal with the components, Cov scaled by K*/K"
)


def simulated_power(
    components: Components,
    difference: float,
    *,
    readers: int,
    cases: int,
    alpha: float = 0.05,
    studies: int = DEFAULT_STUDIES,
    seed: int = 0,
) -> Planned:
    """Return the share of simulated studies that find the difference, with its simulation error; seeded (PCG64)."""
    check_share(alpha, "alpha")
    check_count(readers, "readers", least=2)
    check_count(cases, "cases", least=2)
    check_count(studies, "simulated studies", least=100)
    figures = draw_figures(components, difference, readers=readers, cases=cases, studies=studies, seed=seed)
    shared = components.shared * components.cases / cases
    found = int(rejections(figures, shared=shared, alpha=alpha).sum())
    low, high = wilson(found, studies) or (math.nan, math.nan)
    given = components.as_dict() | {
        "difference": difference,
        "alpha": alpha,
        "readers": readers,
        "cases": cases,
        "studies": studies,
        "seed": seed,
        "simulation_low": low,
        "simulation_high": high,
    }
    return Planned(
        name="Power by simulation, readers and cases random",
        value=found / studies,
        unit="power",
        formula=FORMULA,
        source=f"{SOURCE}; Obuchowski & Rockette, Commun Stat Simul 24:285, 1995",
        given=given,
        readers=readers,
        notes=(f"Simulation error, 95 %: {low:.3f} to {high:.3f}.",),
    )


def draw_figures(
    components: Components, difference: float, *, readers: int, cases: int, studies: int, seed: int
) -> FloatArray:
    """Return the figures of simulated studies, shape (studies, 2, readers), around 0 and ``difference``."""
    generator = np.random.Generator(np.random.PCG64(seed))
    root = _root(_error_covariance(components, readers) * components.cases / cases)
    error = generator.standard_normal((studies, 2 * readers)) @ root
    own = generator.standard_normal((studies, 2, readers)) * math.sqrt(components.interaction)
    figures: FloatArray = own + error.reshape(studies, 2, readers)
    figures[:, 1] += difference
    return figures


def rejections(figures: FloatArray, *, shared: float, alpha: float) -> BoolArray:
    """Return which studies of two arms find a difference, shape (studies,); ``shared`` is max(Cov2 - Cov3, 0)."""
    from scipy.special import fdtrc

    readers = figures.shape[2]
    apart = figures[:, 1] - figures[:, 0]
    between = readers / 2.0 * apart.mean(axis=1) ** 2
    within = apart.var(axis=1, ddof=1) / 2.0
    total = within + readers * shared
    significant: BoolArray = fdtrc(1.0, (readers - 1) * (total / within) ** 2, between / total) < alpha
    return significant


def _error_covariance(components: Components, readers: int) -> FloatArray:
    # Shape (2 readers, 2 readers), arms outside and readers inside.
    same, other = np.eye(readers), 1.0 - np.eye(readers)
    within = components.variance * same + components.cov2 * other
    across = components.cov1 * same + components.cov3 * other
    return np.block([[within, across], [across, within]])


def _root(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    if values.min() < -1e-9 * values.max():
        raise PowerError(
            "No errors can have these covariances for so many readers (Cov2 and Cov3 are too small or too far apart). "
            "Use the formula instead, or components of a larger pilot."
        )
    root: FloatArray = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
