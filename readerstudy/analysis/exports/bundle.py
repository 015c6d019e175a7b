"""Many files as one zip, streamed: nothing is kept, and the same files give the same bytes."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from readerstudy.analysis.exports.tables import Source

Chunks = Callable[[Source], Iterator[bytes]]
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
UNIX, READABLE = 3, 0o644
PORTION = 1 << 18


@dataclass(frozen=True)
class File:
    """One file to take away: its name, one sentence that says what it is for, its group, and its bytes in portions."""

    name: str
    purpose: str | Promise
    group: str
    mime: str
    chunks: Chunks


@dataclass(frozen=True)
class Packed:
    """What went into a zip."""

    name: str
    size: int
    sha256: str


class _Sink:
    """What a zip writes to where nobody can go back: the bytes wait here until they are sent."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do: bytes are taken as soon as there are enough."""

    def take(self, least: int = 0) -> bytes:
        """What has been written so far, if it is at least so much."""
        if sum(map(len, self.waiting)) < least:
            return b""
        taken, self.waiting = b"".join(self.waiting), []
        return taken


def zipped(source: Source, files: Sequence[File], *, told: dict[str, Any] | None = None) -> Iterator[bytes]:
    """The files as a zip; every entry has the same fixed time, so that the archive is that of its contents alone.

    With `told` it also has `manifest.json`, which names each file with its SHA-256 and holds `told`, and `SHA256SUMS`.
    """
    sink, packed = _Sink(), list[Packed]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # needs write alone
        for file in files:
            yield from _pack(archive, sink, packed, file.name, file.chunks(source))
        for name, content in _lists(packed, told) if told is not None else ():
            yield from _pack(archive, sink, packed, name, iter([content]))
    yield sink.take()


def _lists(packed: Sequence[Packed], told: dict[str, Any]) -> list[tuple[str, bytes]]:
    """The manifest, and the checksums in the form of `sha256sum`, those of the manifest included."""
    manifest = {**told, "files": [vars(each) for each in packed]}
    text = (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    own = Packed("manifest.json", len(text), hashlib.sha256(text).hexdigest())
    sums = "".join(f"{each.sha256}  {each.name}\n" for each in (*packed, own))
    return [(own.name, text), ("SHA256SUMS", sums.encode())]


def _pack(
    archive: zipfile.ZipFile, sink: _Sink, packed: list[Packed], name: str, chunks: Iterator[bytes]
) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    with archive.open(entry_of(name), "w", force_zip64=True) as entry:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            entry.write(chunk)
            if ready := sink.take(PORTION):
                yield ready
    packed.append(Packed(name, size, digest.hexdigest()))


def entry_of(name: str) -> zipfile.ZipInfo:
    """An entry with the same fixed time for all."""
    entry = zipfile.ZipInfo(name, FIRST_DAY)
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, UNIX, READABLE << 16
    return entry
