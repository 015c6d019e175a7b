"""Large files by the tus protocol, for programs such as tus-js-client and tuspy."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from readerstudy.api.schema import RefusalSerializer, answers
from readerstudy.api.serializers.transfers import TransferSerializer
from readerstudy.api.views.base import StudyView
from readerstudy.cases.transfers import (
    BODY_TYPE,
    CHECKSUM_MISMATCH,
    VERSION,
    answer_start,
    answer_transfer,
    method_of,
)

ARRIVED = {
    "offset": 2147483648,
    "size": 2147483648,
    "id": 412,
    "fate": "received",
    "reason": "",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
CHANGED = {"error": "These bytes were changed on their way. Send them again."}


def _header(name: str, told: str, *, required: bool = True, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=told, required=required, **more)


TUS = _header("Tus-Resumable", "The version of the protocol.", enum=[VERSION])
NO_BODY = OpenApiResponse(description="Done; the headers tell the rest.")


class TusView(StudyView):
    """Speaks tus: the protocol reads the request itself, so the framework never touches its body."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """A client behind a proxy that knows no PATCH names it in a header of a POST."""
        request.method = method_of(request)
        return super().initialize_request(request, *args, **kwargs)


class Transfers(TusView):
    endpoint = "transfers"
    http_method_names = ["options", "post"]

    @extend_schema(
        operation_id="start_transfer",
        summary="Begin a large file (tus)",
        tags=["images"],
        request=None,
        parameters=[
            TUS,
            _header("Upload-Length", "How many bytes the file has."),
            _header(
                "Upload-Metadata", "`filename` or `path`, and `attested`, each in base64.", required=False
            ),
        ],
        responses=answers(
            {201: NO_BODY},
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.CONFLICT,
            HTTPStatus.PRECONDITION_FAILED,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.LOCKED,
        ),
    )
    def post(self, request: Request, key: str) -> HttpResponseBase:
        """Announces a file that arrives in parts; `Location` is where they go.

        `attested` “true” in the metadata attests what it attests in an upload.
        413 also where too many bytes of the study wait to be rendered; `Retry-After` then says when to ask again.
        """
        return self._start(request, key)

    def options(self, request: Request, key: str) -> HttpResponseBase:  # type: ignore[override]  # tus's answer
        """What this server knows of tus, in headers."""
        return self._start(request, key)

    def _start(self, request: Request, key: str) -> HttpResponseBase:
        address = partial(_address, key)
        return answer_start(request._request, study=self.study, by=self.person, address=address)


def _address(key: str, transfer: str) -> str:
    return reverse("api:transfer", args=[key, transfer])


class ShowTransfer(TusView):
    endpoint = "transfer"
    http_method_names = ["head", "get", "patch", "delete"]

    @extend_schema(
        operation_id="show_transfer",
        summary="What became of a large file",
        tags=["images"],
        responses=answers({200: TransferSerializer}),
        examples=[OpenApiExample("All has arrived", value=ARRIVED, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, key: str, transfer: str) -> HttpResponseBase:
        """How much has arrived and, once that is all of it, the fate of the file. HEAD answers as tus has it."""
        return self._answer(request, transfer)

    def head(self, request: Request, key: str, transfer: str) -> HttpResponseBase:
        """Where to go on, in `Upload-Offset`."""
        return self._answer(request, transfer)

    @extend_schema(
        operation_id="send_part",
        summary="Send the next bytes (tus)",
        tags=["images"],
        request={BODY_TYPE: OpenApiTypes.BINARY},
        parameters=[
            TUS,
            _header("Upload-Offset", "Where these bytes begin: what HEAD told."),
            _header("Upload-Checksum", "`sha1` or `sha256` and the digest in base64.", required=False),
        ],
        responses={
            **answers(
                {204: NO_BODY},
                HTTPStatus.CONFLICT,
                HTTPStatus.GONE,
                HTTPStatus.LENGTH_REQUIRED,
                HTTPStatus.PRECONDITION_FAILED,
                HTTPStatus.UNPROCESSABLE_ENTITY,
                HTTPStatus.LOCKED,
                body=True,
            ),
            CHECKSUM_MISMATCH: OpenApiResponse(
                response=RefusalSerializer,
                description="The bytes are not those of the checksum; none of them counts.",
                examples=[
                    OpenApiExample(
                        "Checksum Mismatch",
                        value=CHANGED,
                        response_only=True,
                        status_codes=[str(CHECKSUM_MISMATCH)],
                    )
                ],
            ),
        },
    )
    def patch(self, request: Request, key: str, transfer: str) -> HttpResponseBase:
        """Any number of bytes; those that have arrived when a connection breaks count.

        The request that brings the last bytes makes an upload of the file, which takes a while for a large one.
        """
        return self._answer(request, transfer)

    @extend_schema(
        operation_id="give_up_transfer",
        summary="Give a large file up (tus)",
        tags=["images"],
        parameters=[TUS],
        responses=answers({204: NO_BODY}, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.LOCKED),
    )
    def delete(self, request: Request, key: str, transfer: str) -> HttpResponseBase:
        """Deletes what has arrived; a file of which all has arrived stays an upload."""
        return self._answer(request, transfer)

    def _answer(self, request: Request, transfer: str) -> HttpResponseBase:
        return answer_transfer(request._request, study=self.study, by=self.person, key=transfer)
