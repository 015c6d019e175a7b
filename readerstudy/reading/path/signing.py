"""What a reader signs: the consent before the first case, and after the last one that the readings are their own."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import Act, Allocation, AllocationPlan, Passage, PathPart, ReaderSignature
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.actions import give_consent
from readerstudy.studies.actions.signing import SignatureError, Signing, prove
from readerstudy.studies.models import Design, Meaning, Membership, Study
from readerstudy.studies.policies import StudyError, can_read

COMPLETION = "completion"
LONGEST_NAME = 120


def completion_text(study: Study) -> str:
    """What a reader declares at the end."""
    return _(
        "I made the readings of the study “%(title)s” myself, alone, and as the instructions say. I knew of no other "
        "reader’s answers."
    ) % {"title": study.title}


@transaction.atomic
def sign_consent(*, seat: Membership, printed_name: str, by: User) -> None:
    """The reader agrees to the consent text as it reads now and signs it; the same again changes nothing."""
    seat = Membership.objects.select_for_update().select_related("study").get(pk=seat.pk)
    if seat.has_consented:
        return
    text, language = Design.objects.of(seat.study).said("consent", get_language() or settings.LANGUAGE_CODE)
    _sign(
        seat=seat,
        act=Act.CONSENT,
        text=text,
        language=language,
        printed_name=printed_name,
        by=by,
        proved=False,
    )
    give_consent(seat=seat, text=text, language=language, by=by)


def sign_completion(
    *, seat: Membership, printed_name: str, password: str = "", code: str = "", by: User
) -> ReaderSignature:
    """The reader declares that all readings are done; a second time gives the first signature.

    Whoever has a password gives it again, and the second factor where one is set up. Readers who come by links alone
    sign by their session, and the signature says so.

    Raises:
        SignatureError: where the name is missing or the proof is wrong; `field` names it.
        StudyError: as long as a case or a question after the last case is open.
    """
    known = ReaderSignature.objects.completion(seat)
    if known:
        return known
    name, proved = printed_name.strip(), by.has_usable_password()
    if proved and name:
        proof = Signing(printed_name=name, meaning=Meaning.AUTHOR, password=password, code=code)
        prove(study=seat.study, deed=COMPLETION, signing=proof, by=by)
    return _complete(seat, name, by, proved=proved)


@transaction.atomic
def _complete(seat: Membership, printed_name: str, by: User, *, proved: bool) -> ReaderSignature:
    seat = Membership.objects.select_for_update().select_related("study").get(pk=seat.pk)
    known = ReaderSignature.objects.completion(seat)
    if known:
        return known
    _check_complete(seat)
    text = completion_text(seat.study)
    return _sign(
        seat=seat,
        act=Act.COMPLETION,
        text=text,
        language=get_language() or settings.LANGUAGE_CODE,
        printed_name=printed_name,
        by=by,
        proved=proved,
    )


def _check_complete(seat: Membership) -> None:
    plan, mine = AllocationPlan.objects.current(seat.study), Allocation.objects.of(seat)
    if plan is None or plan.is_pilot:
        raise StudyError(_("A pilot is not signed. Its answers never enter the study."))
    if not mine.exists() or mine.unread().exists():
        raise StudyError(_("Some of your cases are still open. Read them first; then sign."))
    asked = bool(frozen_of(seat.study).leaving) and can_read(seat.study)
    if asked and not Passage.objects.filter(plan=plan, seat=seat, part=PathPart.EXIT).exists():
        raise StudyError(_("Answer the questions after the last case first; then sign."))


def _sign(
    *, seat: Membership, act: Act, text: str, language: str, printed_name: str, by: User, proved: bool
) -> ReaderSignature:
    name = printed_name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise SignatureError(_("Write your name as it is to be printed."), "printed_name")
    signature = ReaderSignature(
        seat=seat,
        act=act,
        printed_name=name,
        text=text,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        language=language,
        protocol_version=seat.study.protocol_version,
        with_password=proved,
    )
    signature.digest = signature.compute_digest()
    signature.save()
    data = {
        "act": act.value,
        "text_sha256": signature.text_sha256,
        "digest": signature.digest,
        "language": language,
        "password": proved,
    }
    record(
        "reader.sign", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym, data=data
    )
    return signature
