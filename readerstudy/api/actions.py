"""Every write to tokens: make, revoke, note that one was used."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.api.models import Token
from readerstudy.api.reach import ROLES_WITH_TOKENS
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError

PREFIX = "rs_"
SECRET_BYTES = 32
MOST_TOKENS = 20
NOTED_EVERY = timedelta(minutes=1)


class TokenError(StudyError):
    """A token cannot be made; the text is a sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `secret` is known here and to whoever is told it now, and nowhere afterwards."""

    token: Token
    secret: str


@transaction.atomic
def make_token(*, membership: Membership, label: str, by: User) -> NewToken:
    """Makes a token with the rights of `membership`, which is the own one of `by`.

    Raises `TokenError` where the membership has ended, its role has no use for one, or it has too many.
    """
    membership = (
        Membership.objects.select_for_update(of=("self",)).select_related("study").get(pk=membership.pk)
    )
    _check_may_have_one(membership, by)
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token.objects.create(membership=membership, label=label, digest=digest_of(secret))
    _record("token.make", token, by)
    return NewToken(token=token, secret=secret)


@transaction.atomic
def revoke_token(*, token: Token, by: User) -> bool:
    """Ends a token for good; False where it had ended before."""
    revoked = Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        _record("token.revoke", token, by)
    return bool(revoked)


def note_use(*, token: Token) -> None:
    """Writes down that a token was used, at most once a minute, so that reading costs no write."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal. The secret has 256 random bits, so no salt and no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_may_have_one(membership: Membership, by: User) -> None:
    if membership.removed_at is not None or membership.user_id != by.pk:
        raise TokenError(_("You can make tokens only for studies you take part in."))
    if membership.role not in ROLES_WITH_TOKENS:
        raise TokenError(
            _("Your role in this study has no use for a token. Ask a coordinator for another role.")
        )
    if Token.objects.filter(membership=membership, revoked_at=None).count() >= MOST_TOKENS:
        raise TokenError(
            _(
                "You already have %(most)d tokens here. Revoke one that is no longer used, then make a new one."
            )
            % {"most": MOST_TOKENS}
        )


def _record(verb: str, token: Token, by: User) -> None:
    membership = token.membership
    record(
        verb,
        by=by,
        stream=study_stream(membership.study_id, membership.seat),
        subject=f"token {token.pk}",
        data={"label": token.label, "role": membership.role, "of": membership.pseudonym},
    )
