"""A whole installation as `make demo` starts it, seen from outside: its address, its mail, its output."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

from readerstudy.demo.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
FIRST_START_SECONDS = 600


@dataclass
class Demo:
    """`manage.py demo` in a folder of its own."""

    var: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    said: str = ""
    seconds: float = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def study(self) -> str:
        """The key of the demonstration study."""
        found = re.findall(r"study is ready: (\w+)", (self.var / "log" / "build.log").read_text())
        return str(found[-1])

    def reset(self) -> None:
        """Deletes it with its data, as `make demo-reset` does."""
        command = [sys.executable, "manage.py", "demo", "--reset"]
        subprocess.run(command, cwd=ROOT, env=self._environment(), check=True, stdout=subprocess.DEVNULL)

    def manage(self, *command: str, **environment: str) -> str:
        """Runs a command of this installation and returns what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self._environment() | environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def start(self) -> None:
        """Starts it and waits until it says that it is ready."""
        started, self.said = time.monotonic(), ""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(self.port)],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_for("Ctrl-C ends it", FIRST_START_SECONDS)
        self.seconds = time.monotonic() - started

    def stop(self) -> int:
        """Presses Ctrl-C and returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def kill(self, program: str) -> int:
        """Ends every process of that name at once, as a lack of memory would; returns how many there were."""
        killed = [pid for pid, command in self.processes().items() if program in command]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return len(killed)

    def end(self) -> int:
        """Waits until it has ended by itself and returns the exit code."""
        assert self.process is not None
        rest, _nothing = self.process.communicate(timeout=60)
        self.said += rest.decode()
        return self.process.returncode

    def run_another(self) -> subprocess.CompletedProcess[str]:
        """Tries to start a second one at the same port."""
        command = [sys.executable, "manage.py", "demo", "--port", str(self.port)]
        environment = self._environment() | {"READERSTUDY_VAR": f"{self.var}-other"}
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)

    def processes(self) -> dict[int, str]:
        """Process ids and command lines of everything on this machine that belongs to this installation."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
                own = (
                    str(self.var) in command
                    or f"READERSTUDY_VAR={self.var}" in (folder / "environ").read_text()
                )
            except OSError:
                continue
            if own and int(folder.name) != os.getpid():
                found[int(folder.name)] = command
        return found

    def mail_to(self, address: str) -> str:
        """The newest mail to an address, as the file backend wrote it."""
        files = sorted((self.var / "mail").glob("*"), key=lambda path: path.stat().st_mtime_ns)
        for path in reversed(files):
            for part in reversed(path.read_bytes().split(b"-" * 79)):
                message = message_from_bytes(part.strip())
                if message["To"] == address:
                    return str(message.get_payload(decode=True).decode())  # type: ignore[union-attr]
        raise AssertionError(f"No mail to {address}")

    def _environment(self) -> dict[str, str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DJANGO", "DATABASE", "REDIS"))
        }
        return {**kept, "READERSTUDY_VAR": str(self.var), "PYTHONUNBUFFERED": "1"}

    def _wait_for(self, words: str, seconds: float) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while words not in self.said:
            ready, _w, _x = select.select(
                [self.process.stdout], [], [], max(0.0, deadline - time.monotonic())
            )
            piece = os.read(self.process.stdout.fileno(), 65536).decode() if ready else ""
            self.said += piece
            assert piece, f"The demonstration did not start. It said:\n{self.said}"
