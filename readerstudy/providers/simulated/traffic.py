"""HTTP as the simulated vendor sees it: requests that have arrived in full, and what to send back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from readerstudy.providers.simulated.call import Rejected
from readerstudy.providers.simulated.ledger import Entry


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request that has arrived in full; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query, the last value of each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def key(self) -> str:
        """The API key, from whichever place its vendor's clients send it in."""
        sent = self.headers.get("authorization", "").removeprefix("Bearer ").strip()
        named = self.headers.get("x-goog-api-key", "") or self.headers.get("x-api-key", "")
        return sent or named or self.query.get("key", "")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Rejected: if it is not JSON.
        """
        try:
            return json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            raise Rejected(400, "invalid_json", "The body is not JSON.") from None


@dataclass(frozen=True, slots=True)
class Response:
    """What to send, and how: `way` is `whole`, or a transport scenario that spoils it."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    way: str = "whole"
    entry: Entry | None = None


def as_json(status: int, body: Any, *, headers: Mapping[str, str] | None = None, id_: str = "") -> Response:
    """A whole response in JSON, with the vendor's id of the call where it has one."""
    extra = {**(headers or {}), **({"x-request-id": id_} if id_ else {})}
    return Response(status, json.dumps(body).encode(), headers=extra)
