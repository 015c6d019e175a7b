"""Kappa where one stratum was judged whole and another by a sample."""

from __future__ import annotations

import numpy as np
import pytest

from readerstudy.stats.agreement.cohen import cohen_kappa, ratings_from_table
from readerstudy.stats.agreement.sampled import Stratum, sampled_kappa
from readerstudy.stats.estimate import Reason
from readerstudy.stats.inference import Inference


def pairs(**counts: int) -> tuple[tuple[str, str], ...]:
    return tuple((name[0], name[1]) for name, n in counts.items() for _one in range(n))


def test_a_stratum_judged_whole_is_cohens_kappa() -> None:
    found = sampled_kappa([Stratum(50, pairs(aa=20, ab=5, ba=10, bb=15))], ["a", "b"])
    plain = cohen_kappa(ratings_from_table([[20, 5], [10, 15]], categories=["a", "b"]), "R1", "R2")
    assert found.value == pytest.approx(plain.value)
    assert found.value == pytest.approx(0.4), "Cohen's own arithmetic: .7 observed, .5 by chance"


def test_a_sample_counts_for_those_it_stands_for() -> None:
    sampled = sampled_kappa([Stratum(10, pairs(aa=10)), Stratum(90, pairs(bb=8, ba=1))], ["a", "b"])
    whole = sampled_kappa([Stratum(100, pairs(aa=10, bb=80, ba=10))], ["a", "b"])
    assert sampled.value == pytest.approx(whole.value)
    assert (sampled.n_cases, sampled.n_missing) == (19, 81)


def test_pooling_without_weights_would_say_something_else() -> None:
    strata = [Stratum(10, pairs(aa=10)), Stratum(90, pairs(bb=8, ba=1))]
    pooled = sampled_kappa([Stratum(19, pairs(aa=10, bb=8, ba=1))], ["a", "b"])
    weighted = sampled_kappa(strata, ["a", "b"])
    assert weighted.value is not None
    assert pooled.value is not None
    assert weighted.value < pooled.value - 0.2


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([], Reason.NO_RATINGS),
        ([Stratum(5, ())], Reason.NO_RATINGS),
        ([Stratum(5, pairs(aa=5)), Stratum(9, ())], Reason.NO_RATINGS),
        ([Stratum(5, pairs(aa=5))], Reason.NO_VARIATION),
    ],
)
def test_what_cannot_be_known_has_a_reason(strata: list[Stratum], reason: Reason) -> None:
    found = sampled_kappa(strata, ["a", "b"])
    assert (found.value, found.reason) == (None, reason)


def test_a_stratum_without_outputs_needs_no_judge() -> None:
    assert sampled_kappa([Stratum(0, ()), Stratum(4, pairs(aa=2, bb=2))], ["a", "b"]).value == 1


def test_impossible_strata_are_refused() -> None:
    with pytest.raises(ValueError, match="More outputs were judged"):
        sampled_kappa([Stratum(1, pairs(aa=2))], ["a", "b"])
    with pytest.raises(ValueError, match="not among the categories"):
        sampled_kappa([Stratum(1, pairs(ac=1))], ["a", "b"])


def test_the_interval_covers_about_as_often_as_it_says() -> None:
    """400 drawn samples of a population whose kappa is known."""
    generator = np.random.Generator(np.random.PCG64(7))
    population = [Stratum(200, pairs(aa=160, ab=40)), Stratum(1000, pairs(bb=940, ba=60))]
    truth = sampled_kappa(population, ["a", "b"]).value
    assert truth is not None
    hits = 0
    for trial in range(400):
        drawn = [
            population[0],
            Stratum(1000, tuple(generator.permutation(population[1].pairs)[:150].tolist())),
        ]
        strata = [Stratum(each.size, tuple((a, b) for a, b in each.pairs)) for each in drawn]
        found = sampled_kappa(strata, ["a", "b"], inference=Inference(resamples=200, seed=trial))
        assert found.ci is not None
        hits += found.ci[0] <= truth <= found.ci[1]
    assert 0.92 <= hits / 400 <= 1
