"""Electronic signatures: the password again, and the second factor of whoever has set one up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.accounts.models import User
from readerstudy.audit.models import Event
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.models import Meaning, Signature, Study
from readerstudy.studies.policies import StudyError

REFUSED, HELD_OFF = "signature.refuse", "signature.hold_off"
MOST_REFUSALS = 5
WAIT = timedelta(minutes=15)


class SignatureError(StudyError):
    """Nothing was signed; `field` names what was not right, and the text says what to do."""

    def __init__(self, sentence: str, name: str = "") -> None:
        self.field = name
        super().__init__(sentence)


@dataclass(frozen=True)
class Signing:
    """What a person gives to sign: the printed name, what the signature means, and the proof of who it is."""

    printed_name: str
    meaning: str
    password: str = field(repr=False)
    code: str = field(repr=False, default="")


@dataclass(frozen=True)
class Signer:
    """A person who has just proved who they are; made by `prove` alone."""

    user: User
    printed_name: str
    meaning: Meaning
    with_second_factor: bool


def has_second_factor(user: User) -> bool:
    """Whether this person has set up a second factor that signing asks for."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def prove(*, study: Study, deed: str, signing: Signing, by: User) -> Signer:
    """Checks who signs; call it before the transaction of the deed, because a refusal stays written down.

    Raises:
        SignatureError: after a wrong password or code, after too many of them, or where something is missing.
    """
    name, meaning = signing.printed_name.strip(), signing.meaning
    if not name:
        raise SignatureError(_("Write your name as it is to be printed."), "printed_name")
    if meaning not in Meaning.values:
        raise SignatureError(_("Choose what your signature means."), "meaning")
    if refusal := _refusal(study, deed, signing, by):
        raise refusal
    return Signer(by, name, Meaning(meaning), has_second_factor(by))


@transaction.atomic
def _refusal(study: Study, deed: str, signing: Signing, by: User) -> SignatureError | None:
    """Why this is not the person, written down; one attempt of a person at a time, so that none goes uncounted."""
    by = User.objects.select_for_update().get(pk=by.pk)
    if _tried_too_often(by):
        verb, refusal = HELD_OFF, SignatureError(_too_often(), "attempts")
    elif (found := _mismatch(by, signing)) is not None:
        verb, refusal = REFUSED, found
    else:
        return None
    data = {"deed": deed, "why": refusal.field}
    record(verb, by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return refusal


def _tried_too_often(by: User) -> bool:
    recent = Event.objects.filter(actor=by, verb=REFUSED, at__gt=timezone.now() - WAIT)
    return recent.count() >= MOST_REFUSALS


def _too_often() -> str:
    minutes = int(WAIT.total_seconds() // 60)
    text = ngettext(
        "A wrong password or code was given too often. Wait %(n)d minute, then sign again.",
        "A wrong password or code was given too often. Wait %(n)d minutes, then sign again.",
        minutes,
    )
    return text % {"n": minutes}


def _mismatch(by: User, signing: Signing) -> SignatureError | None:
    if not by.has_usable_password():
        return SignatureError(
            _(
                "Signing needs a password, and you have none yet. Choose one on the page of your account: %(page)s"
            )
            % {"page": reverse("account_set_password")},
            "password",
        )
    if not by.check_password(signing.password):
        return SignatureError(_("This is not your password. Nothing was signed."), "password")
    if has_second_factor(by) and not _is_code_of(by, signing.code):
        return SignatureError(
            _("This is not the code that your second factor shows now. Nothing was signed."), "code"
        )
    return None


def _is_code_of(user: User, code: str) -> bool:
    """Whether one of the person's authenticators gives this code; a code counts once."""
    types = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    found = Authenticator.objects.filter(user=user, type__in=types)
    return bool(code.strip()) and any(each.wrap().validate_code(code.strip()) for each in found)


@transaction.atomic
def sign(*, study: Study, deed: str, content_sha256: str, signer: Signer) -> Signature:
    """Stores a signature under the content with this hash; call it in the transaction of the deed."""
    signature = Signature(
        study=study,
        by=signer.user,
        printed_name=signer.printed_name,
        meaning=signer.meaning,
        deed=deed,
        content_sha256=content_sha256,
        with_second_factor=signer.with_second_factor,
    )
    signature.digest = signature.compute_digest()
    signature.save()
    data = {
        "deed": deed,
        "name": signer.printed_name,
        "meaning": signer.meaning,
        "content_sha256": content_sha256,
        "digest": signature.digest,
    }
    record("signature.give", by=signer.user, stream=study_stream(study.pk), subject=study.key, data=data)
    return signature
