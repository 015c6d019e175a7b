"""How often: requests with a valid token count for the token, all others for the address they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from readerstudy.api.models import Token

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PerToken(SimpleRateThrottle):
    scope = "token"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"api-token-{request.auth.pk}" if isinstance(request.auth, Token) else None


class PerAddress(SimpleRateThrottle):
    scope = "address"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return None if isinstance(request.auth, Token) else f"api-address-{self.get_ident(request)}"

    def get_ident(self, request: Request) -> str:
        """The caller's address; a forwarded one is believed only where the settings say how many proxies there are."""
        if api_settings.NUM_PROXIES is None:
            return str(request.META.get("REMOTE_ADDR", ""))
        return str(super().get_ident(request))
