"""Who a request comes from: the member behind its token, and nobody else."""

from __future__ import annotations

import hmac

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from readerstudy.accounts.models import User
from readerstudy.api.actions import digest_of, note_use
from readerstudy.api.models import Token

SCHEME = "Bearer"
LONGEST_SECRET = 200
UNKNOWN = _(
    "This token is unknown or no longer valid. Make a new one on the API page of the study’s console, then try again."
)


class StudyTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer rs_…`. Sessions and cookies count for nothing here, so no page can misuse them."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The member and the token, or None where the request carries no token.

        Raises `AuthenticationFailed` for every token that opens nothing, with one sentence for all reasons.
        """
        scheme, _space, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != SCHEME.lower().encode():
            return None
        token = _find(secret.strip())
        if token is None:
            raise AuthenticationFailed(UNKNOWN)
        note_use(token=token)
        return token.membership.user, token

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="readerstudy"'


def _find(secret: bytes) -> Token | None:
    """The live token, looked up by its hash: how long that takes tells nothing about any stored token."""
    if len(secret) > LONGEST_SECRET:
        return None
    digest = digest_of(secret.decode("latin-1"))
    found = Token.objects.live().select_related("membership__user", "membership__study").filter(digest=digest)
    token = found.first()
    return token if token is not None and hmac.compare_digest(token.digest, digest) else None
