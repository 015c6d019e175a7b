"""Agreement weights: how much two categories count as the same answer."""

from typing import Literal

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.scale import Scale

Weights = Literal["unweighted", "linear", "quadratic", "ordinal"]
WEIGHTS: tuple[Weights, ...] = ("unweighted", "linear", "quadratic", "ordinal")


def agreement_weights(scale: Scale, weights: Weights) -> FloatArray:
    """Return the symmetric weights of a declared scale of q categories, shape (q, q), diagonal 1.

    With d the distance of two categories and D the longest distance on the scale: unweighted 1 or
    0, linear 1 - d/D, quadratic 1 - (d/D)^2. Ordinal weights count the category pairs that two
    categories span, 1 - C(|i-j|+1, 2)/C(q, 2), and use the order alone (Gwet, Handbook of
    Inter-Rater Reliability, 4th ed. 2014, ch. 3). They are not Krippendorff's ordinal metric.

    Raises ScaleError where the scale has no order and the weights need one.
    """
    q = len(scale.categories)
    if weights == "unweighted":
        return np.eye(q)
    values = scale.values()
    if q < 2:
        return np.eye(q)
    if weights == "ordinal":
        steps = np.abs(np.subtract.outer(np.arange(q), np.arange(q)))
        spanned: FloatArray = 1.0 - (steps + 1) * steps / (q * (q - 1))
        return spanned
    distance = np.abs(np.subtract.outer(values, values)) / (values.max() - values.min())
    graded: FloatArray = 1.0 - (distance if weights == "linear" else distance**2)
    return graded
