"""The decoding process: reads one line of JSON for each file and answers with one.

Started by `readerstudy.imaging.sandbox` only. Its replies go to a descriptor of their own, so that nothing a
decoder prints can be taken for one.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from readerstudy.imaging.asked import Asked
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.rendition import Refused, render

_SPARE_SECONDS = 5  # the parent gives up first; this is for a child whose parent is gone


def main() -> None:
    """Answer until the parent closes its end."""
    replies = _silence()
    limits = Limits(**json.loads(sys.stdin.readline()))
    _bound_process(limits)
    _say(replies, {"ready": True})
    for line in sys.stdin:
        _say(replies, _answer(json.loads(line), limits))


def _silence() -> int:
    """Keep standard output for our replies and give decoders and the logging module none."""
    replies = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    logging.disable(logging.CRITICAL)
    return replies


def _bound_process(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.max_output_bytes, limits.max_output_bytes))
    ceiling = _address_space() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _answer(request: dict[str, Any], limits: Limits) -> dict[str, Any]:
    path, asked = Path(request["path"]), Asked(**request["asked"])
    try:
        _start_clocks(limits, path.stat().st_size)
        outcome = render(path, Path(request["folder"]), limits, asked)
    except OSError as error:
        return {"failed": error.errno}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if isinstance(outcome, Refused):
        return {"refused": outcome.code}
    return {"meta": outcome.meta}


def _start_clocks(limits: Limits, size: int) -> None:
    """Let the system end this process when the next file takes too long, by either clock."""
    used, extra = resource.getrusage(resource.RUSAGE_SELF), limits.extra_seconds(size)
    end = int(used.ru_utime + used.ru_stime) + limits.cpu_seconds + extra + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (end, hard))
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds + extra + _SPARE_SECONDS)


def _say(replies: int, message: dict[str, Any]) -> None:
    left = memoryview(json.dumps(message, allow_nan=False).encode() + b"\n")
    while left:
        left = left[os.write(replies, left) :]


if __name__ == "__main__":
    main()
