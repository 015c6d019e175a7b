"""Rendering files in a child process that may die: with bounds on memory, processor and wall time.

Hostile or damaged files can abort the interpreter from within a decoder, so no other process of ours ever
decodes one. A batch shares a child; when a file kills it, that file is refused and a fresh child goes on
behind it.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

import readerstudy
from readerstudy.imaging.asked import Asked
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.reasons import RefusalCode
from readerstudy.imaging.rendition import Outcome, Rendered, refused

_CHUNK = 1 << 16
_CHILD_MODULE = "readerstudy.imaging.child"
_BURIAL_SECONDS = 10
WARM_SECONDS = 30.0
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "COVERAGE_PROCESS_START")
_DEATHS: dict[int, RefusalCode] = {
    -signal.SIGXCPU: "took_too_long",
    -signal.SIGALRM: "took_too_long",
    -signal.SIGKILL: "too_much_memory",
}


class SandboxError(Exception):
    """Something on our side failed, not the file. The text is a sentence for the site's staff."""


def render_in_child(
    paths: Iterable[Path | tuple[Path, Asked]],
    out_root: Path,
    limits: Limits | None = None,
    asked: Asked | None = None,
    *,
    keep_warm: bool = False,
) -> Iterator[Outcome]:
    """Render each file in turn and yield its outcome, in the order of `paths`.

    A file comes as its path, or as its path with what its own study asks, which goes before `asked`. The rendition
    of file number n goes to `out_root/<n as 6 digits>`, which must not exist yet; a refused file leaves no folder.
    `paths` is read lazily. The child ends when the iterator is exhausted or closed, or, with `keep_warm`, a while later
    if no other call has taken it over. Raises SandboxError where the child cannot start, cannot open a file or cannot
    write.
    """
    bounds, of_all = limits or Limits(), asked or Asked()
    child: _Child | None = None
    try:
        for number, given in enumerate(paths):
            path, wish = given if isinstance(given, tuple) else (given, of_all)
            child = child or _warm.take(bounds) or _Child(bounds)
            yield child.render(path.absolute(), out_root.absolute() / f"{number:06d}", wish)
            if child.is_spent():
                child.close()
                child = None
        if child is not None and keep_warm:
            _warm.keep(child)
            child = None
    finally:
        if child is not None:
            child.close()


class _Silent(Exception):
    """The child did not answer in time."""


class _Gone(Exception):
    """The child ended without an answer."""


class _Child:
    """One decoding process and the conversation with it: one line of JSON each way for each file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._asked = 0
        self._buffer = b""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", _CHILD_MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=0,
            start_new_session=True,
        )
        try:
            self._ask(asdict(limits), limits.start_seconds)
        except (_Silent, _Gone):
            self.close()
            raise SandboxError(
                "The process that decodes images did not start. Check the installation and the machine's memory."
            ) from None

    def render(self, path: Path, folder: Path, asked: Asked) -> Outcome:
        """Have one file rendered. A child that dies over it or takes too long means that it is refused."""
        started = time.perf_counter()
        self._asked += 1
        request = {"path": str(path), "folder": str(folder), "asked": asdict(asked)}
        try:
            reply = self._ask(request, self._limits.wall_seconds + self._extra_seconds(path))
        except (_Silent, _Gone) as end:
            code = self._cause_of(end)
            shutil.rmtree(folder, ignore_errors=True)
            return refused(code, time.perf_counter() - started)
        return _outcome(reply, folder, time.perf_counter() - started)

    def _extra_seconds(self, path: Path) -> int:
        """The grace of a large file; none for one that is not there, which the child will say."""
        with suppress(OSError):
            return self._limits.extra_seconds(path.stat().st_size)
        return 0

    @property
    def limits(self) -> Limits:
        return self._limits

    def is_spent(self) -> bool:
        """Whether the child has ended or has rendered as many files as one child should."""
        return self._process.poll() is not None or self._asked >= self._limits.files_per_child

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            cast("IO[bytes]", pipe).close()

    def _cause_of(self, end: Exception) -> RefusalCode:
        """Why the child gave no answer. Ends it."""
        if isinstance(end, _Silent):
            self.close()
            return "took_too_long"
        try:
            self._process.wait(timeout=_BURIAL_SECONDS)
        except subprocess.TimeoutExpired:
            self.close()
            return "decoder_crashed"
        self.close()
        return _DEATHS.get(self._process.returncode, "decoder_crashed")

    def _ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        try:
            cast("IO[bytes]", self._process.stdin).write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            raise _Gone from None
        return cast("dict[str, Any]", json.loads(self._read_line(time.monotonic() + seconds)))

    def _read_line(self, deadline: float) -> bytes:
        replies = cast("IO[bytes]", self._process.stdout).fileno()
        poll = select.poll()
        poll.register(replies, select.POLLIN)
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise _Silent
            chunk = os.read(replies, _CHUNK)
            if not chunk:
                raise _Gone
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


class _Warm:
    """Children that wait for their next file, because starting one takes longer than most files do.

    They belong to the process that started them, end with it, and are not kept for more than `WARM_SECONDS`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._waiting: list[tuple[_Child, threading.Timer]] = []

    def take(self, limits: Limits) -> _Child | None:
        """One with these limits, if there is one that still lives."""
        with self._lock:
            if (
                self._owner != os.getpid()
            ):  # a fork has the parent's children in its memory, but not for itself
                self._owner, self._waiting = os.getpid(), []
            fitting = [pair for pair in self._waiting if pair[0].limits == limits]
            if not fitting:
                return None
            self._waiting.remove(fitting[-1])
        child, timer = fitting[-1]
        timer.cancel()
        if child.is_spent():
            child.close()
            return None
        return child

    def keep(self, child: _Child) -> None:
        timer = threading.Timer(WARM_SECONDS, self._let_go, [child])
        timer.daemon = True
        with self._lock:
            self._waiting.append((child, timer))
        timer.start()

    def end(self) -> None:
        """End them all."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for child, timer in waiting:
            timer.cancel()
            if self._owner == os.getpid():
                child.close()

    def _let_go(self, child: _Child) -> None:
        with self._lock:
            mine = [pair for pair in self._waiting if pair[0] is child]
            self._waiting = [pair for pair in self._waiting if pair[0] is not child]
        if mine:
            child.close()


_warm = _Warm()


def end_warm_children() -> None:
    """End every child that waits for a next call."""
    _warm.end()


atexit.register(end_warm_children)


def _environment() -> dict[str, str]:
    """The child's environment: none of our secrets, and no threads that would eat its address space."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    root = str(Path(next(iter(readerstudy.__path__))).parent)
    fixed = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return kept | fixed | {"PYTHONPATH": root}


def _outcome(reply: dict[str, Any], folder: Path, seconds: float) -> Outcome:
    if "refused" in reply:
        return refused(reply["refused"], seconds)
    if "meta" in reply:
        return Rendered(folder=folder, meta=reply["meta"], seconds=seconds)
    raise SandboxError(
        "An uploaded file could not be opened, or its rendition could not be written. "
        "Check the disk's free space and the folder's permissions."
    )
