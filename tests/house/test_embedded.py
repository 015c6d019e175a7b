"""The embedded PostgreSQL: it starts, is shared, stops with its last user, and refuses plainly."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from readerstudy import embedded

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import sys
from pathlib import Path
from readerstudy import embedded
engine = embedded.hold(Path(sys.argv[1]), fast=True)
print(engine.url, flush=True)
sys.stdin.read()
"""


def holder(var: Path) -> subprocess.Popen[str]:
    """A process that uses the engine of `var` until its standard input closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(var)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_two_processes_share_one_server_and_the_last_one_stops_it(tmp_path: Path) -> None:
    var = tmp_path / "var"
    engine = embedded.engine(var)
    first, second = holder(var), holder(var)
    assert engine.is_running()
    leave(first)
    assert engine.is_running()
    leave(second)
    assert not engine.is_running()
    assert not list(engine.sockets.glob(".s.*"))
    embedded.remove(var)


def test_a_killed_user_leaves_a_server_that_the_next_one_takes_over(tmp_path: Path) -> None:
    var = tmp_path / "var"
    first = holder(var)
    first.kill()
    first.wait()
    leave(holder(var))
    assert not embedded.engine(var).is_running()
    embedded.remove(var)


def test_the_socket_is_for_its_owner_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    process = holder(var)
    engine = embedded.engine(var)
    assert engine.sockets.stat().st_mode & 0o077 == 0
    assert engine.data.stat().st_mode & 0o077 == 0
    leave(process)
    embedded.remove(var)


def test_a_very_long_folder_gets_a_short_socket(tmp_path: Path) -> None:
    engine = embedded.engine(tmp_path / ("long" * 40))
    assert len(str(engine.sockets)) < embedded.SOCKET_NAME_LIMIT


def test_a_folder_of_another_account_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(embedded.EngineError, match=rf"belongs to the account '{owner}'.*READERSTUDY_VAR"):
        embedded.hold(tmp_path)


def test_data_of_another_account_are_refused_in_one_sentence(tmp_path: Path) -> None:
    owner = pwd.getpwuid(os.geteuid())
    stranger = pwd.struct_passwd(("stranger", "x", owner.pw_uid + 12345, owner.pw_gid, "", "/", "/bin/false"))
    chosen = replace(embedded.engine(tmp_path), data=tmp_path / "postgres", account=stranger)
    chosen.data.mkdir()
    with pytest.raises(
        embedded.EngineError, match=rf"belongs to the account '{owner.pw_name}'.*READERSTUDY_VAR"
    ):
        embedded.prepare(tmp_path, chosen)


def test_a_closed_folder_stays_closed_and_roots_engine_lives_elsewhere(tmp_path: Path) -> None:
    var = tmp_path / "closed" / "var"
    var.mkdir(parents=True)
    var.parent.chmod(0o700)
    engine = embedded.engine(var)
    assert engine.data.parent.parent == (Path("/var/lib") if os.geteuid() == 0 else var.parent)
    leave(holder(var))
    assert var.parent.stat().st_mode & 0o077 == 0
    embedded.remove(var)
    assert engine.data.parent == var or not engine.data.parent.exists()
