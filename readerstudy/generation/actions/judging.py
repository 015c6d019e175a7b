"""What a coordinator and a worker write about the judging model: on, off, which outputs, its calls and verdicts."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.generation.actions.calls import wait_seconds
from readerstudy.generation.leaving.departures import check_may_leave
from readerstudy.generation.models import (
    FrozenOutput,
    Interpretation,
    Judge,
    JudgeCall,
    Judging,
    Layer,
    RefusalVerdict,
    Stage,
    VendorPause,
)
from readerstudy.generation.policies import GenerationError
from readerstudy.generation.running import storable
from readerstudy.providers import ErrorCode, ProviderError, Reply
from readerstudy.providers.refusals import Verdict as Judgement
from readerstudy.providers.refusals import judge as asking
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.policies import can_change_protocol, check_protocol_open

ROWS_AT_ONCE = 1000


@transaction.atomic
def switch_on_judge(*, study: Study, connection: str, model: str, most_tokens: int, by: User) -> Judge:
    """From now on a model is asked about outputs on which the rules are not sure; it takes over what waits.

    Raises `StudyError` where the study is locked, the provider is not set up or may not be sent anything, or the model
    is one of those compared: none may judge itself.
    """
    study = locked(study)
    check_protocol_open(study)
    _check_may_judge(study, connection, model)
    _end(study)
    judge = Judge.objects.create(
        study=study,
        connection=connection,
        model=model,
        most_tokens=most_tokens,
        prompt_version=asking.PROMPT_VERSION,
        prompt_sha256=asking.PROMPT_SHA256,
        prompt=asking.SYSTEM,
        is_simulated=settings.CONNECTIONS[connection].simulated,
        created_by=by,
    )
    data = {"provider": connection, "model": model, "prompt_sha256": judge.prompt_sha256}
    record("judge.switch_on", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    queue_judgings(judge=judge)
    _ring_on_commit()
    return judge


@transaction.atomic
def switch_off_judge(*, study: Study, by: User) -> None:
    """No output goes to the judging model any more; what it said stays."""
    study = locked(study)
    if _end(study):
        record("judge.switch_off", by=by, stream=study_stream(study.pk), subject=study.key, data={})


@transaction.atomic
def queue_judgings(*, judge: Judge) -> int:
    """Wants the judging model asked about each output of its study that still needs it; returns how many are new."""
    Judging.objects.filter(judge__study=judge.study).exclude(stage__in=(Stage.DONE, Stage.RUNNING)).exclude(
        judge=judge
    ).update(judge=judge, stage=Stage.QUEUED, failure="", due_at=timezone.now())
    wanted = [Judging(judge=judge, interpretation=each) for each in _unsure(judge.study)]
    Judging.objects.bulk_create(wanted, batch_size=ROWS_AT_ONCE, ignore_conflicts=True)
    if wanted:
        stream = study_stream(judge.study_id)
        record("judge.queue", by=None, stream=stream, subject=judge.study.key, data={"outputs": len(wanted)})
    return len(wanted)


@transaction.atomic
def begin_judge_call(*, judging: Judging) -> JudgeCall | None:
    """Writes the call before it is made. None where the worker has lost the row, or no call may begin.

    Raises `StudyError` where nothing may be sent any more; earlier calls without an end may have been paid for.
    """
    row = Judging.objects.held(judging).select_for_update(no_key=True).first()
    if row is None:
        return None
    judge = judging.judge
    if sentence := _what_forbids_a_verdict(judge.study, judging.interpretation):
        raise GenerationError(sentence)
    check_may_leave(judge.study, judge.connection)
    row.calls.filter(outcome="").update(outcome="lost", is_possibly_paid=True, finished_at=timezone.now())
    if judge.is_used_up:
        raise GenerationError(
            _("The judging model has used the tokens it was given. Switch it on again with more of them.")
        )
    words = asking.SYSTEM + asking.question(judging.interpretation.text)
    return JudgeCall.objects.create(
        judge=judge,
        judging=row,
        number=row.calls.count() + 1,
        key=uuid.uuid4().hex,
        asked_model=judge.model,
        prompt_sha256=asking.PROMPT_SHA256,
        words_bytes=len(words.encode()),
    )


@transaction.atomic
def store_judgement(*, call: JudgeCall, reply: Reply, judgement: Judgement) -> bool:
    """Completes a call and stores the judging model's verdict as a new row, unless there is one.

    A person's verdict, given meanwhile, still wins. Returns whether it was stored: an output that was frozen or locked
    meanwhile keeps the verdict it has.
    """
    study = locked(call.judge.study)
    _complete(call, reply)
    if sentence := _what_forbids_a_verdict(study, call.judging.interpretation):
        _fail(call.judging, sentence)
        return False
    undone = Judging.objects.filter(pk=call.judging_id).exclude(stage=Stage.DONE)
    if not undone.update(stage=Stage.DONE, lease_until=None, failure=""):
        return False
    verdict = RefusalVerdict.objects.create(
        interpretation=call.judging.interpretation,
        verdict=judgement.verdict,
        declined=judgement.declined,
        signal=storable.text(f"judge:{reply.served_model or call.asked_model}", 80),
        evidence=storable.text(judgement.evidence, 400),
        call=call,
    )
    data = {"call": call.key, "verdict": verdict.verdict, "prompt_sha256": call.prompt_sha256}
    subject = f"interpretation {verdict.interpretation_id}"
    record("verdict.judge", by=None, stream=f"{study_stream(study.pk)}/outputs", subject=subject, data=data)
    return True


@transaction.atomic
def store_unreadable(*, call: JudgeCall, reply: Reply) -> None:
    """Completes a call whose answer has no verdict in it; it is not asked again, because it would say the same."""
    _complete(call, reply)
    _fail(call.judging, _("The judging model did not answer in the form it was asked for."))


@transaction.atomic
def store_judge_failure(*, call: JudgeCall, error: ProviderError) -> None:
    """Completes a call that gave no reply; the row waits for another try, or fails with the vendor's sentence."""
    JudgeCall.objects.filter(pk=call.pk).update(
        finished_at=timezone.now(),
        outcome="failed",
        error_code=str(error.code),
        error=storable.text(error.sentence, 400),
        is_possibly_paid=error.possibly_paid,
        raw=storable.json(error.raw),
    )
    if error.retry != "again" or call.number >= settings.MAX_ATTEMPTS:
        _fail(call.judging, error.sentence)
        return
    due = timezone.now() + timedelta(seconds=wait_seconds(call.number, error.retry_after))
    Judging.objects.held(call.judging).update(stage=Stage.QUEUED, due_at=due, lease_until=None)
    if error.code == ErrorCode.RATE_LIMITED:
        VendorPause.objects.silence(call.judge.connection, until=due)


@transaction.atomic
def put_back(*, judging: Judging, seconds: float) -> None:
    """Gives a claimed row back, to be claimed again after `seconds`."""
    due = timezone.now() + timedelta(seconds=seconds)
    Judging.objects.held(judging).update(stage=Stage.QUEUED, due_at=due, lease_until=None)


@transaction.atomic
def give_up_judging(*, judging: Judging, sentence: str) -> None:
    """Ends a row that cannot be worked on; the rules' verdict goes on to count."""
    _fail(judging, sentence)


def _check_may_judge(study: Study, connection: str, model: str) -> None:
    if connection not in settings.CONNECTIONS:
        raise GenerationError(_("This provider is not set up on this site. Choose another."))
    if Arm.objects.filter(study=study, connection=connection, model=model).exists():
        raise GenerationError(
            _("This model is an arm of the study, and no model may judge itself. Choose another model.")
        )
    check_may_leave(study, connection)


def _unsure(study: Study) -> models.QuerySet[Interpretation]:
    """Outputs with a verdict of the rules that is not sure, and no other verdict and no row yet."""
    unsure = RefusalVerdict.objects.of(study).filter(layer=Layer.RULE, is_sure=False)
    judged = RefusalVerdict.objects.of(study).exclude(layer=Layer.RULE).values("interpretation")
    found = Interpretation.objects.filter(pk__in=unsure.values("interpretation"), judging=None)
    frozen = FrozenOutput.objects.filter(interpretation__in=found).values("interpretation")
    return found.exclude(pk__in=judged).exclude(pk__in=frozen).order_by("pk")


def _end(study: Study) -> bool:
    return bool(Judge.objects.filter(study=study, ended_at=None).update(ended_at=timezone.now()))


def _what_forbids_a_verdict(study: Study, interpretation: Interpretation) -> str:
    """Why this output gets no new verdict, as a sentence; empty where it may."""
    if not can_change_protocol(study):
        return _("The study was locked before the judging model was asked or answered.")
    if FrozenOutput.objects.filter(interpretation=interpretation).exists():
        return _("This output is frozen, so its verdict no longer changes.")
    return ""


def _fail(judging: Judging, sentence: str) -> None:
    Judging.objects.held(judging).update(
        stage=Stage.FAILED, failure=storable.text(sentence, 400), lease_until=None
    )


def _complete(call: JudgeCall, reply: Reply) -> None:
    JudgeCall.objects.filter(pk=call.pk).update(
        finished_at=timezone.now(),
        outcome=str(reply.outcome),
        served_model=storable.text(reply.served_model, 120),
        request_id=storable.text(reply.request_id, 120),
        stop_reason=storable.text(reply.stop_reason, 60),
        input_tokens=storable.count(reply.input_tokens),
        output_tokens=storable.count(reply.output_tokens),
        seconds=reply.seconds,
        sdk=storable.text(f"{reply.sdk} {reply.sdk_version}".strip(), 60),
        raw=storable.json(reply.raw),
    )


def _ring_on_commit() -> None:
    from readerstudy.generation.verdicts.judge_calls import ring  # the calls call these actions

    transaction.on_commit(ring)
