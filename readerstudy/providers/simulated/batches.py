"""OpenAI's files and batches: upload, create, look, cancel, fetch what came. Results come back out of order."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from readerstudy.providers.simulated import openai_wire
from readerstudy.providers.simulated.call import Call, Rejected
from readerstudy.providers.simulated.draw import share
from readerstudy.providers.simulated.traffic import Request, Response, as_json

if TYPE_CHECKING:
    from readerstudy.providers.simulated.config import Config

_FILES = re.compile(r"/v1/files(?:/(?P<id>[\w-]+)(?P<content>/content)?)?$")
_BATCHES = re.compile(r"/v1/batches(?:/(?P<id>[\w-]+)(?P<cancel>/cancel)?)?$")
_BOUNDARY = re.compile(r'boundary="?([^";]+)')
_ENDPOINT = "/v1/chat/completions"


class Model(Protocol):
    """What answers the lines."""

    config: Config

    async def complete_line(self, call: Call, attempt: str) -> tuple[int, dict[str, Any]]:
        """Status and body for one line."""
        ...

    def key_fits(self, request: Request) -> bool:
        """Whether a request carries the key that is accepted."""
        ...


@dataclass(slots=True)
class Batch:
    """A batch and the lines that are still to do."""

    number: int
    input_file: str
    lines: list[dict[str, Any]]
    metadata: Any
    created: float
    status: str = "in_progress"
    problem: str = ""
    completed: int = 0
    failed: int = 0
    files: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"batch_simulated{self.number}"

    def as_json(self) -> dict[str, Any]:
        """As the vendor shows it."""
        errors = {"object": "list", "data": [{"code": self.problem, "message": self.problem}]}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": _ENDPOINT,
            "completion_window": "24h",
            "created_at": 1_700_000_000 + self.number,
            "input_file_id": self.input_file,
            "status": self.status,
            "errors": errors if self.problem else None,
            "metadata": self.metadata,
            "output_file_id": self.files.get("output"),
            "error_file_id": self.files.get("error"),
            "request_counts": {"total": len(self.lines), "completed": self.completed, "failed": self.failed},
        }


class Batches:
    """All files and batches of a vendor. A batch does its work when somebody looks after its delay."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._numbers = 0
        self._files: dict[str, bytes] = {}
        self._batches: dict[str, Batch] = {}

    async def answer(self, request: Request) -> Response | None:
        """Answer a request about files or batches; None where it is about something else."""
        files, batches = _FILES.search(request.path), _BATCHES.search(request.path)
        if files is None and batches is None:
            return None
        if not self._model.key_fits(request):
            return as_json(401, openai_wire.error(401, "invalid_api_key", "Incorrect API key provided."))
        try:
            if files is not None:
                return self._file(request, files["id"] or "", is_content=bool(files["content"]))
            assert batches is not None  # noqa: S101 - one of both matched
            return as_json(
                200, await self._batch(request, batches["id"] or "", cancel=bool(batches["cancel"]))
            )
        except Rejected as rejected:
            return as_json(
                rejected.status, openai_wire.error(rejected.status, rejected.code, rejected.message)
            )

    def _file(self, request: Request, file_id: str, *, is_content: bool) -> Response:
        if request.method == "POST" and not file_id:
            return as_json(200, self._upload(request))
        if file_id not in self._files:
            raise Rejected(404, "not_found", "There is no such file.")
        if request.method == "DELETE":
            del self._files[file_id]
            return as_json(200, {"id": file_id, "object": "file", "deleted": True})
        if is_content:
            return Response(200, self._files[file_id], kind="application/octet-stream")
        return as_json(200, self._described(file_id))

    def _upload(self, request: Request) -> dict[str, Any]:
        fields = _form(request)
        if fields.get("purpose") != b"batch" or not fields.get("file"):
            raise Rejected(
                400, "invalid_request", "The form needs “purpose” batch and a “file” that is not empty."
            )
        return self._described(self._keep(fields["file"]))

    def _keep(self, data: bytes) -> str:
        self._numbers += 1
        file_id = f"file-simulated{self._numbers}"
        self._files[file_id] = data
        return file_id

    def _described(self, file_id: str) -> dict[str, Any]:
        size = len(self._files[file_id])
        return {
            "id": file_id,
            "object": "file",
            "bytes": size,
            "created_at": 1_700_000_000,
            "filename": "batch.jsonl",
            "purpose": "batch",
            "status": "processed",
        }

    async def _batch(self, request: Request, batch_id: str, *, cancel: bool) -> dict[str, Any]:
        if not batch_id:
            return self._create(request) if request.method == "POST" else self._listed()
        batch = self._batches.get(batch_id)
        if batch is None:
            raise Rejected(404, "not_found", "There is no such batch.")
        if cancel:
            self._cancel(batch)
        await self._work(batch)
        return batch.as_json()

    def _listed(self) -> dict[str, Any]:
        newest = [batch.as_json() for batch in reversed(self._batches.values())]
        return {"object": "list", "data": newest, "has_more": False}

    def _create(self, request: Request) -> dict[str, Any]:
        body = request.json()
        source = body.get("input_file_id") if isinstance(body, dict) else None
        if source not in self._files or body.get("endpoint") != _ENDPOINT:
            raise Rejected(400, "invalid_request", "The body needs a known “input_file_id” and “endpoint”.")
        number = len(self._batches) + 1
        batch = Batch(number, source, [], body.get("metadata"), time.monotonic())
        try:
            batch.lines = _lines(self._files[source])
        except ValueError as problem:
            batch.status, batch.problem = "failed", str(problem)
        self._batches[batch.id] = batch
        return batch.as_json()

    def _cancel(self, batch: Batch) -> None:
        if batch.status != "in_progress":
            raise Rejected(409, "invalid_state", "This batch has ended already.")
        self._finish(batch, "cancelled", [], [_undone(line, "batch_cancelled") for line in batch.lines])

    async def _work(self, batch: Batch) -> None:
        config = self._model.config
        if batch.status != "in_progress" or time.monotonic() - batch.created < config.batch_delay:
            return
        batch.status = "finalizing"  # nobody else begins with it meanwhile
        until = config.batch_expires_after or len(batch.lines)
        rows = [await self._row(line) for line in batch.lines[:until]]
        good = [row for row in rows if row["response"]["status_code"] == 200]
        bad = [row for row in rows if row["response"]["status_code"] != 200]
        bad += [_undone(line, "batch_expired") for line in batch.lines[until:]]
        self._finish(batch, "expired" if until < len(batch.lines) else "completed", good, bad)

    async def _row(self, line: dict[str, Any]) -> dict[str, Any]:
        custom = str(line["custom_id"])
        try:
            call = openai_wire.parse("", line["body"])
            status, body = await self._model.complete_line(call, custom)
        except Rejected as rejected:
            status, body = (
                rejected.status,
                openai_wire.error(rejected.status, rejected.code, rejected.message),
            )
        response = {"status_code": status, "request_id": f"sim-line-{custom}", "body": body}
        return {"id": f"batch_req_{custom}", "custom_id": custom, "response": response, "error": None}

    def _finish(
        self, batch: Batch, status: str, good: list[dict[str, Any]], bad: list[dict[str, Any]]
    ) -> None:
        batch.completed, batch.failed = len(good), len(bad)
        for name, rows in (("output", good), ("error", bad)):
            rows.sort(key=lambda row: share("order", row["custom_id"]))  # the vendor promises no order
            if rows:
                batch.files[name] = self._keep(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        batch.status = status


def _undone(line: dict[str, Any], code: str) -> dict[str, Any]:
    custom = str(line["custom_id"])
    told = {"code": code, "message": "This request was not carried out."}
    return {"id": f"batch_req_{custom}", "custom_id": custom, "response": None, "error": told}


def _lines(data: bytes) -> list[dict[str, Any]]:
    """The lines of an input file.

    Raises:
        ValueError: with the vendor's code for what is wrong.
    """
    try:
        lines = [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        raise ValueError("invalid_json_line") from None
    if any(
        not isinstance(line, dict) or "custom_id" not in line or line.get("url") != _ENDPOINT
        for line in lines
    ):
        raise ValueError("invalid_line")
    if len({line["custom_id"] for line in lines}) < len(lines):
        raise ValueError("duplicate_custom_id")
    if len({str(line.get("body", {}).get("model")) for line in lines}) != 1:
        raise ValueError("mismatched_model")
    return lines


def _form(request: Request) -> dict[str, bytes]:
    """The fields of a multipart form."""
    boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
    if boundary is None:
        raise Rejected(400, "invalid_request", "The body must be a form.")
    fields = {}
    for part in request.body.split(b"--" + boundary.group(1).encode()):
        head, _, content = part.partition(b"\r\n\r\n")
        if name := re.search(rb'name="([^"]+)"', head):
            fields[name.group(1).decode()] = content.removesuffix(b"\r\n")
    return fields
