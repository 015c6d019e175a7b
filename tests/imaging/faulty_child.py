"""A decoding child whose decoders fail in every way a real one can, as the file's first bytes command."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from readerstudy.imaging import child
from readerstudy.imaging.asked import Asked
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.rendition import Outcome, render


def misbehave(path: Path, folder: Path, limits: Limits | None = None, asked: Asked | None = None) -> Outcome:
    command = path.read_bytes()[:8]
    if command != b"\x89PNG\r\n\x1a\n":
        folder.mkdir(parents=True)
        (folder / "full-0000.png").write_bytes(b"half a file")
    if command.startswith(b"ABORT"):
        os.abort()
    if command.startswith(b"EXIT"):
        os._exit(0)
    if command.startswith(b"KILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    if command.startswith(b"HANG"):
        signal.pause()
    if command.startswith(b"SPIN"):
        signal.raise_signal(signal.SIGXCPU)
    if command.startswith(b"CHATTER"):
        os.write(1, b'{"refused": "empty"}\n')
        os.abort()
    if command.startswith(b"FULL"):
        raise OSError(errno.ENOSPC, "no space")
    return render(path, folder, limits, asked)


if __name__ == "__main__":
    vars(child)["render"] = misbehave
    child.main()
