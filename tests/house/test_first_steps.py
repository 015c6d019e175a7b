"""What a newcomer meets first: the Makefile's sentences and the README's pictures."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ('case "$2" in *version_info*) exit 1;; esac', "readerstudy needs Python 3.11 or newer"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt-get install python3-venv"),
    ],
)
def test_an_unfit_python_is_said_in_one_sentence(tmp_path: Path, python: str, sentence: str) -> None:
    for name in ("Makefile", "requirements-uv.txt", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    unfit = tmp_path / "python"
    unfit.write_text(f"#!/bin/sh\n{python}\n")
    unfit.chmod(0o755)
    command = ["make", "env", f"PYTHON={unfit}"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=tmp_path, env=alone, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[0]
    assert not (tmp_path / ".venv").exists()


def test_every_picture_of_the_readme_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert len(shown) == 3
    assert [path for path in shown if not (ROOT / path).exists()] == []


def test_the_documentation_has_a_picture_of_every_page_at_both_sizes() -> None:
    tests = (ROOT / "tests/journeys/test_every_page.py").read_text()
    names = set(re.findall(r'^    \("([a-z-]+)", "', tests, flags=re.M))
    names |= set(re.findall(r'photograph\(pictures, "([a-z-]+)"', tests))
    assert len(names) > 40
    folder = ROOT / "docs/screenshots"
    missing = [
        name for name in names for width in (1366, 768) if not list(folder.glob(f"{name}-{width}-*.png"))
    ]
    assert missing == []
