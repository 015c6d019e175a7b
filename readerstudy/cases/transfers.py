"""The tus protocol 1.0.0: how a program sends a large file in parts and goes on after a lost connection.

Core, creation, expiration, termination and checksum, for the pages and for the API alike. The body of every refusal is
`{"error": "<whole sentence>"}`. Beyond tus, GET tells what became of the file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.cases.actions import attest
from readerstudy.cases.actions import transfers as actions
from readerstudy.cases.models import Transfer
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination,checksum"
BODY_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
RETRY_SECONDS = 60
LONGEST_NUMBER = 18
NUMBER = re.compile(rf"[0-9]{{1,{LONGEST_NUMBER}}}")


class Digest(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def digest(self) -> bytes: ...


ALGORITHMS: Mapping[str, Callable[[], Digest]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
STATUSES: Mapping[type[StudyError], int] = {
    actions.TooMuchError: 413,
    actions.NoRoomError: 413,
    actions.OffsetError: 409,
    actions.BusyError: 423,
    actions.GoneError: 410,
    actions.TooManyPartsError: 422,
}


class Refusal(Exception):
    """A request that is not as the protocol wants it: the status, a sentence, headers."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Checked:
    """Reads a body and remembers its checksum, to be compared with the one that was announced."""

    def __init__(self, read: actions.Read, digest: Digest, wanted: bytes) -> None:
        self._read, self._digest, self._wanted = read, digest, wanted

    def read(self, size: int) -> bytes:
        piece = self._read(size)
        self._digest.update(piece)
        return piece

    def is_right(self) -> bool:
        return self._digest.digest() == self._wanted


def method_of(request: HttpRequest) -> str:
    """The method that is meant: a client behind a proxy that knows no PATCH names it in a header of a POST."""
    named = request.headers.get("X-HTTP-Method-Override", "").upper()
    return named if request.method == "POST" and named else str(request.method)


def answer_start(
    request: HttpRequest, *, study: Study, by: User, address: Callable[[str], str]
) -> HttpResponseBase:
    """OPTIONS tells what this server knows; POST begins a transfer. `address` makes its URL from its key.

    Of the metadata, `path` or `filename` names the file, and `attested` (“true”) attests as the pages' sentence does.
    """

    def start() -> HttpResponse:
        size, said = _size(request), metadata(request.headers.get("Upload-Metadata", ""))
        if said.get("attested") == "true":
            attest(study=study, by=by)
        name = said.get("path") or said.get("filename") or ""
        transfer = actions.start_transfer(study=study, name=name, size=size, by=by)
        if transfer.is_whole:
            transfer = actions.finish_transfer(transfer=transfer)
        headers = {"Location": address(transfer.key), **_progress(transfer)}
        return HttpResponse(status=201, headers=headers)

    return _answer(request, {"OPTIONS": _about, "POST": start}, {"POST"})


def answer_transfer(request: HttpRequest, *, study: Study, by: User, key: str) -> HttpResponseBase:
    """HEAD, PATCH and DELETE of one transfer as tus has them; GET tells what became of it. Only `by` reaches it."""

    def found() -> Transfer:
        own = Transfer.objects.filter(study=study, by=by, key=key)
        transfer = own.select_related("study", "by", "upload").first()
        if transfer is None:
            raise Refusal(404, _("There is no such upload any more. Begin it again."))
        return transfer

    methods = {
        "HEAD": lambda: _head(found()),
        "GET": lambda: _told(found()),
        "PATCH": lambda: _patch(request, found()),
        "DELETE": lambda: _delete(found(), by),
    }
    return _answer(request, methods, {"HEAD", "PATCH", "DELETE"})


def _answer(
    request: HttpRequest, methods: Mapping[str, Callable[[], HttpResponse]], versioned: set[str]
) -> HttpResponseBase:
    try:
        response = _meant(request, methods, versioned)()
    except Refusal as refusal:
        response = JsonResponse({"error": str(refusal)}, status=refusal.status, headers=refusal.headers)
    except StudyError as error:
        response = _refused(error)
    response["Tus-Resumable"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def _meant(
    request: HttpRequest, methods: Mapping[str, Callable[[], HttpResponse]], versioned: set[str]
) -> Callable[[], HttpResponse]:
    method = method_of(request)
    if method not in methods:
        known = ", ".join(methods)
        raise Refusal(405, _("This address knows these methods: %(known)s.") % {"known": known}, Allow=known)
    if method in versioned and request.headers.get("Tus-Resumable") != VERSION:
        sentence = _("This server speaks version %(version)s of tus. Send it as Tus-Resumable.")
        raise Refusal(412, sentence % {"version": VERSION}, Tus_Version=VERSION)
    return methods[method]


def _refused(error: StudyError) -> HttpResponse:
    response = JsonResponse({"error": str(error)}, status=STATUSES.get(type(error), 409))
    if isinstance(error, actions.OffsetError):
        response["Upload-Offset"] = str(error.offset)
    if isinstance(error, actions.NoRoomError):
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


# --- The single requests -------------------------------------------------------------------------------------
def _about() -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return HttpResponse(status=204, headers=headers)


def _head(transfer: Transfer) -> HttpResponse:
    _check_not_expired(transfer)
    headers = {"Upload-Length": str(transfer.size), **_progress(transfer)}
    if transfer.original_name:
        told = base64.b64encode(transfer.original_name.encode()).decode()
        headers["Upload-Metadata"] = f"filename {told}"
    return HttpResponse(status=200, headers=headers)


def _told(transfer: Transfer) -> HttpResponse:
    upload = transfer.upload
    return JsonResponse(
        {
            "offset": transfer.received,
            "size": transfer.size,
            "id": upload.pk if upload else None,
            "fate": upload.fate if upload else "",
            "reason": upload.reason if upload else "",
            "sha256": upload.sha256 if upload else "",
        }
    )


def _patch(request: HttpRequest, transfer: Transfer) -> HttpResponse:
    if request.content_type != BODY_TYPE:
        sentence = _("Send the bytes of the file as %(type)s.") % {"type": BODY_TYPE}
        raise Refusal(415, sentence)
    offset, length = _number(request, "Upload-Offset"), _length(request)
    if transfer.received == offset and length > transfer.size - offset:
        raise actions.TooMuchError(_("These are more bytes than the file was said to have. Begin it again."))
    transfer = _taken(request, transfer, offset)
    if transfer.is_whole:
        transfer = actions.finish_transfer(transfer=transfer)
    return HttpResponse(status=204, headers=_progress(transfer))


def _taken(request: HttpRequest, transfer: Transfer, offset: int) -> Transfer:
    checked = _checked(request)
    if checked is None:
        return actions.take_part(transfer=transfer, offset=offset, read=request.read)
    taken = actions.take_checked_part(
        transfer=transfer, offset=offset, read=checked.read, is_right=checked.is_right
    )
    if taken is None:
        raise Refusal(CHECKSUM_MISMATCH, _("These bytes were changed on their way. Send them again."))
    return taken


def _delete(transfer: Transfer, by: User) -> HttpResponse:
    actions.give_up_transfer(transfer=transfer, by=by)
    return HttpResponse(status=204)


def _check_not_expired(transfer: Transfer) -> None:
    if transfer.expires_at < timezone.now():
        raise actions.GoneError


def _progress(transfer: Transfer) -> dict[str, str]:
    headers = {"Upload-Offset": str(transfer.received)}
    if transfer.upload_id is None:
        headers["Upload-Expires"] = http_date(transfer.expires_at.timestamp())
    return headers


# --- What headers say ----------------------------------------------------------------------------------------
def _size(request: HttpRequest) -> int:
    if "Upload-Defer-Length" in request.headers:
        raise Refusal(400, _("Say at the beginning how long the file is, as Upload-Length."))
    return _number(request, "Upload-Length")


def _number(request: HttpRequest, name: str) -> int:
    said = request.headers.get(name, "")
    if not NUMBER.fullmatch(said):
        raise Refusal(400, _("The header %(name)s is missing or is no number of bytes.") % {"name": name})
    return int(said)


def _length(request: HttpRequest) -> int:
    said = str(request.META.get("CONTENT_LENGTH") or "")
    if not NUMBER.fullmatch(said):
        raise Refusal(411, _("Say how many bytes this request has, as Content-Length."))
    return int(said)


def metadata(header: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata header; raises `Refusal` where it is not as tus has it."""
    pairs: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _space, value = pair.strip().partition(" ")
        if not re.fullmatch(r"[!-~]+", key) or key in pairs:
            raise _unreadable_metadata()
        pairs[key] = _decoded(value)
    return pairs


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _unreadable_metadata() from error


def _unreadable_metadata() -> Refusal:
    return Refusal(400, _("The header Upload-Metadata is not a list of keys with values in base64."))


def _checked(request: HttpRequest) -> Checked | None:
    """The body with the checksum that the request announces for it; None where it announces none."""
    said = request.headers.get("Upload-Checksum", "")
    if not said:
        return None
    algorithm, _space, wanted = said.partition(" ")
    try:
        digest = base64.b64decode(wanted, validate=True)
    except binascii.Error:
        digest = b""
    if algorithm not in ALGORITHMS or not digest:
        known = ", ".join(ALGORITHMS)
        raise Refusal(400, _("The checksum is not readable. These are known: %(known)s.") % {"known": known})
    return Checked(request.read, ALGORITHMS[algorithm](), digest)


def asked_about(body: bytes, *, most: int) -> list[tuple[str, str]]:
    """The SHA-256 that a request asks about, each with its file's path or ""; raises `Refusal` where its body is not as
    documented."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    hashes, paths = (said.get("sha256"), said.get("path")) if isinstance(said, dict) else (None, None)
    if not isinstance(hashes, list) or len(hashes) > most or not all(map(_is_hash, hashes)):
        sentence = _("Send {“sha256”: […]} with at most %(most)d hashes in hexadecimal.")
        raise Refusal(400, sentence % {"most": most})
    paths = [""] * len(hashes) if paths is None else paths
    if (
        not isinstance(paths, list)
        or len(paths) != len(hashes)
        or not all(isinstance(path, str) for path in paths)
    ):
        raise Refusal(400, _("Send one path for each hash, or none at all."))
    return list(zip(hashes, paths, strict=True))


def _is_hash(said: object) -> bool:
    return isinstance(said, str) and re.fullmatch(r"[0-9a-f]{64}", said) is not None
