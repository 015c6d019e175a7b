"""The process that reads Parquet and Arrow files: one question on its input, JSON lines on its output, then it ends.

Started by `readerstudy.providers.tables` only. The first line names the columns, the others are rows; a last line
`{"refused": …}` takes everything before it back.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROWS_AT_ONCE = 64
DEEPEST_TYPE = 4
LONGEST_FOOTER_STRING = 10_000_000
MOST_FOOTER_PARTS = 1_000_000
STREAM_START = b"\xff\xff\xff\xff"


class _Refused(Exception):
    """The file is more than the limits allow."""


def main() -> None:
    """Answer one question."""
    replies = _silence()
    asked = json.loads(sys.stdin.read())
    limits = asked["limits"]
    _bound_process(limits)
    out = os.fdopen(replies, "w", encoding="utf-8")
    try:
        for line in _answer(Path(asked["path"]), asked["columns"], limits):
            out.write(line)
    except _Refused:
        out.write(_json({"refused": "too_much"}))
    except MemoryError:
        out.write(_json({"refused": "too_large"}))
    except Exception as error:  # noqa: BLE001  whatever a damaged file does to the library, it is damaged
        out.write(
            _json({"refused": "too_large" if "memory" in type(error).__name__.lower() else "unreadable"})
        )
    out.flush()


def _silence() -> int:
    """Keep standard output for our replies and give libraries none."""
    replies = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    logging.disable(logging.CRITICAL)
    return replies


def _bound_process(limits: dict[str, Any]) -> None:
    importlib.import_module("pyarrow")  # its own size does not count

    size = int(limits["answer_bytes"]) + 1_000_000
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (int(limits["cpu_seconds"]),) * 2)
    ceiling = _address_space() + int(limits["memory_bytes"])
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _answer(path: Path, columns: Sequence[str], limits: dict[str, Any]) -> Iterator[str]:
    """The columns, then the rows of `columns` where some are named."""
    written = 0
    for line in _told(path, columns, limits):
        written += len(line)
        if written > limits["answer_bytes"]:
            raise _Refused
        yield line


def _told(path: Path, columns: Sequence[str], limits: dict[str, Any]) -> Iterator[str]:
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    schema, batches = (_parquet if is_parquet else _arrow)(path, columns, limits)
    if len(schema) > limits["columns"]:
        raise _Refused
    usable = [field.name for field in schema if _is_plain(field.type)]
    yield _json({"columns": usable, "ignored": [name for name in schema.names if name not in usable]})
    rows = 0
    for batch in batches if columns else ():
        batch.validate(full=True)
        rows += batch.num_rows
        if rows > limits["rows"]:
            raise _Refused
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            for row in batch.slice(start, ROWS_AT_ONCE).to_pylist():
                yield _json({name: row[name] for name in columns})


def _parquet(path: Path, columns: Sequence[str], limits: dict[str, Any]) -> tuple[Any, Iterator[Any]]:
    parquet = importlib.import_module("pyarrow.parquet")

    file = parquet.ParquetFile(
        path,
        memory_map=False,
        thrift_string_size_limit=LONGEST_FOOTER_STRING,
        thrift_container_size_limit=MOST_FOOTER_PARTS,
    )
    if file.metadata.num_rows > limits["rows"] or file.metadata.num_row_groups > limits["groups"]:
        raise _Refused
    batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(columns), use_threads=False)
    return file.schema_arrow, batches


def _arrow(path: Path, columns: Sequence[str], limits: dict[str, Any]) -> tuple[Any, Iterator[Any]]:
    """A file or a stream of Arrow IPC; Feather is such a file."""
    ipc = importlib.import_module("pyarrow.ipc")

    options = ipc.IpcReadOptions(use_threads=False)
    with path.open("rb") as opened:
        head = opened.read(4)
    if head == STREAM_START:
        stream = ipc.open_stream(path.open("rb"), options=options)
        return stream.schema, _streamed(stream, columns, limits)
    source = ipc.open_file(path.open("rb"), options=options)
    if source.num_record_batches > limits["groups"]:
        raise _Refused
    return source.schema, (
        source.get_batch(number).select(list(columns)) for number in range(source.num_record_batches)
    )


def _streamed(stream: Any, columns: Sequence[str], limits: dict[str, Any]) -> Iterator[Any]:
    for number, batch in enumerate(stream):
        if number >= limits["groups"]:
            raise _Refused
        yield batch.select(list(columns))


def _is_plain(kind: Any, depth: int = 0) -> bool:
    """Whether a column holds words, numbers, or (for boxes) lists and records of them; bytes and images are none."""
    types = importlib.import_module("pyarrow.types")

    if types.is_dictionary(kind):
        return _is_plain(kind.value_type, depth + 1)
    if types.is_struct(kind):
        return depth < DEEPEST_TYPE and all(
            _is_plain(kind.field(at).type, depth + 1) for at in range(kind.num_fields)
        )
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return depth < DEEPEST_TYPE and _is_plain(kind.value_type, depth + 1)
    is_words = types.is_string(kind) or types.is_large_string(kind)
    return bool(
        is_words
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
    )


def _json(value: Any) -> str:
    return json.dumps(value, default=str) + "\n"


if __name__ == "__main__":
    main()
