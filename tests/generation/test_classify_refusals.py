"""The command that judges responses without a study or a database."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

LINES = [
    {"id": "a", "text": "The heart is enlarged. Small left pleural effusion.", "finish_reason": "stop"},
    {
        "id": "b",
        "text": "I'm sorry, but I can't help with interpreting medical images.",
        "finish_reason": "stop",
    },
    {"id": "c", "text": "", "finish_reason": "SAFETY"},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES))
    return path


def judged(text: str) -> list[tuple[str, str, bool]]:
    rows = [json.loads(line) for line in text.splitlines()]
    assert all(set(row) == {"id", "verdict", "declined", "signal", "evidence"} for row in rows)
    return [(row["id"], row["verdict"], row["declined"]) for row in rows]


WANTED = [("a", "answer", False), ("b", "full_refusal", True), ("c", "safety_block", True)]


def test_each_line_gets_its_verdict_without_a_database(source: Path) -> None:
    out = io.StringIO()
    call_command("classify_refusals", str(source), stdout=out)
    assert judged(out.getvalue()) == WANTED


def test_the_verdicts_go_to_a_file_if_asked(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    call_command("classify_refusals", str(source), out=target)
    assert judged(target.read_text()) == WANTED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not json\n", "Line 1 is not JSON"),
        (b'{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n', "Line 2 repeats the id"),
        (b'{"id": true, "text": "a"}\n', "line 1 must be text or a number"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("classify_refusals", str(path), stdout=io.StringIO())


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("classify_refusals", str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("asks_for_file", [True, False])
def test_one_bad_line_leaves_no_half_output(tmp_path: Path, asks_for_file: bool) -> None:
    path, target, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl", io.StringIO()
    path.write_text("\n".join([*map(json.dumps, LINES), "{"]))
    with pytest.raises(CommandError, match="Line 4 is not JSON"):
        call_command("classify_refusals", str(path), stdout=out, out=target if asks_for_file else None)
    assert not target.exists()
    assert not out.getvalue()


def test_half_a_surrogate_pair_is_written_in_a_form_that_can_be_read_again(tmp_path: Path) -> None:
    path, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text(
        '{"id": "a", "text": "I can\'t interpret this \\ud800 image.", "finish_reason": "stop"}\n'
    )
    call_command("classify_refusals", str(path), out=target)
    assert judged(target.read_text()) == [("a", "full_refusal", True)]


def test_standard_input_is_read_and_no_engine_is_started(tmp_path: Path) -> None:
    """From a shell, with no database address and a folder in which an engine would leave its traces."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    said = subprocess.run(
        [sys.executable, "manage.py", "classify_refusals", "-"],
        cwd=settings.BASE_DIR,
        env={**environment, "READERSTUDY_VAR": str(tmp_path / "var")},
        input="\n".join(map(json.dumps, LINES)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert judged(said.stdout) == WANTED
    assert not [path for path in (tmp_path / "var").rglob("*") if path.name.startswith(("PG_", "postgres"))]
