"""The judging model: off by default, asked only where the rules are not sure, a row that a person's verdict beats."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.generation import actions
from readerstudy.generation.actions import judging as deeds
from readerstudy.generation.blinding.texts import tell
from readerstudy.generation.models import (
    FrozenOutput,
    FrozenSet,
    Interpretation,
    Judge,
    JudgeCall,
    Judging,
    RefusalVerdict,
    ShownText,
    Verdict,
)
from readerstudy.generation.running.progress import flagged_of
from readerstudy.generation.verdicts import judge_calls
from readerstudy.generation.verdicts.judging import overrides_of, progress_of_judging
from readerstudy.providers import ErrorCode, ImagePart, InterpretationRequest, ProviderError, Reply
from readerstudy.providers.refusals.judge import read_answer
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Role, Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_member, make_output, make_running_study, make_user
from tests.generation.replies import a_reply, an_error

Asked = list[InterpretationRequest]
UNSURE = "No image interpretation today, I would say."


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every message that would ring for the judging model."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(judge_calls.judge, "apply_async", lambda **options: found.append(options))
    return found


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> tuple[Asked, list[Any]]:
    """What the judging model was asked, and what it answers: replies and errors in turn, the last again and again."""
    asked: Asked = []
    answers: list[Any] = [verdict_reply("full_refusal")]

    def interpret(_connection: Any, request: InterpretationRequest) -> Reply:
        asked.append(request)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, ProviderError):
            raise answer
        assert isinstance(answer, Reply)
        return answer

    monkeypatch.setattr(judge_calls, "interpret", interpret)
    return asked, answers


def verdict_reply(verdict: str, evidence: str = "No image interpretation", **fields: Any) -> Reply:
    return a_reply(json.dumps({"verdict": verdict, "evidence": evidence}), served_model="sim-judge", **fields)


@pytest.fixture
def outputs(study: Study) -> list[Interpretation]:
    """Two outputs of two arms on which the rules are not sure, and one on which they are."""
    arms, cases = list(study.arms.order_by("pk")), list(study.cases.order_by("pk"))
    found = [
        make_output(arms[0], cases[0], text=UNSURE, verdict="off_task", is_sure=False),
        make_output(arms[1], cases[0], text=UNSURE, verdict="full_refusal", is_sure=False),
    ]
    make_output(arms[0], cases[1])
    return found


def switch_on(study: Study, **changes: Any) -> Judge:
    wanted = {"connection": "simulated-openai", "model": "sim-judge", "most_tokens": 10_000, **changes}
    return deeds.switch_on_judge(study=study, by=study.created_by, **wanted)


def standing(output: Interpretation) -> str:
    return RefusalVerdict.objects.filter(interpretation=output).standing().get().verdict


def test_nothing_is_asked_unless_a_coordinator_switches_it_on(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    assert judge_calls.sweep() == 0
    judge_calls.judge()
    assert not vendor[0]
    assert not Judging.objects.exists()


def test_only_outputs_on_which_the_rules_are_not_sure_are_asked_about(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    judge_calls.judge()
    assert len(vendor[0]) == 2
    assert set(RefusalVerdict.objects.filter(layer="judge").values_list("interpretation", flat=True)) == {
        output.pk for output in outputs
    }


def test_what_is_sent_is_our_instructions_and_the_text_and_no_image(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    judge = switch_on(study)
    judge_calls.judge()
    request = vendor[0][0]
    assert not any(isinstance(part, ImagePart) for part in request.parts)
    assert json.loads(request.text) == {"response": UNSURE}
    assert request.system == judge.prompt
    said = request.system + request.text
    assert not any(word in said for arm in study.arms.all() for word in (arm.name, arm.model) if word)
    assert not any(case.code in said for case in study.cases.all())


def test_its_verdict_is_a_new_row_and_wins_over_the_rules(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    judge_calls.judge()
    row = RefusalVerdict.objects.get(interpretation=outputs[0], layer="judge")
    assert (row.verdict, row.declined, row.signal, row.by) == ("full_refusal", True, "judge:sim-judge", None)
    assert row.evidence == "No image interpretation"
    assert standing(outputs[0]) == Verdict.FULL_REFUSAL
    assert RefusalVerdict.objects.filter(interpretation=outputs[0]).by_rules().get().verdict == "off_task"
    assert Event.objects.filter(verb="verdict.judge").count() == 2


def test_a_persons_verdict_wins_over_its_verdict_whichever_came_first(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    actions.overrule(interpretation=outputs[0], verdict=Verdict.ANSWER, by=study.created_by)
    judge_calls.judge()
    actions.overrule(interpretation=outputs[1], verdict=Verdict.DEFERRAL, by=study.created_by)
    assert standing(outputs[0]) == Verdict.ANSWER
    assert standing(outputs[1]) == Verdict.DEFERRAL


def test_an_output_that_a_person_has_judged_is_not_asked_about(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    actions.overrule(interpretation=outputs[0], verdict=Verdict.ANSWER, by=study.created_by)
    switch_on(study)
    assert Judging.objects.get().interpretation == outputs[1]


def test_the_sweep_finds_outputs_made_later_and_rings(
    study: Study, vendor: tuple[Asked, list[Any]], rung: list[Any]
) -> None:
    switch_on(study)
    output = make_output(
        study.arms.order_by("pk")[0],
        study.cases.order_by("pk")[0],
        text=UNSURE,
        verdict="off_task",
        is_sure=False,
    )
    assert judge_calls.sweep() == 1
    assert rung
    judge_calls.judge()
    assert standing(output) == Verdict.FULL_REFUSAL
    assert judge_calls.sweep() == 0


def test_the_facts_of_a_call_are_kept(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    judge = switch_on(study)
    judge_calls.judge()
    call = JudgeCall.objects.order_by("pk").first()
    assert call is not None
    assert (call.asked_model, call.served_model) == ("sim-judge", "sim-judge")
    assert (call.input_tokens, call.output_tokens, call.outcome) == (100, 20, "answered")
    assert call.prompt_sha256 == judge.prompt_sha256
    assert judge.prompt_version
    assert call.words_bytes > len(UNSURE)
    assert judge.tokens == 240


def test_it_stops_when_its_tokens_are_used_up(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study, most_tokens=120)
    judge_calls.judge()
    assert len(vendor[0]) == 1
    progress = progress_of_judging(study)
    assert (progress.done, progress.failed) == (1, 1)
    assert "used the tokens" in progress.failures[0]
    switch_on(study, most_tokens=10_000)
    judge_calls.judge()
    assert progress_of_judging(study).done == 2


@pytest.mark.parametrize(
    "text",
    [
        "full_refusal",
        '{"verdict": "refused", "evidence": ""}',
        '{"verdict": "answer"}',
        "[]",
        "",
        '{"verdict": ["answer"]}',
    ],
)
def test_an_answer_out_of_form_gives_no_verdict(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]], text: str
) -> None:
    vendor[1][:] = [a_reply(text)]
    switch_on(study)
    judge_calls.judge()
    assert not RefusalVerdict.objects.filter(layer="judge").exists()
    assert progress_of_judging(study).failed == 2
    assert standing(outputs[0]) == Verdict.OFF_TASK


def test_a_vendor_that_fails_is_asked_again_later(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    vendor[1][:] = [an_error(), an_error(ErrorCode.BAD_REQUEST, retry="never"), verdict_reply("answer")]
    switch_on(study)
    judge_calls.judge()
    assert {row.stage for row in Judging.objects.all()} == {"queued", "failed"}
    Judging.objects.filter(stage="queued").update(due_at=timezone.now() - timedelta(seconds=1))
    judge_calls.judge()
    assert progress_of_judging(study).done == 1
    assert JudgeCall.objects.filter(outcome="failed").count() == 2


def test_a_row_whose_worker_died_is_claimed_again_and_its_call_counted(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    row = Judging.objects.all().claim_next(seconds=60)
    assert row is not None
    lost = deeds.begin_judge_call(judging=row)
    assert lost is not None
    Judging.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    judge_calls.judge()
    lost.refresh_from_db()
    assert (lost.outcome, lost.is_possibly_paid) == ("lost", True)
    assert RefusalVerdict.objects.filter(interpretation=row.interpretation, layer="judge").count() == 1
    assert deeds.begin_judge_call(judging=row) is None


def test_a_late_answer_of_a_lost_worker_gives_no_second_verdict(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    row = Judging.objects.all().claim_next(seconds=60)
    assert row is not None
    late = deeds.begin_judge_call(judging=row)
    assert late is not None
    Judging.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    judge_calls.judge()
    found = read_answer(verdict_reply("answer").text, UNSURE)
    assert not deeds.store_judgement(call=late, reply=verdict_reply("answer"), judgement=found)
    assert standing(row.interpretation) == Verdict.FULL_REFUSAL


def test_a_paused_study_is_not_asked_about(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    actions.hold_queue(study=study, by=study.created_by)
    judge_calls.judge()
    assert not vendor[0]


def test_switched_off_nothing_more_is_asked_and_what_it_said_stays(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    row = Judging.objects.all().claim_next(seconds=60)
    assert row is not None
    judge_calls.work_on(row)
    deeds.switch_off_judge(study=study, by=study.created_by)
    judge_calls.judge()
    assert len(vendor[0]) == 1
    assert RefusalVerdict.objects.filter(layer="judge").count() == 1
    assert Event.objects.filter(verb="judge.switch_off").exists()


def test_no_arm_of_the_study_may_judge_itself(study: Study) -> None:
    arm = study.arms.first()
    assert arm is not None
    with pytest.raises(StudyError, match="judge itself"):
        switch_on(study, connection=arm.connection, model=arm.model)


def test_texts_of_patients_do_not_leave_without_the_providers_card(study: Study, settings: Any) -> None:
    settings.CONNECTIONS = {
        name: type(offer)(offer.label, _unsimulated(offer.connection))
        for name, offer in site.CONNECTIONS.items()
    }
    study.contains_patient_data = True
    study.save()
    with pytest.raises(StudyError, match="patient data"):
        switch_on(study)
    assert not Judge.objects.exists()


def _unsimulated(connection: Any) -> Any:
    return type(connection)(connection.name, connection.adapter, connection.base_url, connection.api_key)


def test_its_verdicts_freeze_with_the_study(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    study.state = State.LOCKED
    study.save()
    judge_calls.judge()
    assert not vendor[0]
    assert not RefusalVerdict.objects.filter(layer="judge").exists()
    assert judge_calls.sweep() == 0
    with pytest.raises(StudyError, match="locked"):
        switch_on(study)


def freeze(output: Interpretation) -> None:
    """As if this output alone had been frozen."""
    row, study = output.generation, output.generation.source.study
    assert row.arm is not None
    made = {"manifest": "{}", "sha256": "0", "by": study.created_by}
    frozen, _made = FrozenSet.objects.get_or_create(study=study, number=1, defaults=made)
    shown = ShownText.objects.create(interpretation=output, version=1, text=output.text, sha256="0", rules=0)
    FrozenOutput.objects.create(
        frozen_set=frozen,
        arm=row.arm,
        case=row.case,
        replicate=row.replicate,
        interpretation=output,
        shown=shown,
        verdict=output.verdicts.get(),
        line="{}",
    )


def test_a_frozen_output_keeps_its_verdict(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    row = Judging.objects.get(interpretation=outputs[0])
    claimed = Judging.objects.filter(pk=row.pk).claim_next(seconds=60)
    assert claimed is not None
    call = deeds.begin_judge_call(judging=claimed)
    assert call is not None
    freeze(outputs[0])
    found = read_answer(verdict_reply("answer").text, UNSURE)
    assert not deeds.store_judgement(call=call, reply=verdict_reply("answer"), judgement=found)
    call.refresh_from_db()
    assert call.outcome == "answered"
    row.refresh_from_db()
    assert "frozen" in row.failure
    assert standing(outputs[0]) == Verdict.OFF_TASK


def test_nobody_is_asked_about_a_frozen_output(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    freeze(outputs[0])
    switch_on(study)
    assert [row.interpretation for row in Judging.objects.all()] == [outputs[1]]
    freeze(outputs[1])
    judge_calls.judge()
    assert (Judging.objects.get().stage, vendor[0]) == ("failed", [])


def test_how_often_it_overrode_the_rules_is_counted_per_arm(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    switch_on(study)
    judge_calls.judge()
    rows = overrides_of(study)
    assert [(row.outputs, row.unsure, row.judged, row.changed, row.rate) for row in rows] == [
        (2, 1, 1, 1, 1.0),
        (1, 1, 1, 0, 0.0),
    ]
    assert [(each.before, each.after, each.count) for each in rows[0].changes] == [("off task", "refusal", 1)]


def test_lists_take_its_verdict_for_the_automatic_one(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    vendor[1][:] = [verdict_reply("deferral"), verdict_reply("answer")]
    switch_on(study)
    judge_calls.judge()
    assert [row.interpretation_id for row in flagged_of(study)] == [outputs[0].pk]
    assert tell([outputs[0]])[0].automatic.verdict == Verdict.DEFERRAL


def test_the_database_keeps_one_verdict_a_layer(study: Study, outputs: list[Interpretation]) -> None:
    wanted = {"interpretation": outputs[0], "verdict": "answer", "declined": False, "signal": "again"}
    with pytest.raises(IntegrityError, match="generation_one_verdict_by_rule"), transaction.atomic():
        RefusalVerdict.objects.create(**wanted)
    switch_on(study)
    row = Judging.objects.all().claim_next(seconds=60)
    assert row is not None
    call = deeds.begin_judge_call(judging=row)
    with (
        pytest.raises(IntegrityError, match="generation_a_person_is_no_judging_model"),
        transaction.atomic(),
    ):
        RefusalVerdict.objects.create(**wanted, call=call, by=study.created_by)
    with (
        pytest.raises(Exception, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM generation_judgecall")


@pytest.mark.parametrize(
    ("who", "status"), [("coordinator", 200), ("reader", 404), ("stranger", 404), ("nobody", 302)]
)
def test_the_page_is_for_coordinators(study: Study, who: str, status: int) -> None:
    pages = [reverse(f"generation:{name}", args=[study.key]) for name in ("judging", "judge_progress")]
    assert [client_of(study, who).get(page).status_code for page in pages] == [status] * 2
    if who != "coordinator":
        for name in ("switch_on_judge", "switch_off_judge"):
            url = reverse(f"generation:{name}", args=[study.key])
            assert client_of(study, who).post(url).status_code == status


def client_of(study: Study, who: str) -> Client:
    client = Client()
    people: dict[str, Callable[[], Any]] = {
        "coordinator": lambda: study.created_by,
        "reader": lambda: make_member(study, Role.READER).user,
        "stranger": make_user,
    }
    if who in people:
        client.force_login(people[who]())
    return client


def test_the_page_switches_it_on_and_off_and_says_what_is_sent(
    study: Study, outputs: list[Interpretation], vendor: tuple[Asked, list[Any]]
) -> None:
    client, page = client_of(study, "coordinator"), reverse("generation:judging", args=[study.key])
    said = client.get(page).content.decode()
    assert "It is off" in said
    assert "It never sends an image" in said
    wrong = client.post(reverse("generation:switch_on_judge", args=[study.key]), {"model": ""})
    assert wrong.status_code == 422
    form = {"connection": "simulated-openai", "model": "sim-judge", "most_tokens": "5000"}
    client.post(reverse("generation:switch_on_judge", args=[study.key]), form)
    assert "hx-get" in client.get(page).content.decode()
    judge_calls.judge()
    said = client.get(page).content.decode()
    assert "sim-judge at Simulated vendor" in said
    assert "1 × off task → refusal" in said
    client.post(reverse("generation:switch_off_judge", args=[study.key]))
    assert "It is off" in client.get(page).content.decode()


@pytest.mark.django_db
def test_a_locked_study_shows_no_form() -> None:
    study = make_running_study(cases=1, arms=1, readers=1)
    said = client_of(study, "coordinator").get(reverse("generation:judging", args=[study.key]))
    assert "Switch it on" not in said.content.decode()
