"""Drift with order, practice, sittings and periods."""

import numpy as np
import pytest

from readerstudy.stats.estimate import Reason
from readerstudy.stats.trends import Trace, fatigue_trend, learning_trend, order_trend, period_effect


def trace(
    seed: int = 1, *, drift: float = 0.0, cases: int = 40, readers: int = 5, noise: float = 0.5
) -> Trace:
    generator = np.random.default_rng(seed)
    difficulty = generator.normal(scale=2.0, size=cases)
    names, seen, values, positions = [], [], [], []
    for reader in range(readers):
        order = generator.permutation(cases)
        strictness = generator.normal(scale=2.0)
        slope = drift + generator.normal(scale=0.01)
        for position, case in enumerate(order, 1):
            names.append(f"r{reader}")
            seen.append(f"c{case}")
            positions.append(position)
            values.append(difficulty[case] + strictness + slope * position + generator.normal(scale=noise))
    return Trace(
        readers=names, cases=seen, values=np.array(values), positions=np.array(positions, dtype=float)
    )


def test_a_drift_is_found_whatever_the_readers_and_cases() -> None:
    lines = order_trend(trace(drift=0.05))
    assert [line.reader for line in lines] == ["r0", "r1", "r2", "r3", "r4", None]
    mean = lines[-1]
    assert mean.value == pytest.approx(0.05, abs=0.02)
    assert mean.value == pytest.approx(np.mean([line.value for line in lines[:-1]]), abs=0.002)
    assert (mean.df, mean.n_readers, mean.n_cases, mean.n_ratings) == (4.0, 5, 40, 200)
    assert mean.ci_method == "readers and cases removed, jackknife of readers, t"


def test_the_interval_covers_the_drift() -> None:
    covered = 0
    for seed in range(150):
        low, high = order_trend(trace(seed, drift=0.03))[-1].ci
        covered += low <= 0.03 <= high
    assert 0.91 <= covered / 150 <= 0.985


def test_without_noise_the_slope_of_each_reader_is_exact() -> None:
    readers = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    positions = np.array([1.0, 2, 3, 4, 4, 3, 2, 1, 2, 4, 1, 3])
    cases = list("wxyz") * 3
    difficulty = np.tile([5.0, -1, 3, 8], 3)
    values = difficulty + 0.25 * positions + np.repeat([0.0, 7.0, -2.0], 4)
    lines = order_trend(Trace(readers=readers, cases=cases, values=values, positions=positions))
    assert [line.value for line in lines] == pytest.approx([0.25] * 4)


def test_twice_the_practice_takes_a_known_share_of_the_time() -> None:
    whole = trace(noise=0.0)
    seconds = 60.0 * whole.positions**-0.2
    seconds[3] = 0.0
    timed = Trace(readers=whole.readers, cases=whole.cases, values=seconds, positions=whole.positions)
    mean = learning_trend(timed)[-1]
    assert mean.value == pytest.approx(-0.2)
    assert (mean.n_ratings, mean.n_missing) == (199, 1)


def test_fatigue_is_taken_within_sittings() -> None:
    readers, sittings, positions, values = [], [], [], []
    for reader in "ab":
        for sitting, level in (("1", 0.0), ("2", 5.0)):
            for position in range(1, 6):
                readers.append(reader)
                sittings.append(sitting)
                positions.append(float(position))
                values.append(level - 0.1 * position)
    cases = [f"c{row}" for row in range(20)]
    data = Trace(
        readers=readers,
        cases=cases,
        values=np.array(values),
        positions=np.array(positions),
        sittings=sittings,
    )
    mean = fatigue_trend(data)[-1]
    assert mean.value == pytest.approx(-0.1)
    assert mean.ci_method == "mean of reader slopes, readers removed, t"
    assert mean.reason is Reason.ZERO_VARIANCE


def test_periods_are_compared_within_readers_and_cases() -> None:
    readers = ["a"] * 4 + ["b"] * 4
    cases = list("wwxx") * 2
    periods = np.array([1.0, 2, 1, 2, 1, 2, 1, 2])
    values = np.array([1.0, 2.5, 4, 5.5, 2, 3, 3, 4])
    lines = period_effect(Trace(readers=readers, cases=cases, values=values, positions=periods))
    assert [line.value for line in lines] == pytest.approx([1.5, 1.0, 1.25])


def test_what_cannot_drift_says_why() -> None:
    nothing = Trace(readers=[], cases=[], values=np.zeros(0), positions=np.zeros(0))
    assert [line.reason for line in order_trend(nothing)] == [Reason.NO_RATINGS]
    still = Trace(readers=["a", "a"], cases=["x", "y"], values=np.array([1.0, 2.0]), positions=np.ones(2))
    assert {line.reason for line in order_trend(still)} == {Reason.NO_VARIATION}
    alone = Trace(
        readers=["a", "a"], cases=["x", "y"], values=np.array([1.0, 2.0]), positions=np.array([1.0, 2.0])
    )
    assert order_trend(alone)[-1].reason is Reason.ONE_READER
