"""Bytes that are longer than memory: pieces become one stored file, and stored files are read as one."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate
from typing import IO, Any
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile


class Chained(io.RawIOBase):
    """Stored files one behind the other, read as one file that never lies in memory or on a disk as a whole.

    `parts` are (name in storage, bytes) in order. Raises OSError where a part is gone or shorter than it should be.
    """

    def __init__(self, parts: Sequence[tuple[str, int]]) -> None:
        self._parts = list(parts)
        self._ends = list(accumulate(size for _name, size in self._parts))
        self._position = 0
        self._open: tuple[int, IO[bytes]] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        whole = self._ends[-1] if self._ends else 0
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: whole}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        number = bisect_right(self._ends, self._position)
        if number == len(self._parts):
            return 0
        rest = self._ends[number] - self._position
        piece = self._at(number).read(min(len(buffer), rest))
        if not piece:
            raise OSError("A stored part is shorter than it was.")
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _at(self, number: int) -> IO[bytes]:
        """The part of this number, open where the next byte lies."""
        if self._open is None or self._open[0] != number:
            self._let_go()
            self._open = (number, default_storage.open(self._parts[number][0]))
        part = self._open[1]
        begins = self._ends[number] - self._parts[number][1]
        if part.tell() != self._position - begins:
            part.seek(self._position - begins)
        return part

    def _let_go(self) -> None:
        if self._open is not None:
            self._open[1].close()
        self._open = None


def open_chained(parts: Sequence[tuple[str, int]]) -> File[bytes]:
    """The parts as one file that Django's storages and our own measuring can read."""
    whole: File[bytes] = File(io.BufferedReader(Chained(parts), buffer_size=1024 * 1024), name="whole")
    whole.size = sum(size for _name, size in parts)
    return whole


def store_pieces(folder: str, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Stores what `pieces` yields as one file under a random name in `folder`; returns the name and its bytes.

    The pieces go to a temporary file first, which file storage only renames and every other storage can read; so a
    storage never holds half a file. Nothing is stored where `pieces` yields nothing: the name is then empty.
    """
    with TemporaryUploadedFile("part", "", 0, None) as waiting:
        size = 0
        for piece in pieces:
            waiting.write(piece)
            size += len(piece)
        if not size:
            return "", 0
        waiting.flush()
        waiting.seek(0)
        waiting.size = size
        return default_storage.save(f"{folder}/{uuid4().hex}", waiting), size


def forget_stored(names: Iterable[str]) -> None:
    """Deletes stored files; one that is gone already is no harm."""
    for name in names:
        default_storage.delete(name)


def stored_before(folder: str, moment: datetime) -> Iterator[str]:
    """Names of everything in `folder` that was stored before `moment`."""
    with suppress(FileNotFoundError):
        for name in default_storage.listdir(folder)[1]:
            stored = f"{folder}/{name}"
            with suppress(FileNotFoundError):
                if default_storage.get_modified_time(stored) < moment:
                    yield stored
