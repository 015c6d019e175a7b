"""Words for coefficients."""

import pytest

from readerstudy.stats.agreement.benchmark import BANDS, gwet_benchmark
from readerstudy.stats.estimate import Estimate, Reason


def coefficient(value: float, se: float) -> Estimate:
    return Estimate(estimator="gwet_ac", value=value, se=se)


def test_an_uncertain_coefficient_gets_a_lower_band_than_its_value() -> None:
    assert gwet_benchmark(coefficient(0.78, 0.01)).band == "substantial"
    found = gwet_benchmark(coefficient(0.775, 0.143))
    # P(AC > .4) = .9956 and P(AC > .6) = .88, cut off at one.
    assert found.band == "moderate"
    assert found.probability == pytest.approx(0.9953, abs=5e-4)
    assert "Landis" in found.source


@pytest.mark.parametrize("scale", BANDS)
def test_every_scale_has_a_word_for_every_coefficient(scale: str) -> None:
    for value in (-0.9, -0.2, 0.1, 0.35, 0.55, 0.7, 0.99):
        assert gwet_benchmark(coefficient(value, 0.02), scale=scale).band


def test_no_standard_error_no_word() -> None:
    assert gwet_benchmark(Estimate(estimator="gwet_ac", value=1.0, se=0.0)) is None
    assert gwet_benchmark(Estimate.undefined("gwet_ac", Reason.NO_OVERLAP)) is None
