"""Every plan keeps its promises for every size and seed, or says why it cannot."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.plan import (
    Checks,
    Comparison,
    Coverage,
    EveryReader,
    IncompleteBlocks,
    OneArm,
    OneAtATime,
    Overlap,
    Pairs,
    Plan,
    PlanError,
    Repeats,
    SplitPlot,
    Together,
)
from readerstudy.designs.promises import promises
from readerstudy.designs.rows import Presentation, RowKind
from readerstudy.designs.tables import as_csv, balance_tables

SEEDS = st.integers(0, 2**63 - 1)
COVERAGES: st.SearchStrategy[Coverage] = st.one_of(
    st.just(EveryReader()),
    st.builds(SplitPlot, st.integers(2, 4)),
    st.builds(Overlap, st.integers(1, 4), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])),
    st.builds(IncompleteBlocks, st.integers(1, 4)),
)
COMPARISONS: st.SearchStrategy[Comparison] = st.one_of(
    st.just(OneAtATime()), st.just(Together()), st.just(OneArm()), st.builds(Pairs, st.integers(0, 3))
)
PLANS = st.builds(
    Plan,
    coverage=COVERAGES,
    comparison=COMPARISONS,
    crossover=st.booleans(),
    practice=st.sampled_from([(), ("P1", "P2")]),
    repeats=st.none() | st.builds(Repeats, st.just(0.1), st.integers(1, 3), st.integers(2, 6)),
    checks=st.none()
    | st.builds(Checks, st.just(("blank", "known bad")), st.integers(3, 9))
    | st.builds(
        Checks,
        st.sampled_from([(), ("X1",)]),
        st.integers(3, 9),
        known_bad=st.integers(0, 2),
        identical=st.integers(0, 2),
        blank=st.integers(0, 2),
    ),
    truths=st.sampled_from([None, {f"C{number:03d}": "xyy"[number % 3] for number in range(80)}]),
    strata=st.sampled_from([{}, {f"C{number:03d}": "ab"[number % 2] for number in range(40)}]),
)
SIZES = st.tuples(st.integers(1, 7), st.integers(1, 24), st.integers(1, 5))
USUAL = [
    Plan(coverage=coverage, comparison=comparison)
    for coverage in (EveryReader(), SplitPlot(2), Overlap(3, 0.2), IncompleteBlocks(2))
    for comparison in (OneAtATime(), Together(), OneArm(), Pairs(), Pairs(1))
]


def codes(cases: int, start: int = 0) -> list[str]:
    return [f"C{number:03d}" for number in range(start, start + cases)]


def names(arms: int) -> list[str]:
    return [f"arm {number}" for number in range(arms)]


def people(readers: int, *later: int) -> People:
    return People(tuple(range(1, readers + 1)), later)


def drawn(plan: Plan, seed: int, sizes: tuple[int, int, int]) -> list[Presentation] | None:
    """The rows, or None where the plan refuses these sizes, always with a whole sentence."""
    readers, cases, arms = sizes
    try:
        return allocate(plan, seed=seed, people=people(readers), batches=[codes(cases)], arms=names(arms))
    except PlanError as refusal:
        sentence = str(refusal)
    assert re.fullmatch(r"[A-Z0-9].*\.", sentence)
    return None


@given(PLANS, SEEDS, SIZES)
@settings(max_examples=600, deadline=None)
def test_every_promise_holds_or_the_plan_says_why_not(
    plan: Plan, seed: int, sizes: tuple[int, int, int]
) -> None:
    rows = drawn(plan, seed, sizes)
    if rows is None:
        return
    readers, cases, arms = sizes
    found = promises(plan, rows, readers=range(1, readers + 1), cases=codes(cases), arms=names(arms))
    assert all(each.kept for each in found), [each for each in found if not each.kept]


@pytest.mark.parametrize("plan", USUAL, ids=str)
def test_the_usual_plans_are_drawn(plan: Plan) -> None:
    rows = allocate(plan, seed=1, people=people(6), batches=[codes(30)], arms=names(3))
    assert {row.reader for row in rows} == set(range(1, 7))
    assert {row.case for row in rows} == set(codes(30))
    assert {arm for row in rows for arm in row.arms} == set(names(3))


@given(PLANS, SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_a_later_reader_and_later_cases_only_add_rows(
    plan: Plan, seed: int, sizes: tuple[int, int, int]
) -> None:
    before = drawn(plan, seed, sizes)
    if before is None:
        return
    readers, cases, arms = sizes
    batches = [codes(cases), codes(cases, start=cases)]
    wider = allocate(plan, seed=seed, people=people(readers, readers + 1), batches=batches, arms=names(arms))
    assert set(before) <= set(wider)
    assert {row.case for row in wider if row.reader == readers + 1} <= {
        *codes(2 * cases),
        *plan.practice,
        *(plan.checks.codes if plan.checks else ()),
        "blank",
        "known bad",
    }


@given(PLANS, SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_positions_count_from_one_and_names_differ(
    plan: Plan, seed: int, sizes: tuple[int, int, int]
) -> None:
    rows = drawn(plan, seed, sizes) or []
    for reader in {row.reader for row in rows}:
        mine = [row for row in rows if row.reader == reader]
        assert [row.position for row in mine] == list(range(1, len(mine) + 1))
        assert [row.period for row in mine] == sorted(row.period for row in mine)
        assert [row.case for row in mine[: len(plan.practice)]] == list(plan.practice)
    assert len({row.key for row in rows}) == len(rows)


@given(PLANS, SEEDS, SIZES)
@settings(max_examples=100, deadline=None)
def test_the_arms_names_move_nothing_but_themselves(
    plan: Plan, seed: int, sizes: tuple[int, int, int]
) -> None:
    """Blinding: which model stands behind an arm decides nothing of what a reader gets beside its texts."""
    readers, cases, arms = sizes
    if drawn(plan, seed, sizes) is None:
        return
    other = [f"model {number}" for number in reversed(range(arms))]
    one, two = (
        allocate(plan, seed=seed, people=people(readers), batches=[codes(cases)], arms=given)
        for given in (names(arms), other)
    )
    turned = dict(zip(names(arms), other, strict=True))
    assert [tuple(turned[arm] for arm in row.arms) for row in one] == [row.arms for row in two]
    assert [(r.reader, r.position, r.case, r.letters, r.key, r.case_key) for r in one] == [
        (r.reader, r.position, r.case, r.letters, r.key, r.case_key) for r in two
    ]


@pytest.mark.parametrize(
    "plan", [Plan(comparison=Pairs()), Plan(comparison=Pairs(), crossover=True)], ids=str
)
def test_every_pair_comes_as_often_early_as_late(plan: Plan) -> None:
    """With all pairs of a case, each round of the cases holds each pair, so that no pair is read by tired eyes only."""
    rows = allocate(plan, seed=2, people=people(3), batches=[codes(12)], arms=names(3))
    for reader in range(1, 4):
        mine = [frozenset(row.arms) for row in rows if row.reader == reader]
        for start in range(0, 36, 12):
            assert set(Counter(mine[start : start + 12]).values()) == {4}


def test_two_seeds_share_no_order() -> None:
    orders = {
        tuple(
            row.case for row in allocate(Plan(), seed=seed, people=people(1), batches=[codes(20)], arms=["a"])
        )
        for seed in range(200)
    }
    assert len(orders) == 200


def test_the_rows_are_the_same_on_every_machine_and_python() -> None:
    """A change of this hash is a new algorithm: give it a new version and keep the old one."""
    plan = Plan(
        coverage=Overlap(2, 0.2),
        comparison=Pairs(2),
        practice=("P1",),
        repeats=Repeats(0.1, 2, 5),
        checks=Checks(("blank",), 9),
        strata={code: "ab"[number % 2] for number, code in enumerate(codes(30))},
    )
    rows = allocate(
        plan, seed=20261122, people=people(5, 6), batches=[codes(24), codes(6, 24)], arms=names(3)
    )
    told = "\n".join(repr(row) for row in rows)
    assert hashlib.sha256(told.encode()).hexdigest() == GOLDEN


GOLDEN = "db3cd5ce1b1f4764d3ccfab1a84198564a2216467b02774501de8e73f9f748f5"


def test_repeats_are_other_rows_of_the_same_case_on_the_other_side() -> None:
    plan = Plan(comparison=Pairs(1), repeats=Repeats(0.1, 4, 30))
    rows = allocate(plan, seed=3, people=people(3), batches=[codes(60)], arms=names(2))
    again = [row for row in rows if row.kind == RowKind.REPEAT]
    assert len(again) == 3 * 6
    for row in again:
        (first,) = (r for r in rows if (r.reader, r.case, r.kind) == (row.reader, row.case, RowKind.MAIN))
        assert first.arms == row.arms[::-1]
        assert row.position - first.position >= 30


def test_a_file_has_a_column_for_each_output_and_empty_cells_for_checks() -> None:
    plan = Plan(comparison=Pairs(), checks=Checks(("blank",), 5), practice=("P1",))
    lines = as_csv(allocate(plan, seed=1, people=people(1), batches=[codes(5)], arms=names(2))).splitlines()
    assert lines[0] == "reader,period,position,case,output_1_arm,output_2_arm,kind"
    assert lines[1] == "1,1,1,P1,,,practice"
    assert sum(line.endswith(",blank,,,check") for line in lines) == 2


def test_the_tables_of_a_crossed_plan_are_even() -> None:
    rows = allocate(Plan(comparison=Pairs()), seed=4, people=people(2), batches=[codes(8)], arms=names(2))
    position, side, sides, reader = balance_tables(rows, names(2))
    assert position.rows == (("arm 0", "4", "4", "4", "4"), ("arm 1", "4", "4", "4", "4"))
    assert side.rows == (("arm 0", "8", "8"), ("arm 1", "8", "8"))
    assert sides.rows == (("1", "arm 0 · arm 1", "4", "4"), ("2", "arm 0 · arm 1", "4", "4"))
    assert reader.rows == (("1", "8", "8", "–"), ("2", "8", "8", "–"))


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (Plan(coverage=SplitPlot(9)), "needs at least 2 groups"),
        (Plan(coverage=Overlap(9)), "read by 9 readers, and there are 6"),
        (Plan(coverage=Overlap(2, 1.5)), "must lie between 0 and 1"),
        (Plan(coverage=IncompleteBlocks(3)), "Numbers of cases that work nearby: 20, 40"),
        (Plan(comparison=Pairs(9)), "3 arms make 3"),
        (Plan(comparison=Together(), crossover=True), "different periods"),
        (Plan(repeats=Repeats()), "need a reading of 50 presentations"),
        (Plan(checks=Checks(())), "at least one code"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_what_would_work(plan: Plan, sentence: str) -> None:
    cases = 13 if plan.repeats else 31
    with pytest.raises(PlanError, match=sentence):
        allocate(plan, seed=1, people=people(6), batches=[codes(cases)], arms=names(3))
