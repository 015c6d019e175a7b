"""JSON Lines in, JSON Lines out: the body of a command that needs no study and no database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from readerstudy.providers.refusals.classify import classify
from readerstudy.providers.refusals.verdict import Label, Verdict


class LineProblem(ValueError):
    """A line that cannot be read; the text is a sentence with its number."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response to be judged. `finish_reason` None means that no completion came back."""

    id: str
    text: str
    finish_reason: str | None


def read_jsonl(lines: Iterable[str]) -> Iterator[Response]:
    """Read lines of `{"id", "text", "finish_reason"}`; blank lines are passed over.

    A missing `finish_reason` means that it is not known; null means that no completion came back.

    Raises:
        LineProblem: at the first line that is not such an object, or repeats an id.
    """
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        response = _response(line, number)
        if response.id in seen:
            raise LineProblem(
                f"Line {number} repeats the id of an earlier line. Give each response its own id."
            )
        seen.add(response.id)
        yield response


def classify_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One `{"id", "verdict", "declined", "signal", "evidence"}` for each line in, in the same order."""
    for response in read_jsonl(lines):
        yield {"id": response.id, **classify(response.text, response.finish_reason).as_dict()}


def _response(line: str, number: int) -> Response:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise LineProblem(f"Line {number} is not JSON. Each line must be one JSON object.") from None
    if not isinstance(value, dict) or "id" not in value or "text" not in value:
        raise LineProblem(f"Line {number} is not an object with “id” and “text”. Add what is missing.")
    if not isinstance(value["id"], str | int) or isinstance(value["id"], bool):
        raise LineProblem(f"“id” in line {number} must be text or a number.")
    text, reason = value["text"], value.get("finish_reason", "")
    if not isinstance(text, str | None) or not isinstance(reason, str | None):
        raise LineProblem(f"“text” and “finish_reason” in line {number} must be text or null.")
    return Response(id=str(value["id"]), text=text or "", finish_reason=reason)


__all__ = ["Label", "LineProblem", "Response", "Verdict", "classify_lines", "read_jsonl"]
