"""Bytes in Django's storage: what came in, under a random name until it is rendered; renditions, under their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

INCOMING = "incoming"
RENDITIONS = "renditions"
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measure:
    """How large some content is and its SHA-256; the hash is empty where the content is larger than allowed."""

    size: int
    sha256: str = ""


def measure(content: File[Any], *, most: int) -> Measure:
    """Reads the content once, stopping as soon as it is larger than `most` bytes."""
    digest, size = hashlib.sha256(), 0
    for piece in content.chunks(PIECE):
        size += len(piece)
        if size > most:
            return Measure(size=max(size, content.size))
        digest.update(piece)
    return Measure(size=size, sha256=digest.hexdigest())


def keep_incoming(content: File[Any]) -> str:
    """Stores what came in and returns its name, which says nothing about it."""
    content.seek(0)
    return default_storage.save(f"{INCOMING}/{uuid4().hex}", content)


def fetch_incoming(name: str, path: Path) -> None:
    """Copies stored bytes to a local file. Raises OSError where they are gone."""
    with default_storage.open(name) as source, path.open("wb") as target:
        for piece in source.chunks(PIECE):
            target.write(piece)


def forget_incoming(name: str) -> None:
    """Deletes what came in; a second call does nothing."""
    default_storage.delete(name)


def incoming_before(moment: datetime) -> Iterator[str]:
    """Names of everything that came in before `moment` and still lies there."""
    return _older_than(moment, INCOMING)


def renditions_before(moment: datetime, *, prefix: str) -> Iterator[str]:
    """Names of the clean files stored before `moment` whose hashes begin with these two digits."""
    return _older_than(moment, f"{RENDITIONS}/{prefix}")


def _older_than(moment: datetime, folder: str) -> Iterator[str]:
    with suppress(FileNotFoundError):
        for name in default_storage.listdir(folder)[1]:
            stored = f"{folder}/{name}"
            with suppress(FileNotFoundError):
                if default_storage.get_modified_time(stored) < moment:
                    yield stored


def forget_half_received(moment: datetime) -> None:
    """Deletes what a killed web process left of uploads in Django's temporary folder, if the settings name one."""
    folder: Path | str | None = getattr(settings, "FILE_UPLOAD_TEMP_DIR", None)
    if folder:
        for path in Path(folder).glob("*.upload*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment.timestamp():
                    path.unlink()


def keep_rendition(path: Path, *, sha256: str) -> str:
    """Stores a clean file under its hash and returns the name; the same bytes are kept once.

    A worker that died while writing leaves a shorter file under the hash; storage then finds another name.
    """
    name = f"{RENDITIONS}/{sha256[:2]}/{sha256}"
    if default_storage.exists(name) and default_storage.size(name) == path.stat().st_size:
        return name
    with path.open("rb") as content:
        return default_storage.save(name, File(content))


def has_rendition(name: str) -> bool:
    return bool(default_storage.exists(name))


def rendition_size(name: str) -> int:
    return int(default_storage.size(name))


def forget_rendition(name: str) -> None:
    """Deletes a clean file that no image uses any more; a second call does nothing."""
    default_storage.delete(name)


def open_rendition(name: str) -> File[Any]:
    return default_storage.open(name)


def read_rendition(name: str) -> bytes:
    with open_rendition(name) as content:
        return bytes(content.read())
