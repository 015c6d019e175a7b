"""Whether readers could tell where an output came from: the blinding indices of Bang and James.

Bang's index of an arm runs from -1 (all guesses wrong) over 0 (random guessing) to 1 (all right);
James's index of the whole study runs from 0 (unblinded) over .5 (random guessing) to 1 (nobody
could say). (Bang, Ni & Davis, Control Clin Trials 25:143, 2004; James, Bloch, Lee, Kraemer & Fuller,
Stat Med 15:1421, 1996.)
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from readerstudy.stats.alignment import Variant, crossed_mean
from readerstudy.stats.arrays import FloatArray, NumberArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.ratings import Scores

BANG = "Bang 2004, normal"
JAMES = "James 1996, delta method, normal"
_STEP = 1e-30


def bang_index(guesses: Scores, *, variant: Variant = "rrrc", inference: Inference = DEFAULT) -> Estimate:
    """Return Bang's index of one arm from readers' guesses, with the interval of the crossed design.

    ``guesses`` has shape (outputs, readers): 1 for a right guess, -1 for a wrong one, 0 for "cannot
    tell", NaN where nobody was asked. The index is their mean. One reader guessing once a case has
    the interval of independent guesses, see `bang_index_of_counts`.
    """
    sample = guesses.sample()
    if sample.n_ratings == 0:
        return Estimate.undefined("blinding_index", Reason.NO_GUESSES, variant="bang").with_sample(sample)
    if sample.n_readers == 1 and sample.n_ratings == sample.n_cases:
        counts = [int((guesses.values == mark).sum()) for mark in (1.0, -1.0, 0.0)]
        return bang_index_of_counts(*counts, inference=inference).with_sample(sample)
    estimate = crossed_mean(
        "blinding_index", guesses, variant=variant, bounds=(-1.0, 1.0), test=True, inference=inference
    )
    return replace(estimate, variant="bang" if variant == "rrrc" else f"bang_{variant}")


def bang_index_of_counts(
    right: int, wrong: int, unsure: int = 0, *, inference: Inference = DEFAULT
) -> Estimate:
    """Return Bang's index of one arm from counts of independent guesses.

    (right - wrong)/n with variance (p(1-p) + q(1-q) + 2pq)/n for shares p right and q wrong; the test
    is of random guessing.
    """
    n = right + wrong + unsure
    if n == 0:
        return Estimate.undefined("blinding_index", Reason.NO_GUESSES, variant="bang")
    p, q = right / n, wrong / n
    se = math.sqrt((p * (1.0 - p) + q * (1.0 - q) + 2.0 * p * q) / n)
    estimate = Estimate(estimator="blinding_index", variant="bang", value=p - q, n_ratings=n)
    return t_uncertainty(p - q, se, math.inf, level=inference.level, method=BANG, bounds=(-1.0, 1.0)).attach(
        estimate, level=inference.level
    )


def james_index(
    table: FloatArray, *, weights: FloatArray | None = None, inference: Inference = DEFAULT
) -> Estimate:
    """Return James's index from counts of independent guesses.

    ``table`` has shape (arms, arms + 1): the true arm, by the guessed arm, "cannot tell" last.
    ``weights``, of shape (arms, arms), say how wrong a guess is, 0 on the diagonal; by default every
    wrong guess counts alike. With u the share unsure, D_o the weighted share of wrong guesses among
    guesses and D_e that expected from the margins: (1 + u + (1 - u)(D_o - D_e)/D_e)/2. Undefined
    where nobody guessed, or all guesses or arms are the same. The test is of the value .5.
    """
    counts = np.asarray(table, dtype=np.float64)
    arms = len(counts)
    if counts.shape != (arms, arms + 1):
        raise ValueError(
            "The table needs one row for each arm, and one column more, for those who cannot tell."
        )
    weights = 1.0 - np.eye(arms) if weights is None else weights
    n = counts.sum()
    blank = replace(
        Estimate.undefined("blinding_index", Reason.NO_GUESSES, variant="james"), n_ratings=int(n)
    )
    if n == 0.0:
        return blank
    shares = counts / n
    value = float(_james(shares.ravel(), weights))
    if not math.isfinite(value):
        return replace(blank, reason=Reason.NO_VARIATION)
    steps = shares.ravel().astype(np.complex128) + 1j * _STEP * np.eye(shares.size)
    gradient = np.array([float(np.imag(_james(step, weights))) / _STEP for step in steps])
    spread = float((gradient**2 * shares.ravel()).sum() - (gradient * shares.ravel()).sum() ** 2)
    se = math.sqrt(max(spread, 0.0) / n)
    found = t_uncertainty(
        value - 0.5, se, math.inf, level=inference.level, method=JAMES, bounds=(-0.5, 0.5)
    ).attach(replace(blank, value=value, reason=None), level=inference.level)
    return found if found.ci is None else replace(found, ci=(found.ci[0] + 0.5, found.ci[1] + 0.5))


def _james(shares: NumberArray, weights: FloatArray) -> NumberArray:
    table = shares.reshape(len(weights), -1)
    guessed = table[:, :-1]
    unsure, sure = table[:, -1].sum(), guessed.sum()
    if sure.real <= 0.0:
        return np.asarray(np.ones(()) if unsure.real > 0.0 else np.nan)
    observed = (weights * guessed).sum() / sure
    expected = (weights * np.outer(guessed.sum(axis=1), guessed.sum(axis=0))).sum() / sure**2
    if expected.real <= 1e-12:
        return np.asarray(np.nan)
    return np.asarray((1.0 + unsure + (1.0 - unsure) * (observed - expected) / expected) / 2.0)
