"""The approximation itself: its definition, its gradient, and exact integrals where they can be had."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from readerstudy.stats.ordinal import Crossing
from readerstudy.stats.ordinal.laplace import Laplace, Parameters

AT = Parameters(
    thresholds=np.array([-1.0, 0.2, 1.5]), effects=np.array([0.3, -0.2]), case_sd=0.8, reader_sd=0.5
)


def crossing(n: int = 60, cases: int = 8, readers: int = 4) -> Crossing:
    generator = np.random.default_rng(1)
    return Crossing(
        grades=generator.integers(0, 4, n),
        cases=np.arange(n) % cases,
        readers=generator.integers(0, readers, n),
        design=generator.normal(size=(n, 2)),
    )


def joint(u: np.ndarray, data: Crossing, at: Parameters) -> float:
    """The log-likelihood of grades and random effects, written out."""
    n_cases = data.shape[0]
    eta = data.design @ at.effects
    eta = eta + at.case_sd * u[:n_cases][data.cases] + at.reader_sd * u[n_cases:][data.readers]
    edges = np.concatenate([[-np.inf], at.thresholds, [np.inf]])
    chance = expit(edges[data.grades + 1] - eta) - expit(edges[data.grades] - eta)
    return float(np.log(chance).sum() - 0.5 * u @ u)


def test_it_is_the_mode_less_half_the_log_determinant() -> None:
    data = crossing()
    size = sum(data.shape)
    mode = minimize(lambda u: -joint(u, data, AT), np.zeros(size), method="BFGS", options={"gtol": 1e-9}).x
    step = 1e-4 * np.eye(size)
    curvature = np.array(
        [
            [
                joint(mode + a + b, data, AT)
                - joint(mode + a - b, data, AT)
                - joint(mode - a + b, data, AT)
                + joint(mode - a - b, data, AT)
                for b in step
            ]
            for a in step
        ]
    ) / (4e-8)
    expected = joint(mode, data, AT) - 0.5 * np.linalg.slogdet(-curvature)[1]
    assert Laplace(data)(AT)[0] == pytest.approx(expected, abs=1e-4)


def test_its_gradient_is_exact() -> None:
    data = crossing()
    flat = np.concatenate([AT.thresholds, AT.effects, np.log([AT.case_sd, AT.reader_sd])])

    def value(vector: np.ndarray) -> tuple[float, np.ndarray]:
        sd = np.exp(vector[-2:])
        at = Parameters(thresholds=vector[:3], effects=vector[3:5], case_sd=sd[0], reader_sd=sd[1])
        found, *gradient = Laplace(data)(at)
        return found, np.concatenate(gradient)

    steps = 1e-5 * np.eye(len(flat))
    numeric = [(value(flat + step)[0] - value(flat - step)[0]) / 2e-5 for step in steps]
    assert value(flat)[1] == pytest.approx(np.array(numeric), abs=1e-7)


def test_without_random_effects_it_is_the_plain_likelihood() -> None:
    data = crossing()
    plain = Parameters(thresholds=AT.thresholds, effects=AT.effects, case_sd=0.0, reader_sd=0.0)
    assert Laplace(data)(plain)[0] == pytest.approx(joint(np.zeros(sum(data.shape)), data, plain))


def test_it_comes_near_the_integral_where_a_case_has_many_grades() -> None:
    data = crossing(n=400, cases=4, readers=1)
    at = Parameters(thresholds=AT.thresholds, effects=AT.effects, case_sd=0.8, reader_sd=0.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    edges = np.concatenate([[-np.inf], at.thresholds, [np.inf]])
    exact = 0.0
    for case in range(4):
        own = data.cases == case
        eta = (data.design @ at.effects)[own, np.newaxis] + 0.8 * nodes
        chance = expit(edges[data.grades[own] + 1][:, np.newaxis] - eta)
        chance = chance - expit(edges[data.grades[own]][:, np.newaxis] - eta)
        exact += np.log((np.exp(np.log(chance).sum(axis=0)) * weights).sum() / np.sqrt(2 * np.pi))
    assert Laplace(data)(at)[0] == pytest.approx(exact, abs=0.02)


def test_a_grade_far_from_its_threshold_loses_no_digits() -> None:
    data = Crossing(
        grades=np.array([1]), cases=np.array([0]), readers=np.array([0]), design=np.array([[-60.0]])
    )
    at = Parameters(thresholds=np.array([0.0, 1.0]), effects=np.ones(1), case_sd=0.0, reader_sd=0.0)
    expected = np.log(np.exp(-60.0) - np.exp(-61.0))
    assert Laplace(data)(at)[0] == pytest.approx(expected, rel=1e-12)
