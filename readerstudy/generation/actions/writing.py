"""Texts that people type: drafts, and the finished text that goes the way of every output."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case
from readerstudy.generation.actions.outputs import store_recorded
from readerstudy.generation.models import Draft, RecordedOutput
from readerstudy.generation.policies import GenerationError
from readerstudy.generation.running import storable
from readerstudy.providers.recordings import LONGEST_TEXT
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Arm, ArmKind
from readerstudy.studies.policies import check_protocol_open


@transaction.atomic
def save_draft(*, arm: Arm, case: Case, text: str, by: User) -> Draft:
    """Keeps what a writer has typed so far; nobody else sees it.

    Raises `StudyError` where the study is locked or the case has its text already.
    """
    _check_may_write(arm, case)
    now = timezone.now()
    draft, _made = Draft.objects.update_or_create(
        arm=arm, case=case, by=by, defaults={"text": _checked(text), "saved_at": now}
    )
    return draft


@transaction.atomic
def finish_text(*, arm: Arm, case: Case, text: str, by: User) -> RecordedOutput:
    """Makes the text the arm's output for the case; it passes the same steps as any other, and stays as it is.

    Raises `StudyError` where the study is locked, the text is empty, or somebody else was first.
    """
    study = locked(arm.study)
    _check_may_write(arm, case)
    text = _checked(text)
    if not text.strip():
        raise GenerationError(_("There is no text yet. Write it, then finish."))
    output = RecordedOutput(arm=arm, case=case, text=text, by=by)
    store_recorded([output])
    Draft.objects.filter(arm=arm, case=case, by=by).delete()
    subject = f"{arm.name}, {case.code}"
    record(
        "text.finish", by=by, stream=study_stream(study.pk), subject=subject, data={"characters": len(text)}
    )
    return output


def _check_may_write(arm: Arm, case: Case) -> None:
    check_protocol_open(arm.study)
    if arm.kind != ArmKind.HUMAN:
        raise GenerationError(_("Texts are typed only for an arm whose texts people write."))
    if not Case.objects.read(arm.study).filter(pk=case.pk).exists():
        raise GenerationError(_("This case is not part of the study any more."))
    if RecordedOutput.objects.filter(arm=arm, case=case).exists():
        raise GenerationError(_("This case has its text already. Go on with the next one."))


def _checked(text: str) -> str:
    text = storable.text(text.replace("\r\n", "\n"))
    if len(text) > LONGEST_TEXT:
        raise GenerationError(
            _("This text is longer than %(most)d characters. Shorten it.") % {"most": LONGEST_TEXT}
        )
    return text
