"""All agreement coefficients that a criterion admits, in one call."""

from __future__ import annotations

from readerstudy.stats.agreement.alpha import Metric, krippendorff_alpha
from readerstudy.stats.agreement.coefficients import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    percent_agreement,
    specific_agreement,
)
from readerstudy.stats.agreement.cohen import light_kappa, pairwise_cohen
from readerstudy.stats.agreement.weights import WEIGHTS, Weights
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.ratings import Ratings
from readerstudy.stats.scale import Kind

_NOMINAL = frozenset({Kind.NOMINAL, Kind.BINARY})
_CATEGORICAL = frozenset({Kind.NOMINAL, Kind.BINARY, Kind.ORDINAL, Kind.CONFIDENCE, Kind.PREFERENCE})
_METRICS: dict[Kind, tuple[Metric, ...]] = {
    Kind.ORDINAL: ("nominal", "ordinal", "interval"),
    Kind.CONFIDENCE: ("nominal", "ordinal", "interval"),
    Kind.PREFERENCE: ("nominal", "ordinal", "interval"),
    Kind.INTERVAL: ("interval",),
    Kind.RATIO: ("interval", "ratio"),
    Kind.RANK: ("ordinal",),
}


def agreement_estimates(ratings: Ratings, *, kind: Kind, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return alpha under every metric of the kind and, for categories, AC and the kappas.

    A scale of texts without a declared order is treated as nominal whatever its kind.
    """
    ordered = ratings.scale.ordered or ratings.scale.numeric
    nominal = kind in _NOMINAL or not ordered
    metrics: tuple[Metric, ...] = ("nominal",) if nominal else _METRICS[kind]
    weights: tuple[Weights, ...] = ("unweighted",) if nominal else WEIGHTS
    estimates = [krippendorff_alpha(ratings, metric=metric, inference=inference) for metric in metrics]
    if kind not in _CATEGORICAL:
        return estimates
    estimates += specific_agreement(ratings, inference=inference)
    for weight in weights:
        estimates += _weighted(ratings, weight, inference)
    return estimates


def _weighted(ratings: Ratings, weights: Weights, inference: Inference) -> list[Estimate]:
    pooled = (percent_agreement, gwet_ac, fleiss_kappa, conger_kappa, brennan_prediger, light_kappa)
    estimates = [function(ratings, weights=weights, inference=inference) for function in pooled]
    return estimates + pairwise_cohen(ratings, weights=weights, inference=inference)
