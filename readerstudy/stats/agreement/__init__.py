"""Inter-reader agreement: percent agreement, Krippendorff's alpha, Gwet's AC and the kappas.

Every function takes :class:`~readerstudy.stats.ratings.Ratings` and works with whatever ratings
there are (available-case). Results do not depend on the order of outputs or readers, nor, on a
nominal scale, on the order of categories.
"""

from readerstudy.stats.agreement.alpha import METRICS, Metric, krippendorff_alpha
from readerstudy.stats.agreement.coefficients import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    fleiss_kappa_by_category,
    fleiss_null_test,
    gwet_ac,
    percent_agreement,
    specific_agreement,
)
from readerstudy.stats.agreement.cohen import cohen_kappa, light_kappa, pairwise_cohen, ratings_from_table
from readerstudy.stats.agreement.marginal import stuart_maxwell
from readerstudy.stats.agreement.prevalence import prevalent_category
from readerstudy.stats.agreement.summary import agreement_estimates
from readerstudy.stats.agreement.weights import WEIGHTS, Weights, agreement_weights

__all__ = [
    "METRICS",
    "WEIGHTS",
    "Metric",
    "Weights",
    "agreement_estimates",
    "agreement_weights",
    "brennan_prediger",
    "cohen_kappa",
    "conger_kappa",
    "fleiss_kappa",
    "fleiss_kappa_by_category",
    "fleiss_null_test",
    "gwet_ac",
    "krippendorff_alpha",
    "light_kappa",
    "pairwise_cohen",
    "percent_agreement",
    "prevalent_category",
    "ratings_from_table",
    "specific_agreement",
    "stuart_maxwell",
]
