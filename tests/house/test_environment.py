"""Settings from the environment: understood, or refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readerstudy import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("word", "value"), [("1", True), ("Yes", True), ("off", False), ("", True)])
def test_words_for_yes_and_no(monkeypatch: pytest.MonkeyPatch, word: str, value: bool) -> None:
    monkeypatch.setenv("X_FLAG", word)
    assert environment.boolean("X_FLAG", True) is value


def test_a_word_that_is_neither_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_FLAG", "maybe")
    with pytest.raises(environment.SettingError, match=r"X_FLAG is 'maybe'"):
        environment.boolean("X_FLAG", True)


def test_a_number_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_NUMBER", "ten")
    with pytest.raises(environment.SettingError, match="X_NUMBER"):
        environment.integer("X_NUMBER", 1)


def test_every_variable_that_is_read_is_documented_and_the_other_way_round() -> None:
    sources = [ROOT / "readerstudy/settings.py", ROOT / "readerstudy/providers/connections.py"]
    text = "\n".join(path.read_text() for path in sources)
    read = set(re.findall(r'(?:environment\.\w+|read)\(\s*"([A-Z_]+)"', text))
    documented = set(
        re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/reference/settings.md").read_text(), flags=re.M)
    )
    assert read == documented
