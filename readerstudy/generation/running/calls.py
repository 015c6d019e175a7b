"""One model call for one claimed generation: build the request, call, store what came."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from readerstudy.generation import actions
from readerstudy.generation.leaving.departures import check_may_leave
from readerstudy.generation.models import Attempt, Generation, RecordedOutput, Source
from readerstudy.generation.policies import GenerationError, check_still_open
from readerstudy.generation.prompting.rendering import rendered_for
from readerstudy.generation.running.entrance import Admission, entrance
from readerstudy.generation.running.faults import frames
from readerstudy.providers import (
    Connection,
    InterpretationRequest,
    ProviderError,
    Reply,
    interpret,
)
from readerstudy.providers.prompts import Rendered
from readerstudy.providers.refusals import classify_reply
from readerstudy.providers.replay import RECORDED
from readerstudy.studies.policies import StudyError

CLAIMS_PER_ATTEMPT = 2  # a row that workers keep dying on is given up, not tried for ever

log = logging.getLogger(__name__)


def work_on(generation: Generation) -> bool:
    """Makes one attempt at a claimed row and writes what became of it; whatever goes wrong, only this row fails.

    Returns False where its connection takes no further call for now: then the row waits again. Raises only where the
    database itself cannot be reached: then the lease runs out and another worker takes over.
    """
    try:
        return _make_one_attempt(generation)
    except StudyError as error:
        actions.give_up(generation=generation, sentence=str(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  one row's fault must not stop the others
        log.error("generation %s failed unexpectedly\n%s", generation.pk, frames(error))
        sentence = _(
            "Something unexpected went wrong with this output on our side. Press Retry; if it fails again, ask the "
            "site’s staff to look at the worker’s log."
        )
        actions.give_up(generation=generation, sentence=sentence)
    return True


def request_for(attempt: Attempt, rendered: Rendered, parameters: Mapping[str, Any]) -> InterpretationRequest:
    """What an attempt sends: the words and images, and the arm's parameters, the form of the reply if it has one."""
    if rendered.schema is not None:
        parameters = {**parameters, "json_schema": rendered.schema}
    return InterpretationRequest(
        model=attempt.asked_model,
        system=rendered.system,
        parts=rendered.parts,
        parameters=parameters,
        attempt_id=attempt.key,
        deadline_seconds=settings.CALL_DEADLINE_SECONDS,
    )


@dataclass(frozen=True, slots=True)
class _Prepared:
    # All that a call needs, so that nothing but the call itself happens while it holds its place.
    connection: Connection
    rendered: Rendered
    parameters: Mapping[str, Any]
    draft: Attempt


def _make_one_attempt(generation: Generation) -> bool:
    check_worth_a_call(generation)
    prepared = _prepare(generation)
    with _entrance(generation.source) as admission:
        if admission is None:
            actions.give_back(generation=generation)
            return False
        generation.paced_tokens = admission.tokens
        attempt = actions.begin_attempt(
            generation=generation, rendered=prepared.rendered, draft=prepared.draft
        )
        answer = _ask(attempt, prepared) if attempt else None
    if attempt and answer:
        _store(generation, attempt, answer)
    return True


def _prepare(generation: Generation) -> _Prepared:
    source = generation.source
    rendered = actions.NOTHING if source.is_recorded else rendered_for(generation)
    parameters = _recording(generation) if source.is_recorded else source.parameters
    draft = actions.draft_attempt(generation=generation, rendered=rendered)
    return _Prepared(_connection(source), rendered, parameters, draft)


def _entrance(source: Source) -> AbstractContextManager[Admission | None]:
    """Nobody is called for what was recorded, so no limit holds it."""
    return nullcontext(Admission()) if source.is_recorded else entrance(source.connection)


def _ask(attempt: Attempt, prepared: _Prepared) -> Reply | ProviderError:
    try:
        return interpret(prepared.connection, request_for(attempt, prepared.rendered, prepared.parameters))
    except ProviderError as error:
        return error


def _store(generation: Generation, attempt: Attempt, answer: Reply | ProviderError) -> None:
    if isinstance(answer, ProviderError):
        actions.store_failure(generation=generation, attempt=attempt, error=answer)
    else:
        actions.store_reply(attempt=attempt, reply=answer, judgement=classify_reply(answer))


def check_worth_a_call(generation: Generation) -> None:
    """Raises `StudyError` where this row must not, or no longer, be called for."""
    source = generation.source
    check_still_open(source.study)
    if not source.is_recorded:
        _connection(source)
        check_may_leave(source.study, source.connection)
    if generation.case.left_out_at is not None:
        raise GenerationError(_("This case was left out of the study, so its output is not made."))
    if generation.tries > settings.MAX_ATTEMPTS * CLAIMS_PER_ATTEMPT:
        raise GenerationError(
            _("Workers ended again and again on this output. Look at the worker’s log, then press Retry.")
        )


def _connection(source: Source) -> Connection:
    if source.is_recorded:
        return Connection(source.name, "replay")
    offer = settings.CONNECTIONS.get(source.connection)
    if offer is None:
        raise GenerationError(
            _(
                "The provider of “%(arm)s” is not set up on the worker. Ask the site’s staff to set it up, then retry."
            )
            % {"arm": source.name}
        )
    connection: Connection = offer.connection
    return connection


def _recording(generation: Generation) -> dict[str, dict[str, str]]:
    output = RecordedOutput.objects.get(
        arm=generation.arm, case=generation.case, replicate=generation.replicate
    )
    return {RECORDED: {"text": output.text, "finish_reason": output.finish_reason, "model": output.model}}
