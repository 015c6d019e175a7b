"""What every endpoint shares: who asks, how requests are counted, how a body is checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.http import Http404, HttpRequest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from readerstudy.accounts.models import User
from readerstudy.api.models import Token
from readerstudy.api.parsers import SmallJSONParser
from readerstudy.api.schema import RolesSchema
from readerstudy.studies.models import Study


class OneRenderer(DefaultContentNegotiation):
    """Each endpoint has one form of answer, so what a client would rather have decides nothing."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class ApiView(APIView):
    """An address under `api/`: one form of answer, UTF-8, and every request counted, also those that are refused."""

    http_method_names = ["get", "head", "post"]
    parser_classes = [SmallJSONParser]
    content_negotiation_class = OneRenderer

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Everything is UTF-8; an exotic charset named by a client would fail deep inside Python's codecs."""
        request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """The framework counts only requests that may pass; guessing tokens has to count too."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Already counted, with the authentication."""


class StudyView(ApiView):
    """An endpoint for the holder of a token; `endpoint` is its row in `reach.REACH` and its name in addresses."""

    endpoint: ClassVar[str]
    schema = RolesSchema()

    @property
    def token(self) -> Token:
        """The request's token; whoever has none was refused before any method of a view runs."""
        token = self.request.auth
        if not isinstance(token, Token):
            raise Http404
        return token

    @property
    def study(self) -> Study:
        return self.token.study

    @property
    def person(self) -> User:
        return self.token.membership.user


class UnknownAddress(ApiView):
    """Whatever else is asked for: nothing, said in the API's own form."""

    schema = None

    def check_permissions(self, request: Request) -> None:
        if not isinstance(request.auth, Token):
            self.permission_denied(request)
        raise Http404


def checked(shape: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """The parts of a request as `shape` reads them; raises `ValidationError` with every sentence about them."""
    bound = shape(data=data)
    bound.is_valid(raise_exception=True)
    return dict(bound.validated_data)


def shaped(shape: type[Serializer[Any]], thing: Any, *, status: int = 200) -> Response:
    return Response(shape(thing).data, status=status)
