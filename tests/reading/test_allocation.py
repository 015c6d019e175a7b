"""Every plan is stored as it was drawn, stays as it is, and is proved from its seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readerstudy.analysis.table import LongTable
from readerstudy.cases.models import Purpose
from readerstudy.designs.rows import Presentation
from readerstudy.reading import actions
from readerstudy.reading.allocating_rows import Drawing
from readerstudy.reading.allocating_store import stored_rows
from readerstudy.reading.balance import balance_of, proof_of
from readerstudy.reading.manifest import digest, manifest
from readerstudy.reading.models import (
    AllocatedOutput,
    Allocation,
    AllocationPlan,
    CaseBatch,
    HiddenOutput,
    Replacement,
)
from readerstudy.reading.proof import flaws_of
from readerstudy.studies.actions import remove_member
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.actions.life import carry_out
from readerstudy.studies.lifecycle import Deed
from readerstudy.studies.models import Arm, Design, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.reading.plans import SECTIONS, planned_study, read, running_study, seats_of, set_apart

pytestmark = pytest.mark.django_db


def rows_of(study: Study) -> list[Presentation]:
    plan = AllocationPlan.objects.current(study)
    return list(stored_rows(plan)) if plan else []


def whole(study: Study) -> bool:
    """Nothing is other than at the lock, and the manifest is still the same."""
    study.refresh_from_db()
    plan = AllocationPlan.objects.locked(study)
    assert plan is not None
    return not list(flaws_of(study)) and digest(manifest(study, plan)) == study.manifest_sha256


@pytest.mark.parametrize("name", SECTIONS)
def test_a_plan_is_stored_as_drawn_and_keeps_its_promises(name: str) -> None:
    study = running_study(SECTIONS[name])
    proof = balance_of(study)
    assert proof is not None
    assert proof.follows_seed
    assert proof.balance.keeps_promises
    assert proof.balance.promises
    assert whole(study)
    together = {"side by side": 3, "pairs": 2, "one pair of a case": 2, "overlap": 2}.get(name, 1)
    assert {len(row.arms) for row in rows_of(study)} == {together}
    assert AllocatedOutput.objects.count() == together * Allocation.objects.count()


@pytest.fixture(scope="module")
def sections() -> st.SearchStrategy[dict[str, Any]]:
    outputs = st.sampled_from(["one_at_a_time", "together", "one_arm", "pairs"])
    repeats = st.none() | st.fixed_dictionaries(
        {"share": st.just(0.1), "fewest": st.integers(1, 3), "distance": st.integers(1, 6)}
    )
    return st.fixed_dictionaries(
        {
            "plan": st.sampled_from(["crossed", "split_plot", "overlap", "incomplete_blocks"]),
            "outputs": outputs,
            "crossover": st.booleans(),
            "repeats": repeats,
            "seed": st.integers(0, 2**63 - 1),
        }
    ).map(_complete)


def _complete(section: dict[str, Any]) -> dict[str, Any]:
    needs: dict[str, dict[str, Any]] = {
        "split_plot": {"groups": 2},
        "overlap": {"readers_per_case": 2, "shared": 0.3},
    }
    needs["incomplete_blocks"] = {"readers_per_case": 2}
    told = {name: value for name, value in section.items() if value}
    return {**told, "outputs": section["outputs"], **needs.get(section["plan"], {})}


def test_stored_rows_are_the_drawn_rows_whatever_the_plan(
    sections: st.SearchStrategy[dict[str, Any]],
) -> None:
    study = factories.make_ready_study(cases=12, arms=3, readers=4)

    @given(section=sections)
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def check(section: dict[str, Any]) -> None:
        with transaction.atomic():
            Design.objects.update_or_create(study=study, defaults={"document": {"allocation": section}})
            _draw_and_compare(study)
            transaction.set_rollback(True)

    check()


def _draw_and_compare(study: Study) -> None:
    try:
        plan = actions.draw_plan(study=study, by=study.created_by)
    except StudyError:
        return
    proof = proof_of(plan)
    assert proof.follows_seed
    assert proof.balance.keeps_promises
    late = factories.make_member(study)
    before = rows_of(study)
    actions.allocate_reader(plan=plan, seat=late)
    assert [row for row in rows_of(study) if row.reader != late.seat] == before
    assert proof_of(plan).follows_seed


def test_the_first_algorithm_stays_provable() -> None:
    study = factories.make_ready_study(cases=6, arms=2, readers=2)
    plan = AllocationPlan.objects.create(
        study=study,
        seed=study.seed,
        algorithm="crossed/1",
        seats=2,
        cases=[f"C{number:03d}" for number in range(1, 7)],
        arms=[0, 1],
        excluded=[["C002", 1]],
    )
    for seat in seats_of(study):
        assert actions.allocate_reader(plan=plan, seat=seat) == 11
    proof = proof_of(plan)
    assert (proof.follows_seed, proof.balance.keeps_promises, proof.balance.hidden) == (True, True, 2)
    assert len(manifest(study, plan)["allocation"]["rows"]) == 22
    late = factories.make_reader(study)
    actions.allocate_reader(plan=plan, seat=late)
    assert proof_of(plan).follows_seed
    assert len(manifest(study, plan)["allocation"]["rows"]) == 22


def test_a_late_reader_gets_a_block_of_the_own_and_moves_nobody() -> None:
    study = running_study(SECTIONS["overlap"])
    before = rows_of(study)
    late = factories.make_reader(study)
    assert actions.join_reader(seat=late, by=study.created_by) > 0
    assert [row for row in rows_of(study) if row.reader != late.seat] == before
    assert whole(study)
    with pytest.raises(StudyError, match="has cases to read already"):
        actions.join_reader(seat=late, by=study.created_by)


def test_before_the_lock_nobody_joins_or_is_replaced() -> None:
    study = planned_study(SECTIONS["crossed"], cases=2, arms=1)
    leaver, person = seats_of(study)[0], factories.make_user()
    with pytest.raises(StudyError, match="Nobody has cases to read yet"):
        actions.join_reader(seat=leaver, by=study.created_by)
    with pytest.raises(StudyError, match="Nobody has cases to read yet"):
        actions.replace_reader(leaver=leaver, successor=person, reason="ill", by=study.created_by)


@pytest.mark.parametrize("name", ["crossed", "pairs", "crossover"])
def test_a_replaced_readers_seat_keeps_its_promise(name: str) -> None:
    study = running_study(SECTIONS[name], cases=6, arms=2, readers=2)
    leaver = seats_of(study)[0]
    for allocation in Allocation.objects.of(leaver)[:2]:
        read(allocation)
    planned = [row for row in rows_of(study) if row.reader == leaver.seat]
    done = {(row.case, row.arms, row.period) for row in planned[:2]}
    new = factories.make_user()
    row = actions.replace_reader(leaver=leaver, successor=new, reason="withdrew", by=study.created_by)
    taken = [each for each in rows_of(study) if each.reader == row.successor.seat]
    main = {(each.case, each.arms, each.period) for each in planned if each.kind == "main"}
    assert done | {(each.case, each.arms, each.period) for each in taken if each.kind == "main"} == main
    assert not {each.key for each in taken} & {each.key for each in planned}
    assert not {each.case_key for each in taken} & {each.case_key for each in planned}
    assert whole(study)
    leaver.refresh_from_db()
    assert leaver.removed_at is not None
    stays = Allocation.objects.of(leaver).filter(kind="main")  # and repeats of what the leaver read
    assert [each.position for each in stays] == [1, 2]
    assert len(Allocation.objects.of(row.successor)) == len(taken)


def test_a_successor_may_be_replaced_in_turn_and_batches_follow() -> None:
    study = planned_study(SECTIONS["crossed"], cases=6, arms=2, readers=2)
    set_apart(study, Purpose.LATER, "C005", "C006")
    study = actions.start_study(study=study, by=study.created_by)
    leaver = seats_of(study)[0]
    for allocation in Allocation.objects.of(leaver)[:3]:
        read(allocation)
    first = factories.make_reader(study)
    by = study.created_by
    one = actions.replace_reader(leaver=leaver, successor=first.user, reason="ill", by=by)
    for allocation in Allocation.objects.of(one.successor)[:2]:
        read(allocation)
    second = factories.make_user()
    two = actions.replace_reader(leaver=one.successor, successor=second, reason="ill", by=by)
    assert len(Allocation.objects.of(two.successor)) == 4 * 2 - 3 - 2
    before = rows_of(study)
    actions.release_batch(study=study, by=by)
    after = rows_of(study)
    assert set(before) < set(after)
    added = Counter(row.reader for row in after if row not in before)
    assert added == {2: 4, two.successor.seat: 4}
    assert whole(study)


def test_a_replacement_is_refused_in_a_sentence() -> None:
    study = running_study(SECTIONS["crossed"], cases=2, arms=1, readers=2)
    one, other = seats_of(study)
    by = study.created_by
    for successor, reason, sentence in (
        (one.user, "ill", "Nobody takes over from oneself"),
        (other.user, "ill", "has cases to read already"),
        (factories.make_user(), "  ", "Say why"),
    ):
        with pytest.raises(StudyError, match=sentence):
            actions.replace_reader(leaver=one, successor=successor, reason=reason, by=by)
    for allocation in Allocation.objects.of(other):
        read(allocation)
    with pytest.raises(StudyError, match="has read everything"):
        actions.replace_reader(leaver=other, successor=factories.make_user(), reason="ill", by=by)
    actions.replace_reader(leaver=one, successor=factories.make_user(), reason="ill", by=by)
    with pytest.raises(StudyError, match="replaced already"):
        actions.replace_reader(leaver=one, successor=factories.make_user(), reason="ill", by=by)
    assert Replacement.objects.count() == 1


def test_a_reader_who_was_removed_can_still_be_replaced() -> None:
    study = running_study(SECTIONS["crossed"], cases=3, arms=1, readers=2)
    leaver = seats_of(study)[0]
    remove_member(membership=leaver, by=study.created_by)
    leaver.refresh_from_db()
    row = actions.invite_successor(
        leaver=leaver, email="new@example.org", reason="moved", by=study.created_by
    )
    assert len(Allocation.objects.of(row.successor)) == 3


def test_what_was_handed_over_is_not_missing_from_the_table() -> None:
    study = running_study(SECTIONS["crossed"], cases=4, arms=2, readers=1)
    leaver = seats_of(study)[0]
    for allocation in Allocation.objects.of(leaver)[:3]:
        read(allocation)
    actions.replace_reader(leaver=leaver, successor=factories.make_user(), reason="ill", by=study.created_by)
    rows = list(LongTable.of(study).records())
    assert len(rows) == 4 * 2
    assert sum(row.is_rated for row in rows) == 3


def test_a_batch_only_adds_rows_and_only_once() -> None:
    study = planned_study(SECTIONS["pairs"], cases=8, arms=2, readers=2)
    set_apart(study, Purpose.LATER, "C006", "C007", "C008")
    study = actions.start_study(study=study, by=study.created_by)
    before = rows_of(study)
    assert {row.case for row in before} == {f"C00{number}" for number in range(1, 6)}
    batch = actions.release_batch(study=study, by=study.created_by)
    after = rows_of(study)
    assert [row for row in after if row.batch == 0] == before
    assert {row.case for row in after if row.batch == 1} == {"C006", "C007", "C008"}
    assert batch.number == 1
    assert whole(study)
    with pytest.raises(StudyError, match="No case was held back"):
        actions.release_batch(study=study, by=study.created_by)


def test_practice_and_checks_are_shown_and_never_counted() -> None:
    study = planned_study(SECTIONS["pairs"], cases=10, arms=2, readers=2)
    set_apart(study, Purpose.PRACTICE, "C009")
    set_apart(study, Purpose.CHECK, "C010")
    section = {**SECTIONS["pairs"], "checks": {"codes": ["C010"], "every": 4}}
    set_section(study=study, name="allocation", content=section, by=study.created_by)
    study = actions.start_study(study=study, by=study.created_by)
    rows = rows_of(study)
    for reader in (1, 2):
        mine = [row for row in rows if row.reader == reader]
        assert (mine[0].kind, mine[0].case) == ("practice", "C009")
        assert {row.case for row in mine if row.kind == "check"} == {"C010"}
    assert {len(row.arms) for row in rows} == {2}
    assert Counter(row.kind.value for row in rows)["check"] == 2 * 3
    cases = {LongTable.of(study).cases[row.case].code for row in LongTable.of(study).records()}
    assert cases == {f"C00{number}" for number in range(1, 9)}
    assert whole(study)


def test_check_cases_that_are_not_there_are_named() -> None:
    study = planned_study(SECTIONS["crossed"], cases=3, arms=1)
    section = {**SECTIONS["crossed"], "checks": {"codes": ["C003"], "every": 4}}
    Design.objects.update_or_create(study=study, defaults={"document": {"allocation": section}})
    with pytest.raises(StudyError, match="C003"):
        actions.draw_plan(study=study, by=study.created_by)


def test_a_plan_that_cannot_be_drawn_blocks_the_start_with_its_reason() -> None:
    section = {**SECTIONS["crossed"], "repeats": {"share": 0.1, "fewest": 20, "distance": 30}}
    study = planned_study(section, cases=4, arms=1)
    with pytest.raises(StudyError, match="Ask for fewer repeats"):
        actions.start_study(study=study, by=study.created_by)
    assert not Allocation.objects.exists()


@pytest.mark.parametrize(
    ("outputs", "left"), [("pairs", 3), ("together", 3), ("one_at_a_time", 7), ("one_arm", None)]
)
def test_hidden_refusals_take_their_comparisons_along(outputs: str, left: int | None) -> None:
    study = factories.make_study(refusal_policy="hidden")
    arms = [factories.make_arm(study) for _arm in range(2)]
    factories.make_criterion(study)
    for number in range(4):
        case = factories.make_case(study)
        for place, arm in enumerate(arms):
            verdict = "full_refusal" if (number, place) == (2, 1) else "answer"
            factories.make_output(arm, case, text=f"Text {number} {place}", verdict=verdict)
    factories.make_reader(study)
    factories.freeze(study)
    section = {"plan": "crossed", "outputs": outputs}
    set_section(study=study, name="allocation", content=section, by=study.created_by)
    study = actions.start_study(study=study, by=study.created_by)
    rows = rows_of(study)
    assert ("C003", "1") not in {(row.case, arm) for row in rows for arm in row.arms}
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    if left is not None:
        assert len(rows) == left
        hidden = HiddenOutput.objects.get()
        assert (hidden.case.code, hidden.arm) == ("C003", arms[1])
    assert whole(study)


def test_three_side_by_side_lose_only_what_is_hidden() -> None:
    study = planned_study(SECTIONS["side by side"], cases=4, arms=3, readers=1)
    plan = actions.draw_plan(study=study, by=study.created_by)
    plan.excluded = [("C001", 1)]
    shown = Drawing(plan).rows([1])
    lettered = {row.case: (len(row.arms), row.letters) for row in shown}
    assert lettered == {"C001": (2, "AB"), "C002": (3, "ABC"), "C003": (3, "ABC"), "C004": (3, "ABC")}


def test_a_hidden_refusal_counts_for_those_who_would_have_read_it() -> None:
    study = factories.make_study(refusal_policy="hidden")
    arm = factories.make_arm(study)
    factories.make_criterion(study)
    for number in range(6):
        verdict = "full_refusal" if number == 2 else "answer"
        factories.make_output(arm, factories.make_case(study), text=f"Text {number}", verdict=verdict)
    for _reader in range(3):
        factories.make_reader(study)
    factories.freeze(study)
    section = {"plan": "overlap", "outputs": "one_at_a_time", "readers_per_case": 1, "shared": 0.0}
    set_section(study=study, name="allocation", content=section, by=study.created_by)
    study = actions.start_study(study=study, by=study.created_by)
    assert HiddenOutput.objects.count() == 1
    assert sum(not row.shown for row in LongTable.of(study).records()) == 1


def test_an_unaided_arm_shows_its_cases_without_an_output() -> None:
    study = factories.make_ready_study(cases=4, arms=1, readers=2)
    unaided = Arm.objects.create(study=study, position=1, name="Unaided", kind="unaided")
    study.refresh_from_db()
    plan = actions.draw_plan(study=study, by=study.created_by)
    assert plan.plan["unaided"] == [1]
    alone = Allocation.objects.filter(arm=unaided)
    assert alone.count() == 2 * 4
    assert not AllocatedOutput.objects.filter(allocation__in=alone).exists()
    assert proof_of(plan).follows_seed
    assert proof_of(plan).balance.keeps_promises
    set_section(study=study, name="allocation", content=SECTIONS["pairs"], by=study.created_by)
    with pytest.raises(StudyError, match="stands beside no other"):
        actions.draw_plan(study=study, by=study.created_by)


def test_a_pilot_has_an_order_of_its_own_and_stays_out_of_the_table() -> None:
    study = planned_study(SECTIONS["pairs"], cases=8, arms=2, readers=2)
    study = carry_out(study=study, deed=Deed.BEGIN_PILOT, by=study.created_by, pilot_cases=3)
    pilot = rows_of(study)
    assert {row.case for row in pilot} == {"C001", "C002", "C003"}
    seat = seats_of(study)[0]
    read(Allocation.objects.of(seat)[0])
    study = carry_out(study=study, deed=Deed.END_PILOT, by=study.created_by)
    study = actions.start_study(study=study, by=study.created_by)
    rows = rows_of(study)
    assert len({row.case for row in rows}) == 8
    assert not {row.key for row in pilot} & {row.key for row in rows}
    assert not any(row.is_rated for row in LongTable.of(study).records())
    assert {each.kind for each in Allocation.objects.of(seat)} == {"main", "repeat"}
    assert whole(study)


def test_a_published_seed_gives_the_order_and_not_the_keys() -> None:
    section = {**SECTIONS["crossed"], "seed": 7}
    one, other = (running_study(section, cases=5, arms=2, readers=2) for _study in range(2))
    order = [
        [(row.reader, row.position, row.case, row.arms) for row in rows_of(each)] for each in (one, other)
    ]
    assert order[0] == order[1]
    assert not {row.key for row in rows_of(one)} & {row.key for row in rows_of(other)}
    assert not {row.case_key for row in rows_of(one)} & {row.case_key for row in rows_of(other)}
    unpublished = running_study(SECTIONS["crossed"], cases=5, arms=2, readers=2)
    assert [(row.reader, row.position, row.case, row.arms) for row in rows_of(unpublished)] != order[0]


def test_no_order_flips_when_the_table_is_rewritten(forge: Callable[[str], None]) -> None:
    """What a dump and restore or a vacuum do: the same rows in another physical order."""
    study = running_study(SECTIONS["overlap"])
    before = rows_of(study)
    for table in ("reading_allocation", "reading_allocatedoutput"):
        forge(f"CREATE TEMP TABLE turned ON COMMIT DROP AS SELECT * FROM {table} ORDER BY id DESC")
        forge(f"UPDATE {table} t SET id = t.id FROM turned WHERE turned.id = t.id")
        forge("DROP TABLE turned")
    assert rows_of(study) == before
    assert whole(study)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("reading_allocation", "kind = 'check', check_kind = 'case'"),
        ("reading_allocation", "period = 2"),
        ("reading_allocation", "batch = 1"),
        ("reading_allocatedoutput", "letter = 'Z'"),
    ],
)
def test_tampering_with_a_row_shows(forge: Callable[[str], None], table: str, change: str) -> None:
    study = running_study(SECTIONS["pairs"], cases=6, arms=2, readers=2)
    forge(f"UPDATE {table} SET {change} WHERE id = (SELECT min(id) FROM {table})")
    assert any("is not the one that its seed gives" in flaw for flaw in flaws_of(study))


@pytest.mark.parametrize("table", ["reading_casebatch", "reading_replacement", "reading_hiddenoutput"])
def test_what_was_added_is_never_changed(table: str) -> None:
    study = planned_study(SECTIONS["crossed"], cases=4, arms=1, readers=1)
    set_apart(study, Purpose.LATER, "C004")
    study = actions.start_study(study=study, by=study.created_by)
    plan = AllocationPlan.objects.get()
    leaver = seats_of(study)[0]
    arm = Arm.objects.get(study=study)
    HiddenOutput.objects.create(plan=plan, seat=leaver, case=study.cases.all()[0], arm=arm)
    actions.release_batch(study=study, by=study.created_by)
    actions.replace_reader(leaver=leaver, successor=factories.make_user(), reason="ill", by=study.created_by)
    assert CaseBatch.objects.count() == 1
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
