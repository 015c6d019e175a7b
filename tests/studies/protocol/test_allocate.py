"""`manage.py allocate` draws and checks from a file alone."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.studies.protocol.test_reading import SMALLEST

PAIRS = SMALLEST.replace("plan: crossed", "plan: crossed, outputs: pairs, seed: 4") + "cases: {count: 8}\n"


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(PAIRS)
    return path


def said(*arguments: object) -> str:
    out = io.StringIO()
    call_command("allocate", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_every_row_is_printed_and_the_seed_decides(protocol: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(said(protocol, "--readers", 3, "--csv"))))
    assert list(rows[0]) == ["reader", "period", "position", "case", "output_1_arm", "output_2_arm", "kind"]
    assert len(rows) == 3 * 8
    assert said(protocol, "--readers", 3) == said(protocol, "--readers", 3, "--seed", 4)
    assert said(protocol, "--readers", 3) != said(protocol, "--readers", 3, "--seed", 5)


def test_the_balance_is_printed_with_its_promises(protocol: Path) -> None:
    told = said(protocol, "--readers", 2, "--check")
    assert "difference between sides within reader and pair" in told
    assert "NO" not in told
    assert "reader," not in told


def test_a_plan_that_cannot_be_kept_is_refused_with_what_would_work(protocol: Path) -> None:
    protocol.write_text(PAIRS.replace("plan: crossed,", "plan: incomplete_blocks, readers_per_case: 3,"))
    with pytest.raises(CommandError, match="Numbers of cases that work nearby"):
        said(protocol, "--readers", 7)


def test_a_wrong_file_is_told_with_its_name_and_line(protocol: Path) -> None:
    protocol.write_text(PAIRS.replace("source: human", "source: robot"))
    with pytest.raises(CommandError, match=r"study\.yaml, line 5, arms\[2\]\.source"):
        said(protocol, "--readers", 2)
    with pytest.raises(CommandError, match="cannot be read"):
        said(protocol.with_name("absent.yaml"), "--readers", 2)
    protocol.write_text(PAIRS)
    with pytest.raises(CommandError, match="Add --readers"):
        said(protocol)


def test_broken_promises_make_the_command_fail(protocol: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from readerstudy.designs import sides

    monkeypatch.setattr(sides, "_turns", lambda total, *_purpose: [False] * total)
    with pytest.raises(CommandError, match="breaks its promise: difference between sides"):
        said(protocol, "--readers", 2, "--check")


def test_no_database_is_needed_and_the_exit_code_tells(protocol: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "READERSTUDY_VAR": str(tmp_path),
    }
    command = [sys.executable, "manage.py", "allocate", str(protocol), "--readers", "2"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("reader,period,position,case,")
