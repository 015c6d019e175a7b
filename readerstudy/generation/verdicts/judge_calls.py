"""The worker's side of the judging model: the bell, the sweep, and one call for one claimed row.

One message does all that waits, one call after another: few outputs need it, and their readers do not wait for it.
"""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from readerstudy.celery import app
from readerstudy.generation.actions import judging as actions
from readerstudy.generation.models import Judge, JudgeCall, Judging
from readerstudy.generation.policies import GenerationError
from readerstudy.generation.running import storable
from readerstudy.generation.running.entrance import entrance, lease_seconds
from readerstudy.generation.running.faults import frames
from readerstudy.providers import Connection, InterpretationRequest, ProviderError, Reply, TextPart, interpret
from readerstudy.providers.refusals import judge as asking
from readerstudy.studies.policies import StudyError, can_change_protocol

TURN_SECONDS = 5
WAIT_SECONDS = 2.0
MOST_OUTPUT_TOKENS = 1_000

log = logging.getLogger(__name__)


@app.task(name="readerstudy.generation.verdicts.judge_calls.judge", ignore_result=True)
def judge() -> None:
    """Asks about one output after another until nothing can be claimed or this turn is over."""
    ends = time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends:
        row = Judging.objects.all().claim_next(seconds=lease_seconds())
        if row is None:
            return
        work_on(row)
    ring()


@app.task(
    name="readerstudy.generation.verdicts.judge_calls.sweep",
    ignore_result=True,
    expires=settings.SWEEP_SECONDS,
)
def sweep() -> int:
    """Finds outputs made since, and rings where rows wait; returns how many outputs are new."""
    found = 0
    for each in Judge.objects.filter(ended_at=None).select_related("study"):
        if can_change_protocol(each.study):
            found += actions.queue_judgings(judge=each)
    ring()
    return found


def ring() -> bool:
    """Rings for a worker if a row can be claimed; returns whether it did."""
    waiting = Judging.objects.claimable().exists()
    if waiting:
        judge.apply_async(expires=lease_seconds())
    return waiting


def work_on(judging: Judging) -> None:
    """Makes one call for a claimed row and writes what became of it; whatever goes wrong, only this row fails."""
    try:
        _make_one_call(judging)
    except StudyError as error:
        actions.give_up_judging(judging=judging, sentence=str(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  one row's fault must not stop the others
        log.error("judging %s failed unexpectedly\n%s", judging.pk, frames(error))
        actions.give_up_judging(judging=judging, sentence=_("Something unexpected went wrong on our side."))


def _make_one_call(judging: Judging) -> None:
    connection = _connection(judging.judge)
    with entrance(judging.judge.connection) as admission:
        if admission is None:
            actions.put_back(judging=judging, seconds=WAIT_SECONDS)
            return
        call = actions.begin_judge_call(judging=judging)
        answer = _ask(connection, call) if call else None
    if call and answer:
        _store(judging, call, answer)


def _ask(connection: Connection, call: JudgeCall) -> Reply | ProviderError:
    try:
        return interpret(connection, request_for(call))
    except ProviderError as error:
        return error


def _store(judging: Judging, call: JudgeCall, answer: Reply | ProviderError) -> None:
    if isinstance(answer, ProviderError):
        actions.store_judge_failure(call=call, error=answer)
        return
    try:
        found = asking.read_answer(answer.text, judging.interpretation.text)
    except asking.UnreadableAnswer:
        actions.store_unreadable(call=call, reply=answer)
        return
    actions.store_judgement(call=call, reply=answer, judgement=found)


def request_for(call: JudgeCall) -> InterpretationRequest:
    """What a call sends: our instructions and the text of one output. No image, and nothing that names the arm."""
    text = asking.question(storable.text(call.judging.interpretation.text))
    return InterpretationRequest(
        model=call.asked_model,
        system=asking.SYSTEM,
        parts=(TextPart(text),),
        parameters={"max_output_tokens": MOST_OUTPUT_TOKENS, "json_schema": asking.SCHEMA},
        attempt_id=call.key,
        deadline_seconds=settings.CALL_DEADLINE_SECONDS,
    )


def _connection(judge: Judge) -> Connection:
    offer = settings.CONNECTIONS.get(judge.connection)
    if offer is None:
        raise GenerationError(
            _(
                "The provider of the judging model is not set up on the worker. Ask the site’s staff to set it up."
            )
        )
    connection: Connection = offer.connection
    return connection
