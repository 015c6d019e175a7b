"""The writes of an adjudicator: an answer, each an event of its own, and the end of an adjudication."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import AdjudicatedOutput, Adjudication, Ending, Settlement
from readerstudy.reading.policies import check_complete
from readerstudy.reading.questions import Question, asked
from readerstudy.reading.ratings import Clock, Saved
from readerstudy.reading.scales import About, Answer, is_whole
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError, check_settling_open


@transaction.atomic
def settle(
    *,
    adjudication: Adjudication,
    question: Question,
    output: AdjudicatedOutput | None,
    answer: Answer,
    token: uuid.UUID,
    by: User,
    client: Mapping[str, Any] | None = None,
) -> Saved:
    """Stores one answer of an adjudicator; the same token again is the same event.

    Raises:
        StudyError: once the adjudication has ended, and before and after the time of settlements.
    """
    study = adjudication.adjudicator.study
    about: dict[str, Any] = {
        "adjudication_id": adjudication.pk,
        "output_id": output.pk if output else None,
        "key": question.criterion.key,
        "part": question.part_key,
    }
    known = Settlement.objects.filter(token=token).first()
    if known is not None:
        return _repeated(known, about)
    _check_open(adjudication, study)
    event = Settlement.objects.create(
        **about,
        criterion=question.criterion if question.criterion.pk else None,
        token=token,
        value=answer.value,
        score=answer.score,
        cannot_judge=answer.cannot_judge,
        reason=answer.reason,
        protocol_version=study.protocol_version,
        client=dict(client or {}),
        by=by,
    )
    data = {"criterion": event.key, "cannot_judge": event.cannot_judge}
    record("adjudication.answer", by=by, stream=study_stream(study.pk), subject=adjudication.key, data=data)
    return Saved(at=event.at, repeated=False)


@transaction.atomic
def finish_adjudication(
    *, adjudication: Adjudication, questions: Iterable[Question], by: User, clock: Clock | None = None
) -> Adjudication:
    """Marks an adjudication as settled; a second time changes nothing.

    Raises:
        RatingError: naming what is still open.
        StudyError: where it was closed or given to somebody else.
    """
    study = adjudication.adjudicator.study
    held = Adjudication.objects.select_for_update(of=("self",)).select_related("case").get(pk=adjudication.pk)
    if held.ending == Ending.SETTLED:
        return held
    _check_open(adjudication, study)
    check_complete(_open(held, list(questions)))
    clock = clock or Clock()
    held.ended_at, held.ended_by, held.ending = timezone.now(), by, Ending.SETTLED
    held.active_seconds, held.client = clock.active_seconds, dict(clock.client)
    held.save(update_fields=["ended_at", "ended_by", "ending", "active_seconds", "client"])
    data = {"case": held.case.code}
    record("adjudication.settle", by=by, stream=study_stream(study.pk), subject=held.key, data=data)
    return held


def standing_of(adjudication: Adjudication) -> dict[tuple[str, int | None, str], Settlement]:
    """The answers that stand, by key of the criterion, primary key of the output, and part."""
    found = Settlement.objects.filter(adjudication=adjudication).standing()
    return {(each.key, each.output_id, each.part): each for each in found}


def standing_by_field(adjudication: Adjudication, questions: Iterable[Question]) -> dict[str, Settlement]:
    """The answers that stand, by the field of their question."""
    standing = standing_of(adjudication)
    outputs = {output.letter: output.pk for output in adjudication.outputs.all()}
    found = {
        each.field: standing.get((each.criterion.key, outputs.get(each.letter), each.part_key))
        for each in questions
    }
    return {name: event for name, event in found.items() if event}


def _check_open(adjudication: Adjudication, study: Study) -> None:
    check_settling_open(study)
    held = Adjudication.objects.select_for_update(of=("self",)).get(pk=adjudication.pk)
    if held.ended_at is not None:
        raise StudyError(_("This disagreement is settled or closed already, so it stays as it is."))


def _repeated(known: Settlement, about: Mapping[str, Any]) -> Saved:
    if any(getattr(known, name) != value for name, value in about.items()):
        raise StudyError(_("This rating was sent under the number of another one. Please rate again."))
    return Saved(at=known.at, repeated=True)


def _open(adjudication: Adjudication, questions: list[Question]) -> list[Question]:
    """What is asked, given the other answers, has to be answered and has no whole answer."""
    standing = standing_by_field(adjudication, questions)
    fields = asked(questions, {name: event.value for name, event in standing.items()})
    about = About(letters=tuple(output.letter for output in adjudication.outputs.all()))
    return [
        each for each in questions if each.field in fields and _is_open(each, standing.get(each.field), about)
    ]


def _is_open(question: Question, event: Settlement | None, about: About) -> bool:
    if event is None or not (event.value or event.cannot_judge):
        return bool(question.criterion.is_required)
    return not event.cannot_judge and not is_whole(question.criterion, event.value, about)
