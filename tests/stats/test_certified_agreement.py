"""Agreement coefficients against certified answers."""

from functools import cache

import pytest

from readerstudy.stats import agreement
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import Inference
from tests.stats import datasets

COEFFICIENTS = {
    "gwet": agreement.gwet_ac,
    "fleiss": agreement.fleiss_kappa,
    "conger": agreement.conger_kappa,
    "bp": agreement.brennan_prediger,
    "pa": agreement.percent_agreement,
}
DIAGNOSES = ["depression", "personality", "schizophrenia", "neurosis", "other"]
LINEARISED = Inference(method="linearised")
AGREEMENT_CHECKS = [
    (dataset, check)
    for dataset, check in datasets.checks("krippendorff_canonical", "fleiss1971", "anxiety", "stuart_vision")
    if not check.startswith(("ICC", "kendall"))
]


@pytest.mark.parametrize(("dataset", "check"), AGREEMENT_CHECKS)
def test_agreement_equals_the_certified_answer(dataset: str, check: str) -> None:
    datasets.assert_certified(dataset, check, computed(dataset, check))


def computed(dataset: str, check: str) -> float | None:
    name, *parts = check.split(".")
    if name in COEFFICIENTS:
        return part(coefficient(dataset, name, parts[0]), parts[1])
    if name in ("krippendorff_alpha", "krip"):
        metric = {"unweighted": "nominal", "quadratic": "interval"}.get(parts[0], parts[0])
        return agreement.krippendorff_alpha(
            datasets.ratings(dataset), metric=metric, inference=LINEARISED
        ).value
    if name == "cohen_kappa":
        return part(cohen(dataset, parts[-2] if parts[-1] in PARTS else parts[-1]), parts[-1])
    if name == "stuart_maxwell":
        test = agreement.stuart_maxwell(datasets.vision(), "R1", "R2")
        return test.p if parts == ["p"] else test.value
    return fleiss_1971(name, parts)


def fleiss_1971(name: str, parts: list[str]) -> float | None:
    ratings = datasets.ratings("fleiss1971")
    if parts[:1] == ["category"]:
        return agreement.fleiss_kappa_by_category(ratings)[DIAGNOSES.index(parts[1])].value
    if name == "fleiss_kappa" and parts:
        test = agreement.fleiss_null_test(ratings)
        return {"z_null": test.statistic, "se_null": test.se}[parts[0]]
    function = {
        "fleiss_kappa": agreement.fleiss_kappa,
        "randolph_kappa_free_marginal": agreement.brennan_prediger,
        "light_kappa": agreement.light_kappa,
        "conger_exact_kappa": agreement.conger_kappa,
    }[name]
    return function(ratings).value


@cache
def coefficient(dataset: str, name: str, weights: str) -> Estimate:
    return COEFFICIENTS[name](datasets.ratings(dataset), weights=weights)


@cache
def cohen(dataset: str, weights: str) -> Estimate:
    ratings = datasets.vision() if dataset == "stuart_vision" else datasets.ratings(dataset)
    return agreement.cohen_kappa(ratings, "R1", "R2", weights=weights)


PARTS = {
    "value": lambda estimate: estimate.value,
    "se": lambda estimate: estimate.se,
    "ase": lambda estimate: estimate.se,
    "ci_low": lambda estimate: estimate.ci[0],
    "ci_high": lambda estimate: estimate.ci[1],
    "z_null": lambda estimate: estimate.statistic,
}


def part(estimate: Estimate, name: str) -> float | None:
    return PARTS.get(name, PARTS["value"])(estimate)
