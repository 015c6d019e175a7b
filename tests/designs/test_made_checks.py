"""Attention checks made of the study's own cases: drawn, provable, and after their case was read."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

import pytest

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.plan import Checks, OneAtATime, Pairs, Plan, PlanError
from readerstudy.designs.promises import promises
from readerstudy.designs.rows import CheckKind, Presentation, RowKind
from readerstudy.designs.showing import as_shown
from readerstudy.designs.tables import as_csv, balance_tables

CASES = [f"C{number:03d}" for number in range(40)]
TRUTHS = {code: "xyy"[number % 3] for number, code in enumerate(CASES)}
ARMS = ["P", "Q", "R"]
CHECKS = Checks(known_bad=2, identical=3, blank=1)
PAIRS = Plan(comparison=Pairs(1), checks=CHECKS, truths=TRUTHS)


def drawn(plan: Plan, cases: list[str] | None = None, **options: object) -> list[Presentation]:
    people = options.pop("people", People((1, 2, 3)))
    batches = options.pop("batches", [cases or CASES])
    return allocate(plan, seed=5, people=people, batches=batches, arms=ARMS, **options)  # type: ignore[arg-type]


def made(rows: list[Presentation]) -> list[Presentation]:
    return [row for row in rows if row.check is not None]


def test_every_reader_gets_so_many_of_each_kind() -> None:
    counts = Counter((row.reader, row.check) for row in made(drawn(PAIRS)))
    for reader in (1, 2, 3):
        assert counts[reader, CheckKind.KNOWN_BAD] == 2
        assert counts[reader, CheckKind.IDENTICAL] == 3
        assert counts[reader, CheckKind.BLANK] == 1


def test_a_check_comes_after_its_case_was_read_and_no_two_are_about_one_case() -> None:
    rows = drawn(PAIRS)
    for reader in (1, 2, 3):
        mine = [row for row in rows if row.reader == reader]
        first = {row.case: row.position for row in reversed(mine) if row.kind == RowKind.MAIN}
        assert all(first[row.case] < row.position for row in made(mine))
        assert len({row.case for row in made(mine)}) == len(made(mine))


def test_a_known_bad_output_is_about_a_case_with_another_label() -> None:
    bad = [row for row in drawn(PAIRS) if row.check == CheckKind.KNOWN_BAD]
    assert bad
    assert all(TRUTHS[row.source] != TRUTHS[row.case] for row in bad)
    assert all(row.about == row.source for row in bad)


def test_without_another_label_there_is_no_known_bad_output() -> None:
    for truths in ({}, dict.fromkeys(CASES, "x")):
        with pytest.raises(PlanError, match="Give the cases their labels"):
            drawn(replace(PAIRS, truths=truths))


def test_an_identical_pair_needs_texts_side_by_side() -> None:
    with pytest.raises(PlanError, match="needs texts side by side"):
        drawn(replace(PAIRS, comparison=OneAtATime()))


def test_a_short_reading_has_no_room() -> None:
    with pytest.raises(PlanError, match="6 attention checks need a reading of 12 presentations or more"):
        drawn(PAIRS, CASES[:11])
    assert drawn(PAIRS, CASES[:12])


def test_an_identical_pair_shows_one_output_twice_and_others_never_do() -> None:
    shown = as_shown(PAIRS, drawn(PAIRS), seed=5, arms=ARMS, hidden=())
    pairs = [row for row in shown if row.check == CheckKind.IDENTICAL]
    assert all(len(row.arms) == 2 and len(set(row.arms)) == 1 and row.letters == "AB" for row in pairs)
    assert all(len(set(row.arms)) == 2 for row in shown if row.check != CheckKind.IDENTICAL)


def test_blank_images_have_a_name_of_their_own() -> None:
    rows = drawn(PAIRS)
    blank = [row for row in rows if row.check == CheckKind.BLANK]
    for row in blank:
        others = {each.case_key for each in rows if each.reader == row.reader and each != row}
        assert row.case_key not in others


def test_a_hidden_output_serves_no_check() -> None:
    hidden = {(code, "P") for code in CASES}
    shown = as_shown(PAIRS, drawn(PAIRS), seed=5, arms=ARMS, hidden=hidden)
    assert made(shown)
    assert not any("P" in row.arms for row in made(shown))


def test_an_arm_without_outputs_is_no_known_bad_output() -> None:
    plan = Plan(comparison=OneAtATime(), checks=Checks(known_bad=5), truths=TRUTHS)
    shown = as_shown(plan, drawn(plan), seed=5, arms=ARMS, hidden=(), unaided=("P",))
    assert {arm for row in made(shown) for arm in row.arms} == {"Q", "R"}


def test_later_readers_and_batches_change_no_row_that_is_there() -> None:
    before = drawn(PAIRS, batches=[CASES[:20]])
    after = drawn(PAIRS, batches=[CASES[:20], CASES[20:]], people=People((1, 2, 3), (4,)))
    assert set(before) <= set(after)
    assert {row.source for row in before if row.source} <= set(CASES[:20])


def test_promises_count_what_is_missing_or_wrong() -> None:
    rows = drawn(PAIRS)
    given = {"readers": (1, 2, 3), "cases": CASES, "arms": ARMS}
    assert all(each.kept for each in promises(PAIRS, rows, **given))  # type: ignore[arg-type]
    bad = next(row for row in rows if row.check == CheckKind.KNOWN_BAD)
    without = [row for row in rows if row != bad]
    same = [replace(row, source=row.case) if row == bad else row for row in rows]
    early = [replace(row, position=0) if row == bad else row for row in rows]
    twice = [replace(row, arms=("P", "Q")) if row.check == CheckKind.IDENTICAL else row for row in rows]
    for broken, name in (
        (without, "too many or too few"),
        (same, "with the same label"),
        (early, "before their case was read"),
        (twice, "identical pairs of different texts"),
    ):
        found = [each.name for each in promises(PAIRS, broken, **given) if not each.kept]  # type: ignore[arg-type]
        assert any(name in each for each in found), (name, found)


def test_files_and_tables_tell_the_kind() -> None:
    rows = drawn(PAIRS)
    text = as_csv(rows)
    assert text.count("check known_bad") == 6
    assert text.count("check blank") == 3
    table = next(each for each in balance_tables(rows, ARMS) if each.title == "Attention checks by reader")
    assert table.rows == (("1", "0", "2", "3", "1"), ("2", "0", "2", "3", "1"), ("3", "0", "2", "3", "1"))


def test_the_rows_are_the_same_on_every_machine_and_python() -> None:
    """A change of this hash is a new algorithm: give it a new version and keep the old one."""
    told = "\n".join(f"{row!r} {row.check} {row.source}" for row in drawn(PAIRS))
    assert hashlib.sha256(told.encode()).hexdigest() == GOLDEN


GOLDEN = "1c2135666f9696cb341213c19f45750766a08212dfc65e2adab7ae093e74c76e"
