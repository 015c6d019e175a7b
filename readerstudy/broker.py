"""Celery's broker of files in folders, with messages that are whole or not there at all.

Kombu's own transport creates a message's file in the folder that consumers read and fills it afterwards. A consumer
that looks in between takes an empty file, fails to parse it, and its whole worker ends (seen: 2 in 4,000 messages with
four writers). Here every file is written under a name that no consumer looks for and renamed, which POSIX does in one
step; the same holds for the tables that say which queue belongs to which exchange.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

import kombu.transport
from kombu.transport import filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Kombu's channel with every write made in one step."""

    def _put(self, queue: str, message: Any, **_options: Any) -> None:  # type: ignore[override]  # stubs disagree
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, message)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder, taken = Path(self.data_folder_in), Path(self.processed_folder)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                os.rename(folder / name, taken / name)
            except FileNotFoundError:
                continue  # another consumer took it
            content = (taken / name).read_bytes()
            if not self.store_processed:
                (taken / name).unlink()
            return loads(bytes_to_str(content))
        raise Empty

    def get_table(self, exchange: str) -> list[tuple[str, str, str]]:  # type: ignore[override]  # stubs disagree
        try:
            content = self._table(exchange).read_bytes()
        except FileNotFoundError:
            return []
        return [filesystem.exchange_queue_t(*row) for row in loads(bytes_to_str(content))]

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        wanted = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._tables_held():
            table = self.get_table(exchange)
            if wanted not in table:
                _write_whole(self._table(exchange), [wanted, *table])

    def _table(self, exchange: str) -> Path:
        path: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # newer than kombu's stubs
        return path

    @contextmanager
    def _tables_held(self) -> Iterator[None]:
        folder = os.open(self.control_folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


class Transport(filesystem.Transport):
    """The transport that `filesystem://` stands for once `use_whole_messages` was called."""

    Channel = Channel


def use_whole_messages() -> None:
    """Makes `filesystem://` mean this transport; call it before the first connection."""
    kombu.transport.TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"


def _write_whole(path: Path, content: Any) -> None:
    """Writes under a hidden name, which no consumer looks for, and renames."""
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")
    partial.write_bytes(str_to_bytes(dumps(content)))
    os.replace(partial, path)
