"""What a plan asks of its readers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.stats.power import READERS_SENTENCE, Load, Pace, PowerError, burden


def load(reader: int = 1, period: int = 1, presentations: int = 40, presses: int = 200) -> Load:
    return Load(reader=reader, period=period, presentations=presentations, presses=presses)


def test_minutes_are_looking_and_pressing() -> None:
    found = burden([load()], Pace(seconds=66.0))
    assert found.minutes == pytest.approx((40 * 66 + 200 * 0.28) / 60)
    assert found.readers[0].sittings == 1


def test_periods_share_no_sitting_and_are_washouts_apart() -> None:
    loads = [load(period=period, presentations=10) for period in (1, 2, 3)]
    found = burden(loads, Pace(), washout_days=28)
    assert (found.readers[0].presentations, found.readers[0].sittings, found.days) == (30, 3, 56)


@pytest.mark.parametrize(("minutes", "sittings"), [(44.9, 1), (45.0, 1), (45.1, 2), (90.0, 2), (300, 7)])
def test_a_sitting_is_45_minutes(minutes: float, sittings: int) -> None:
    one = load(presentations=1, presses=0)
    assert Pace(seconds=minutes * 60).sittings(one) == sittings


def test_a_sitting_may_also_end_after_so_many_presentations() -> None:
    assert Pace(seconds=1.0, most_presentations=40).sittings(load(presentations=81)) == 3


def test_the_totals_name_who_has_most_to_do_with_formula_and_source() -> None:
    figures = burden([load(), load(reader=2, presentations=80)], Pace()).figures()
    assert [(figure.name, figure.value) for figure in figures] == [
        ("Reader minutes in all", pytest.approx(120 + 400 * 0.28 / 60)),
        ("Minutes of the reader with most to do", pytest.approx(80 + 200 * 0.28 / 60)),
        ("Sittings of the reader with most to do", 2),
        ("Sittings in all", 3),
    ]
    assert all(figure.formula and figure.source and figure.readers == 2 for figure in figures)
    assert "45" in figures[2].formula
    assert "population" in READERS_SENTENCE


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12))
def test_the_whole_is_the_sum_of_its_readers(counts: list[int]) -> None:
    loads = [load(reader=reader, presentations=count) for reader, count in enumerate(counts)]
    found = burden(reversed(loads), Pace())
    assert found.minutes == pytest.approx(sum(Pace().minutes(each) for each in loads))
    assert [row["presentations"] for row in found.as_rows()] == counts
    assert all(reader.sittings * 45 >= reader.minutes - 1e-6 for reader in found.readers)


def test_nothing_to_read_and_impossible_paces_are_refused() -> None:
    with pytest.raises(PowerError, match="nothing to read"):
        burden([], Pace())
    with pytest.raises(PowerError, match="must not be negative"):
        Pace(seconds=-1.0)
    with pytest.raises(PowerError, match="at least one presentation"):
        Pace(most_presentations=0)
