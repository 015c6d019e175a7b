"""Agreement between readers, over each arm and over all arms together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from readerstudy.stats.agreement import (
    METRICS,
    WEIGHTS,
    Metric,
    Weights,
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    fleiss_kappa_by_category,
    fleiss_null_test,
    gwet_ac,
    krippendorff_alpha,
    light_kappa,
    pairwise_cohen,
    percent_agreement,
    specific_agreement,
    stuart_maxwell,
)
from readerstudy.stats.analyse.contrasts import at
from readerstudy.stats.analyse.question import Question, has_categories
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.ratings import Ratings

MOST_CATEGORIES = 60
_MOST_COUNTS = 20_000_000
_POOLED = (percent_agreement, gwet_ac, fleiss_kappa, conger_kappa, brennan_prediger, light_kappa)


def agreement(question: Question) -> Iterator[Estimate]:
    """Yield alpha under every metric, and AC and the kappas under every weights that the scale admits."""
    for whole in question.wholes:
        ratings = question.ratings(whole)
        for line in _lines(question, ratings):
            yield at(line, whole)


def weights_of(question: Question) -> tuple[Weights, ...]:
    """Return the weights that the scale of a criterion admits."""
    return WEIGHTS if question.is_graded else ("unweighted",)


def _lines(question: Question, ratings: Ratings) -> Iterator[Estimate]:
    inference = question.inference
    for metric in _metrics(question, ratings):
        yield krippendorff_alpha(ratings, metric=metric, inference=inference)
    if not has_categories(question) or len(ratings.scale.categories) > MOST_CATEGORIES:
        return
    for weights in weights_of(question):
        for function in _POOLED:
            yield function(ratings, weights=weights, inference=inference)
        yield from pairwise_cohen(ratings, weights=weights, inference=inference)
    yield from specific_agreement(ratings, inference=inference)
    yield from fleiss_kappa_by_category(ratings, inference=inference)
    yield fleiss_null_test(ratings)
    for first, second in combinations(ratings.readers, 2):
        yield stuart_maxwell(ratings, first, second)


def _metrics(question: Question, ratings: Ratings) -> tuple[Metric, ...]:
    if not question.is_graded:
        return ("nominal",)
    values = ratings.scale.values()
    small = len(values) <= MOST_CATEGORIES
    ratio = ratings.scale.numeric and values.min(initial=0.0) >= 0.0
    fits = len(values) * len(ratings.units) <= _MOST_COUNTS
    left_out = set() if small else {"nominal", "ordinal"}
    if not (ratio and fits):
        left_out.add("ratio")
    return tuple(metric for metric in METRICS if metric not in left_out)
