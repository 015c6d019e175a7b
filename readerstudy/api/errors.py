"""Every refusal as one shape: `{"error": "<whole sentence>", "fields": {"<name>": ["<sentence>"]}}`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.http import Http404
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rest_framework import exceptions, status
from rest_framework.response import Response

from readerstudy.studies.policies import StudyError

NOTHING_HERE = gettext_lazy(
    "There is nothing at this address for this token. Check the study’s key and that the address ends as documented."
)
NO_TOKEN = gettext_lazy(
    "This needs a token, sent as “Authorization: Bearer rs_…”. Make one on the API page of the study’s console."
)
NOT_ALLOWED = gettext_lazy("This is not allowed. Ask a coordinator of the study for what you need.")
UNREADABLE = gettext_lazy("The body of this request could not be read. Send it as documented.")
TOO_LARGE = gettext_lazy(
    "This request is larger than the API takes. Split it and send the parts one after another."
)
UNEXPECTED = gettext_lazy(
    "Something unexpected went wrong on our side. Nothing of this request that was not confirmed is stored; try "
    "again, and tell the site’s staff if it happens twice."
)


class NotRight(exceptions.APIException):
    """The request was understood and cannot be carried out as it is (422); `fields` say where to look."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY

    def __init__(self, sentence: str, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(sentence)
        self.fields = {name: list(sentences) for name, sentences in (fields or {}).items()}


def as_sentence(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to a request that raised `error`; registered as the framework's exception handler."""
    if isinstance(error, StudyError):
        return _answer(status.HTTP_409_CONFLICT, str(error))
    if isinstance(error, Http404):
        return _answer(status.HTTP_404_NOT_FOUND, str(NOTHING_HERE))
    if isinstance(error, PermissionDenied):
        return _answer(status.HTTP_403_FORBIDDEN, str(NOT_ALLOWED))
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _answer(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, str(TOO_LARGE))
    if isinstance(error, SuspiciousOperation):
        return _answer(status.HTTP_400_BAD_REQUEST, str(UNREADABLE))
    if isinstance(error, exceptions.APIException):
        return _of_framework(error, context)
    return _unexpected(error, context)


def _answer(
    code: int,
    sentence: str,
    fields: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {"error": sentence}
    if fields:
        body["fields"] = fields
    return Response(body, status=code, headers=dict(headers or {}))


def _of_framework(error: exceptions.APIException, context: Mapping[str, Any]) -> Response:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, NotRight):
        return _answer(error.status_code, str(error.detail), error.fields)
    if isinstance(error, exceptions.Throttled):
        return _throttled(error)
    asks = getattr(error, "auth_header", "")
    headers = {"WWW-Authenticate": str(asks)} if asks else {}
    return _answer(error.status_code, _sentence(error, context), headers=headers)


def _sentence(error: exceptions.APIException, context: Mapping[str, Any]) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return str(NO_TOKEN)
    if isinstance(error, exceptions.ParseError):
        return str(UNREADABLE)
    if isinstance(error, exceptions.MethodNotAllowed):
        allowed = ", ".join(sorted(set(context["view"].allowed_methods) - {"HEAD"})) or "—"
        return _("This address does not know this method. It knows: %(methods)s.") % {"methods": allowed}
    if isinstance(error, exceptions.UnsupportedMediaType):
        types = ", ".join(parser.media_type for parser in context["view"].parser_classes)
        return _("This address takes a body of type %(types)s. Send it as that.") % {"types": types}
    return str(error.detail)


def _throttled(error: exceptions.Throttled) -> Response:
    seconds = max(1, math.ceil(getattr(error, "wait", None) or 0))
    sentence = ngettext(
        "Too many requests came in a short time. Wait %(n)d second, then go on.",
        "Too many requests came in a short time. Wait %(n)d seconds, then go on.",
        seconds,
    ) % {"n": seconds}
    return _answer(error.status_code, sentence, headers={"Retry-After": str(seconds)})


def _invalid(error: exceptions.ValidationError) -> Response:
    """What a serializer refused, with nested fields named `outer.inner`."""
    fields: dict[str, list[str]] = {}
    for name, sentence in _flat(error.detail):
        fields.setdefault(name or "body", []).append(sentence)
    told = _("This request is not right yet. “fields” says what to mend; nothing was stored.")
    return _answer(status.HTTP_422_UNPROCESSABLE_ENTITY, told, fields)


def _flat(detail: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            own = "" if key == "non_field_errors" else str(key)
            yield from _flat(inner, ".".join(part for part in (name, own) if part))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, name)
    else:
        yield name, str(detail)


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    """A fault of ours: told in full to the log, as Django tells its own, and in one plain sentence to the caller."""
    view, request = context["view"], context["request"]._request
    got_request_exception.send(sender=type(view), request=request)
    response = _answer(status.HTTP_500_INTERNAL_SERVER_ERROR, str(UNEXPECTED))
    told = "Internal Server Error: %s"
    log_response(told, request.path, response=response, request=request, exception=error)
    return response
