"""Parquet and Arrow files, read in a child process that may die: hostile files can abort the interpreter or blow up.

pyarrow is an optional extra and is imported by the child alone. The child gets the file on a descriptor and answers in
JSON lines into a file of bounded size; memory, processor and wall time are bounded by the system.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import readerstudy

ENDINGS = ("parquet", "arrow", "feather", "ipc")
EXTRA = "readerstudy[parquet]"

_CHILD_MODULE = "readerstudy.providers.tables_child"
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "COVERAGE_PROCESS_START")
_QUIET = {
    "LANG": "C.UTF-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "ARROW_IO_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


@dataclass(frozen=True, slots=True)
class TableLimits:
    """Bounds for one file. `answer_bytes` is the size of all wanted columns as JSON; times are in seconds."""

    rows: int = 100_000
    groups: int = 10_000
    columns: int = 1_000
    answer_bytes: int = 200_000_000
    memory_bytes: int = 1_500_000_000
    cpu_seconds: int = 60
    wall_seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class Table:
    """The wanted columns of a file, one dictionary a row; `ignored` names the columns that nothing was read of."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    ignored: tuple[str, ...] = ()


class TableError(Exception):
    """The file cannot be read; the text is a sentence that says why and what to do."""


_SENTENCES = {
    "unreadable": "This is not a Parquet or Arrow file, or it is damaged. Save it anew, or as .jsonl.",
    "too_much": "This file holds more than an import takes: at most {rows:,} rows, and 200 MB of text. Split it.",
    "too_large": "This file needs too much memory or time to be read. Split it, or save it as .jsonl.",
}


def read_table(
    data: bytes,
    *,
    wanted: Callable[[Sequence[str]], Sequence[str]],
    limits: TableLimits | None = None,
) -> Table:
    """Read the columns that `wanted` chooses among the names of the file's columns.

    Columns of bytes, embedded images and other nested types are never read and count as ignored.

    Raises:
        TableError: where the file cannot be read, is larger than `limits` allow, or the extra is not installed.
    """
    if find_spec("pyarrow") is None:
        raise TableError(
            f"Parquet and Arrow files need the extra “{EXTRA}”. Ask the site’s staff to install it, or save the "
            "outputs as .csv or .jsonl."
        )
    bounds = limits or TableLimits()
    with tempfile.TemporaryDirectory(prefix="readerstudy-") as folder:
        source = Path(folder) / "table"
        source.write_bytes(data)
        names = _ask(source, [], bounds)
        usable, ignored = tuple(names[0]["columns"]), tuple(names[0]["ignored"])
        chosen = tuple(name for name in wanted(usable) if name in usable)
        rows = tuple(_ask(source, chosen, bounds)[1:]) if chosen else ()
    left = (*(name for name in usable if name not in chosen), *ignored)
    return Table(columns=chosen, rows=rows, ignored=left)


def _ask(source: Path, columns: Sequence[str], limits: TableLimits) -> list[Any]:
    """What the child says of the file: its columns first, then one line for each row of `columns`."""
    question = {"path": str(source), "columns": list(columns), "limits": _plain(limits)}
    with tempfile.TemporaryFile() as answer:
        code = _run(json.dumps(question), answer, limits)
        answer.seek(0)
        lines = list(_lines(answer)) if code == 0 else []
    if code == 0 and lines and "refused" not in lines[-1]:
        return lines
    reason = lines[-1]["refused"] if lines else "unreadable" if code == 1 else "too_large"
    raise TableError(_SENTENCES[reason].format(rows=limits.rows))


def _run(question: str, answer: IO[bytes], limits: TableLimits) -> int:
    child = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", _CHILD_MODULE],
        stdin=subprocess.PIPE,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        child.communicate(question.encode(), timeout=limits.wall_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return -signal.SIGKILL
    return child.returncode


def _lines(answer: IO[bytes]) -> Iterator[Any]:
    for line in answer:
        yield json.loads(line)


def _plain(limits: TableLimits) -> dict[str, float]:
    return {name: getattr(limits, name) for name in TableLimits.__dataclass_fields__}


def _environment() -> dict[str, str]:
    """None of our secrets, and no threads that would eat the child's address space."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    root = str(Path(next(iter(readerstudy.__path__))).parent)
    return kept | _QUIET | {"PYTHONPATH": root}
