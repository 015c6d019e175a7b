"""Which weights stand behind a name on an Ollama server: its own API lists their digests.

A name such as `llava:13b` is all that a reply says, and a newer pull keeps it. The digest makes the change visible.
"""

from __future__ import annotations

import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2

from readerstudy.providers.base import Connection
from readerstudy.providers.exchange import Exchange, send
from readerstudy.providers.fields import at, text_at

KEPT_SECONDS = 60.0
"""How long a listing counts; a worker makes many calls a minute, and weights change seldom."""

_SECONDS = 5.0
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")

_lock = threading.Lock()
_known: dict[str, tuple[float, dict[str, str]]] = {}


def named_with_weights(connection: Connection, base_url: str, model: str) -> str:
    """`model@sha256:…` where the server lists the model, else `model` as it is. Never fails: it is a remark."""
    digest = _listed(connection, base_url).get(_tagged(model), "")
    return f"{model}@sha256:{digest}" if digest and model else model


def _listed(connection: Connection, base_url: str) -> dict[str, str]:
    now = time.monotonic()
    with _lock:
        asked_at, digests = _known.get(base_url, (-KEPT_SECONDS, {}))
        if now - asked_at < KEPT_SECONDS:
            return digests
    digests = _digests(_ask(connection, base_url))
    with _lock:
        _known[base_url] = (now, digests)
    return digests


def forget() -> None:
    """Ask anew at the next call."""
    with _lock:
        _known.clear()


def _ask(connection: Connection, base_url: str) -> Any:
    exchange = Exchange(connection, base_url, seconds=_SECONDS)
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/").removesuffix("/v1")
    headers = {"Authorization": f"Bearer {connection.api_key}"}
    try:
        send(
            exchange,
            lambda: exchange.client.get(f"{parts.scheme}://{parts.netloc}{path}/api/tags", headers=headers),
        )
    except httpx2.HTTPError:
        return None
    return exchange.json if exchange.status == 200 else None


def _digests(body: Any) -> dict[str, str]:
    entries = at(body, "models")
    found = {}
    for entry in entries if isinstance(entries, list) else []:
        name = text_at(entry, "model") or text_at(entry, "name")
        if match := _DIGEST.fullmatch(text_at(entry, "digest")):
            found[_tagged(name)] = match.group(1)
    return found


def _tagged(model: str) -> str:
    """Ollama's full name: without a tag it means the latest."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"
