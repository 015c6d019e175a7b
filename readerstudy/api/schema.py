"""How the API describes itself: what a token is, and which refusals every endpoint knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from readerstudy.api.reach import methods_of

BODY_REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
)
EXAMPLES: Mapping[HTTPStatus, tuple[str, dict[str, Any]]] = {
    HTTPStatus.BAD_REQUEST: (
        "The body could not be read.",
        {"error": "The body of this request could not be read. Send it as documented."},
    ),
    HTTPStatus.UNAUTHORIZED: (
        "No token, or one that opens nothing.",
        {
            "error": "This token is unknown or no longer valid. Make a new one on the API page, then try again."
        },
    ),
    HTTPStatus.FORBIDDEN: (
        "The token's role does not reach this.",
        {"error": "A token with your role does not reach this address. Ask a coordinator of the study."},
    ),
    HTTPStatus.NOT_FOUND: (
        "Not the token's study, or nothing of that kind in it. Both look the same.",
        {"error": "There is nothing at this address for this token. Check the study's key."},
    ),
    HTTPStatus.CONFLICT: (
        "The state of the study does not allow it.",
        {
            "error": "This study is locked, so its protocol can no longer change. Make a new study to change it."
        },
    ),
    HTTPStatus.GONE: (
        "Given up, or not gone on with for a day.",
        {"error": "This upload was given up, or nobody went on with it for a day. Begin it again."},
    ),
    HTTPStatus.LENGTH_REQUIRED: (
        "A body without its length.",
        {"error": "Say how many bytes this request has, as Content-Length."},
    ),
    HTTPStatus.PRECONDITION_FAILED: (
        "Another version of tus.",
        {"error": "This server speaks version 1.0.0 of tus. Send it as Tus-Resumable."},
    ),
    HTTPStatus.LOCKED: (
        "The file has arrived and is being made an upload.",
        {"error": "This file has arrived and is being checked. Ask again in a moment."},
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "Larger than the API takes.",
        {
            "error": "This request is larger than the API takes. Split it and send the parts one after another."
        },
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "A body of another type is wanted.",
        {"error": "This address takes a body of type multipart/form-data. Send it as that."},
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "Understood, but not right; `fields` says where. Nothing was stored.",
        {
            "error": "This request is not right yet. “fields” says what to mend; nothing was stored.",
            "fields": {"file": ["No file arrived. Send at least one."]},
        },
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "Too many requests; `Retry-After` says how many seconds to wait.",
        {"error": "Too many requests came in a short time. Wait 12 seconds, then go on."},
    ),
}


class RefusalSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="What happened and what to do, as a whole sentence.")
    fields = serializers.DictField(  # type: ignore[assignment]  # the body has a member of this name
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Sentences about single parts of the request, by their name.",
    )


class StudyTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its base is untyped
    target_class = "readerstudy.api.authentication.StudyTokenAuthentication"
    name = "studyToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "rs_…",
            "description": "A token of one study, made on the API page of its console and shown there once.",
        }


RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=[HTTPStatus.TOO_MANY_REQUESTS],
    description="Seconds to wait.",
)


class RolesSchema(AutoSchema):
    """Adds to every operation which roles reach it, from the table that decides it, and when to come back after 429."""

    def get_override_parameters(self) -> list[Any]:
        return [RETRY_AFTER]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular declares it
        roles = methods_of(getattr(self.view, "endpoint", "")).get(self.method, frozenset())
        names = ", ".join(sorted(role.value for role in roles))
        return f"{super().get_description()}\n\nRoles: {names}."


def answers(good: Mapping[Any, Any], *refusals: HTTPStatus, body: bool = False) -> dict[Any, Any]:
    """The responses of an operation: the `good` ones, those every operation knows, and `refusals` of its own.

    An operation with a body may also find it unreadable, too large or of the wrong type.
    """
    codes = sorted({*ALWAYS, *refusals, *(BODY_REFUSALS if body else ())})
    return {**good, **{code.value: _refusal(code) for code in codes}}


def _refusal(code: HTTPStatus) -> OpenApiResponse:
    description, example = EXAMPLES[code]
    shown = OpenApiExample(code.phrase, value=example, response_only=True, status_codes=[str(code.value)])
    return OpenApiResponse(response=RefusalSerializer, description=description, examples=[shown])


@cache
def document() -> dict[str, Any]:
    """The whole OpenAPI document; the same for everybody, so it is made once in a process."""
    with translation.override(settings.LANGUAGE_CODE):
        generator = SchemaGenerator()  # type: ignore[no-untyped-call]
        made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made
