"""The fully crossed plan keeps its promises for every size and seed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.designs import crossed

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 15), st.integers(1, 5))
SEEDS = st.integers(0, 2**63 - 1)


def plan(
    seed: int, readers: int, cases: int, arms: int
) -> tuple[list[crossed.Placement], list[str], list[str]]:
    case_codes = [f"C{number:03d}" for number in range(cases)]
    arm_codes = [str(number) for number in range(arms)]
    return (
        crossed.allocate(seed=seed, readers=range(1, readers + 1), cases=case_codes, arms=arm_codes),
        case_codes,
        arm_codes,
    )


@given(SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_every_promise_holds(seed: int, sizes: tuple[int, int, int]) -> None:
    placements, cases, arms = plan(seed, *sizes)
    balance = crossed.check(placements, cases=cases, arms=arms)
    assert balance.keeps_promises, balance
    assert len(placements) == sizes[0] * sizes[1] * sizes[2]


@given(SEEDS, SIZES)
@settings(max_examples=60, deadline=None)
def test_positions_count_from_one_without_gaps_and_keys_differ(
    seed: int, sizes: tuple[int, int, int]
) -> None:
    placements, _cases, _arms = plan(seed, *sizes)
    for reader in {placement.reader for placement in placements}:
        positions = [placement.position for placement in placements if placement.reader == reader]
        assert positions == list(range(1, len(positions) + 1))
    assert len({placement.key for placement in placements}) == len(placements)


@given(SEEDS, SIZES)
@settings(max_examples=60, deadline=None)
def test_letters_of_a_case_differ_and_belong_to_one_arm_each(seed: int, sizes: tuple[int, int, int]) -> None:
    placements, _cases, arms = plan(seed, *sizes)
    letters: dict[tuple[int, str], dict[str, str]] = {}
    for placement in placements:
        letters.setdefault((placement.reader, placement.case), {})[placement.letter] = placement.arm
    assert all(len(by_letter) == len(set(by_letter.values())) == len(arms) for by_letter in letters.values())


@given(SEEDS, SIZES)
@settings(max_examples=60, deadline=None)
def test_another_reader_changes_nobody_elses_rows(seed: int, sizes: tuple[int, int, int]) -> None:
    readers, cases, arms = sizes
    before, _cases, _arms = plan(seed, readers, cases, arms)
    after, _cases, _arms = plan(seed, readers + 1, cases, arms)
    assert after[: len(before)] == before


def test_letters_and_arms_are_independent_over_readers_and_cases() -> None:
    placements, _cases, _arms = plan(7, 20, 30, 2)
    first = sum(placement.letter == "A" for placement in placements if placement.arm == "0")
    assert 240 < first < 360  # 600 draws of a fair coin; the seed is fixed, so this never flickers


def test_swapping_the_arms_names_moves_no_case_and_no_key() -> None:
    """Blinding: what is not the arm itself does not depend on which model stands behind an arm."""
    cases = [f"C{number}" for number in range(9)]
    one = crossed.allocate(seed=3, readers=[1, 2], cases=cases, arms=["0", "1"])
    other = crossed.allocate(seed=3, readers=[1, 2], cases=cases, arms=["1", "0"])
    assert [(row.position, row.case, row.key, row.case_key) for row in one] == [
        (row.position, row.case, row.key, row.case_key) for row in other
    ]


def test_a_known_seed_gives_the_rows_it_always_gave() -> None:
    """A change of this list is a change of the algorithm and needs a new name for it."""
    rows = crossed.allocate(seed=20261122, readers=[1], cases=["C001", "C002", "C003"], arms=["0", "1"])
    assert crossed.ALGORITHM == "crossed/1"
    assert [(row.position, row.case, row.arm, row.letter) for row in rows] == KNOWN


KNOWN = [
    (1, "C002", "1", "A"),
    (2, "C001", "0", "B"),
    (3, "C003", "1", "B"),
    (4, "C002", "0", "B"),
    (5, "C001", "1", "A"),
    (6, "C003", "0", "A"),
]


def test_two_studies_do_not_share_an_order() -> None:
    one, _cases, _arms = plan(1, 1, 15, 2)
    other, _cases, _arms = plan(2, 1, 15, 2)
    assert [row.case for row in one] != [row.case for row in other]


def test_a_broken_plan_is_seen() -> None:
    placements, cases, arms = plan(1, 2, 6, 2)
    assert not crossed.check(placements[:-1], cases=cases, arms=arms).keeps_promises
    assert not crossed.check([*placements, placements[0]], cases=cases, arms=arms).keeps_promises


@pytest.mark.parametrize(
    ("cases", "arms", "sentence"),
    [
        ([], ["0"], "There is no case"),
        (["C1"], [], "There is no arm"),
        (["C1", "C1"], ["0"], "A case occurs twice"),
        (["C1"], [str(number) for number in range(27)], "27 arms"),
    ],
)
def test_an_impossible_plan_is_refused_with_its_reason(
    cases: list[str], arms: list[str], sentence: str
) -> None:
    with pytest.raises(crossed.PlanError, match=sentence):
        crossed.allocate(seed=1, readers=[1], cases=cases, arms=arms)
