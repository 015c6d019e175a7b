"""A program that holds a token: it asks the API through the whole stack, as any client would."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from readerstudy.api.actions import make_token
from readerstudy.reading.actions import rate, submit_reading
from readerstudy.reading.models import Allocation
from readerstudy.reading.scales import Answer
from readerstudy.studies.models import Criterion, Membership, Role, Study

ROOT = "/api/v1/"
ANSWERS = (Answer(value="4", score=4.0), Answer(cannot_judge=True), Answer(value="2", score=2.0))


@dataclass(frozen=True)
class Sending:
    """The bytes and headers of a request that speaks tus."""

    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Program:
    """Sends `secret` with each request, or nothing at all where it has none."""

    secret: str = ""
    client: Client = field(default_factory=Client)

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(self._url(path), query, headers=self._headers())

    def post(self, path: str, body: Any = None) -> Any:
        """A body with files goes as a form, any other as JSON."""
        if isinstance(body, dict) and "file" in body:
            return self.client.post(self._url(path), body, headers=self._headers())
        text = b"" if body is None else json.dumps(body).encode()
        return self.client.post(
            self._url(path), text, content_type="application/json", headers=self._headers()
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        if isinstance(body, Sending):
            return self.send(method, path, body)
        return self.get(path) if method == "GET" else self.post(path, body)

    def send(self, method: str, path: str, sending: Sending) -> Any:
        """A request with headers of its own, as tus has them."""
        said = {**self._headers(), "Tus-Resumable": "1.0.0", **sending.headers}
        kind = "application/offset+octet-stream"
        return self.client.generic(method, self._url(path), sending.content, content_type=kind, headers=said)

    def _url(self, path: str) -> str:
        return path if path.startswith(("/", "http")) else ROOT + path

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}


def program_of(membership: Membership) -> Program:
    return Program(make_token(membership=membership, label="test", by=membership.user).secret)


def member_of(study: Study, role: Role) -> Membership:
    """The first member in this role."""
    members = Membership.objects.present().filter(study=study, role=role).select_related("user", "study")
    return members.order_by("pk")[0]


def coordinator_of(study: Study) -> Program:
    return program_of(member_of(study, Role.COORDINATOR))


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def sent(content: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def rate_some(study: Study, *, readings: int = 2) -> None:
    """The first reader rates and submits the first presentations: 4, “cannot judge”, 2, 4 …"""
    seat = Membership.objects.readers(study).select_related("study", "user")[0]
    criterion = Criterion.objects.of(study).get(key="correctness")
    for number, allocation in enumerate(Allocation.objects.of(seat)[:readings]):
        answer = ANSWERS[number % len(ANSWERS)]
        for output in allocation.outputs.select_related("allocation"):
            token = uuid.uuid4()
            rate(seat=seat, output=output, criterion=criterion, answer=answer, token=token, by=seat.user)
        submit_reading(seat=seat, allocation=allocation, criteria=[criterion], by=seat.user)
