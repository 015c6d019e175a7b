"""Attention checks that the product makes: stored and provable, unmarked on the page, scored, in no figure."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.analysis.table import LongTable
from readerstudy.cases.models import Case, ReferenceStandard
from readerstudy.demo.simulation import simulate_reader
from readerstudy.imaging.blank import blank_of
from readerstudy.reading import actions
from readerstudy.reading.board import board_of
from readerstudy.reading.check_outcomes import outcomes_of
from readerstudy.reading.check_rules import Given, passes
from readerstudy.reading.models import AllocatedOutput, Allocation, AllocationPlan, CheckMadeOf
from readerstudy.reading.plan_forms import PlanForm
from readerstudy.reading.proof import flaws_of
from readerstudy.reading.scales import Answer
from readerstudy.studies.actions import set_section
from readerstudy.studies.models import Criterion, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.reading.plans import planned_study, read, seats_of
from tests.reading.worlds import GATE, SIDES, ask, signed_in

pytestmark = pytest.mark.django_db
CHECKS = {"known_bad": 1, "identical": 1, "blank": 1}
PAIRS = {"plan": "crossed", "outputs": "pairs", "pairs_per_case": 1, "checks": CHECKS}
ONE = {"plan": "crossed", "outputs": "one_arm", "checks": {"known_bad": 1, "blank": 1}}


def draft(section: dict[str, Any], **wanted: Any) -> Study:
    """Twelve cases, normal and abnormal in turn; a comparison and a gate beside the question about each output."""
    study = planned_study(section, **{"arms": 2, "readers": 2, **wanted})
    for number, case in enumerate(Case.objects.of(study)):
        label = ("normal", "abnormal")[number % 2]
        ReferenceStandard.objects.update_or_create(study=study, case=case, defaults={"label": label})
    if section["outputs"] == "pairs":
        ask(study, "better", "comparative", options=SIDES, applies_to="pair")
    return study


def running(section: dict[str, Any], **wanted: Any) -> Study:
    study = draft(section, **wanted)
    return actions.start_study(study=study, by=study.created_by)


def checks_of(study: Study, kind: str = "") -> list[Allocation]:
    found = Allocation.objects.filter(plan__study=study, kind="check").order_by("seat__seat", "position")
    return list(found.filter(check_kind=kind) if kind else found)


def test_every_reader_gets_each_check_and_the_rows_follow_from_the_seed() -> None:
    study = running(PAIRS)
    found = checks_of(study)
    assert sorted((row.seat.seat, row.check_kind) for row in found) == [
        (seat, kind) for seat in (1, 2) for kind in ("blank", "identical", "known_bad")
    ]
    assert list(flaws_of(study)) == []


def test_a_known_bad_output_was_written_about_a_case_with_another_label() -> None:
    study = running(PAIRS)
    for row in checks_of(study, "known_bad"):
        for output in row.outputs.all():
            source = output.interpretation.generation.case
            assert source != row.case
            assert source.reference.label != row.case.reference.label


def test_an_identical_pair_is_one_output_under_two_letters() -> None:
    study = running(PAIRS)
    for row in checks_of(study, "identical"):
        one, other = row.outputs.order_by("side")
        assert (one.interpretation, one.arm) == (other.interpretation, other.arm)
        assert (one.letter, other.letter, one.copy, other.copy) == ("A", "B", 0, 1)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({**ONE, "checks": {"identical": 1}}, "needs texts side by side"),
        ({**ONE, "checks": {"known_bad": 9}}, "need a reading of 18 presentations"),
        ({**ONE, "checks": {"every": 5, "known_bad": 1}}, "belongs to checks with codes"),
    ],
)
def test_a_plan_that_cannot_keep_it_says_why(section: dict[str, Any], told: str) -> None:
    with pytest.raises((StudyError, ValidationError), match=told):
        running(section)


def test_checks_that_nobody_could_fail_are_refused() -> None:
    study = draft(ONE)
    Criterion.objects.of(study).update(acceptable_from=None, acceptable=[])
    with pytest.raises(StudyError, match="nobody could fail at a known-bad output"):
        actions.start_study(study=study, by=study.created_by)
    Criterion.objects.of(study).update(allows_cannot_judge=False)
    set_section(study=study, name="allocation", content={**ONE, "checks": {"blank": 1}}, by=study.created_by)
    with pytest.raises(StudyError, match="an image shows nothing"):
        actions.start_study(study=study, by=study.created_by)


def test_cases_without_labels_give_no_known_bad_output() -> None:
    study = draft(ONE)
    ReferenceStandard.objects.filter(study=study).update(label="normal")
    with pytest.raises(StudyError, match="Give the cases their labels"):
        actions.start_study(study=study, by=study.created_by)


def test_the_database_refuses_impossible_checks() -> None:
    study = running(PAIRS)
    row, main = checks_of(study, "known_bad")[0], Allocation.objects.filter(kind="main").first()
    assert main is not None
    output = row.outputs.first()
    assert output is not None
    again = {name: getattr(output, name) for name in ("arm_id", "interpretation_id")}
    with pytest.raises((IntegrityError, InternalError), match="identical pair"), transaction.atomic():
        AllocatedOutput.objects.create(allocation=row, **again, letter="Z", side=9, copy=1)
    with pytest.raises((IntegrityError, InternalError), match="arms_differ"), transaction.atomic():
        AllocatedOutput.objects.create(allocation=row, **again, letter="Z", side=9)
    fields = {"plan": main.plan, "seat": main.seat, "case": main.case, "position": 999}
    for kind, made_of in (("main", "blank"), ("check", ""), ("check", "other")):
        with pytest.raises((IntegrityError, InternalError), match="check"), transaction.atomic():
            Allocation.objects.create(**fields, kind=kind, check_kind=made_of, key=uuid.uuid4().hex[:24])


# -- what a reader gets


def page_of(client: Client, row: Allocation) -> Any:
    seat = row.seat
    actions.show_reading(seat=seat, allocation=row)
    return client.get(reverse("reading:read", args=[seat.study.key, row.key]))


def test_nothing_on_the_page_says_that_it_is_a_check() -> None:
    study = running(PAIRS)
    seat = seats_of(study)[0]
    client = signed_in(seat)
    for row in Allocation.objects.of(seat):
        answer = page_of(client, row)
        text = answer.content.decode().lower()
        assert answer.status_code == 200
        assert not [
            word
            for word in ("known_bad", "known-bad", "identical", "check_kind", "attention")
            if word in text
        ]
        assert re.fullmatch(r"[0-9a-f]{24}", row.case_key), (
            "a key of one length for every kind, and never an id"
        )


def test_a_blank_image_has_the_size_format_and_address_of_any_other() -> None:
    study = running(PAIRS)
    (row, _other) = checks_of(study, "blank")
    client, key = signed_in(row.seat), row.seat.study.key
    main = Allocation.objects.get(plan=row.plan_id, seat=row.seat, case=row.case, kind="main")
    assert row.case_key != main.case_key
    assert len(row.case_key) == len(main.case_key)
    for product in ("full-0", "preview"):
        blank, real = (
            client.get(reverse("reading:image", args=[key, each.case_key, "current", product]))
            for each in (row, main)
        )
        found, wanted = b"".join(blank.streaming_content), b"".join(real.streaming_content)
        assert blank.headers["Content-Type"] == real.headers["Content-Type"]
        with Picture.open(io.BytesIO(found)) as one, Picture.open(io.BytesIO(wanted)) as other:
            assert (one.size, one.mode, one.format) == (other.size, other.mode, other.format)
            assert len(set(one.convert("L").tobytes())) == 1
    meta, same = (
        client.get(reverse("reading:image", args=[key, each.case_key, "current", "meta"])).json()
        for each in (row, main)
    )
    assert meta == same


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("PNG", "RGB"), ("PNG", "L"), ("WEBP", "RGB")])
def test_a_blank_copy_is_as_long_as_the_file(kind: str, mode: str) -> None:
    noise = Picture.effect_noise((64, 48), 80)
    picture = Picture.frombytes("I;16", (32, 48), noise.tobytes()) if mode == "I;16" else noise.convert(mode)
    file = io.BytesIO()
    picture.save(file, kind)
    blank = blank_of(file.getvalue())
    assert len(blank) == len(file.getvalue()) or (kind == "WEBP" and len(file.getvalue()) % 2)
    with Picture.open(io.BytesIO(blank)) as found:
        assert (found.size, found.mode, found.format) == (picture.size, picture.mode, kind)


def test_only_renditions_have_a_blank_copy() -> None:
    file = io.BytesIO()
    Picture.new("RGB", (4, 4)).save(file, "GIF")
    with pytest.raises(ValueError, match="no rendition"):
        blank_of(file.getvalue())


# -- the rules


def given(kind: str, value: str = "", score: float | None = None, **fields: Any) -> Given:
    usual = {"likert": {"acceptable_from": 4.0}, "quality_gate": {"options": GATE, "applies_to": "case"}}
    known = {"comparative": {"options": SIDES, "applies_to": "pair"}, **usual}.get(kind, {})
    cannot_judge = fields.pop("cannot_judge", False)
    return Given(Criterion(kind=kind, **{**known, **fields}), value, score, cannot_judge)


@pytest.mark.parametrize(
    ("made_of", "answers", "passed"),
    [
        ("known_bad", [given("likert", "2", 2.0)], True),
        ("known_bad", [given("likert", "5", 5.0)], False),
        ("known_bad", [given("likert", "5", 5.0), given("likert", "1", 1.0)], True),
        ("known_bad", [given("likert", cannot_judge=True)], True),
        ("known_bad", [given("free_text", "bad")], None),
        ("identical", [given("comparative", "0", 0.0)], True),
        ("identical", [given("comparative", "-1", -1.0)], True),
        ("identical", [given("comparative", "2", 2.0)], False),
        ("identical", [given("comparative", "0", 0.0), given("comparative", "2", 2.0)], False),
        ("identical", [given("comparative", "1", 1.0, options=SIDES[1:4])], False),
        ("identical", [given("likert", "4", 4.0)], None),
        ("blank", [given("quality_gate", "no")], True),
        ("blank", [given("quality_gate", "adequate"), given("likert", "4", 4.0)], False),
        ("blank", [given("likert", cannot_judge=True)], True),
        ("case", [given("likert", "4", 4.0)], None),
        ("blank", [], None),
    ],
)
def test_each_kind_has_its_rule(made_of: str, answers: list[Given], passed: bool | None) -> None:
    assert passes(made_of, answers) is passed


# -- board, report, simulation


def test_the_board_and_the_report_tell_who_failed_and_no_figure_counts_a_check() -> None:
    study = running(ONE)
    plan = AllocationPlan.objects.locked(study)
    assert plan is not None
    careful, careless = seats_of(study)
    for seat in (careful, careless):
        for row in Allocation.objects.of(seat):
            answer(row, low=seat == careful and bool(row.check_kind))
    passed = {(each.seat, each.made_of): each.passed for each in outcomes_of(plan)}
    assert passed == {
        (careful.pk, "known_bad"): True,
        (careful.pk, "blank"): True,
        (careless.pk, "known_bad"): False,
        (careless.pk, "blank"): False,
    }
    words = [row.checked.words for row in board_of(study)]
    assert words == ["0 of 2 failed", "2 of 2 failed: a blank image, a known-bad output"]
    client = Client()
    client.force_login(study.created_by)
    assert words[1] in client.get(reverse("reading:readers", args=[study.key])).content.decode()
    content = build_report(study)
    assert {(row["reader"], row["failed"]) for row in content["checks"]} == {
        (careful.pseudonym, 0),
        (careless.pseudonym, 1),
    }
    section = next(each for each in document_of(content).sections if each.slug == "checks")
    assert section.sentences[0].startswith(f"1 reader failed a check: {careless.pseudonym}.")
    kinds = set(Allocation.objects.filter(seat=careful).values_list("kind", flat=True))
    assert kinds == {"main", "check"}
    positions = {record.position for record in LongTable.of(study).records()}
    assert not positions & {row.position for row in checks_of(study) if row.seat == careful} or len(
        {record for record in LongTable.of(study).records() if record.reader == careful.pk}
    ) == len(Case.objects.of(study))


def answer(row: Allocation, *, low: bool) -> None:
    """Low grades, and of a blank image “cannot judge”; else high ones."""
    if not low:
        read(row)
        return
    seat = row.seat
    actions.show_reading(seat=seat, allocation=row)
    criteria = list(Criterion.objects.of(seat.study))
    cannot_judge = row.check_kind == CheckMadeOf.BLANK
    told = Answer(cannot_judge=True) if cannot_judge else Answer(value="1", score=1.0)
    for output in row.outputs.select_related("allocation"):
        for criterion in criteria:
            actions.rate(
                seat=seat, output=output, criterion=criterion, answer=told, token=uuid.uuid4(), by=seat.user
            )
    actions.submit_reading(seat=seat, allocation=row, criteria=criteria, by=seat.user)


def test_of_simulated_readers_the_careless_one_fails() -> None:
    study = draft(PAIRS, readers=0)
    seats = [factories.make_reader(study, is_simulated=True) for _number in range(2)]
    study = actions.start_study(study=study, by=study.created_by)
    for seat, is_careless in zip(seats, (False, True), strict=True):
        simulate_reader(seat=seat, seed=1, is_careless=is_careless)
    plan = AllocationPlan.objects.locked(study)
    assert plan is not None
    outcomes = outcomes_of(plan)
    assert {each.passed for each in outcomes if each.seat == seats[0].pk} == {True}
    assert {each.passed for each in outcomes if each.seat == seats[1].pk} == {False}


def test_the_form_of_the_plan_has_the_numbers_of_each_kind() -> None:
    sent = {"plan": "crossed", "outputs": "pairs", "checks": "on", "known_bad": "2", "blank": "1"}
    form = PlanForm(sent, check_codes=[], stored={})
    assert form.is_valid()
    assert form.section["checks"] == {"known_bad": 2, "blank": 1}
    again = PlanForm(check_codes=[], stored=form.section)
    assert (again.initial["known_bad"], again.initial["blank"]) == (2, 1)
    empty = PlanForm({**sent, "known_bad": "", "blank": "0"}, check_codes=[], stored={})
    assert "Say below how many checks of each kind are made" in str(empty.errors)
