"""How often the verdicts are right, on responses that somebody labelled."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from readerstudy.providers.refusals import DECLINED, Label, classify, classify_lines, read_jsonl
from readerstudy.providers.refusals.verdict import RATEABLE
from readerstudy.providers.stops import KNOWN_STOPS

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Score:
    """Shares from 0 to 1, and two counts of what must not happen."""

    accuracy: float
    declined_f1: float
    answers_called_declined: int
    unusable_called_declined: int


def score(name: str) -> Score:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    true = [Label(label) for label in labels_of(lines)]
    said = [Label(row["verdict"]) for row in classify_lines(lines)]
    pairs = list(zip(true, said, strict=True))
    both = sum(gold in DECLINED and label in DECLINED for gold, label in pairs)
    either = sum(gold in DECLINED for gold in true) + sum(label in DECLINED for label in said)
    answers = RATEABLE - {Label.PARTIAL_REFUSAL}
    unusable = {Label.EMPTY, Label.TRUNCATED, Label.ERROR, Label.OFF_TASK}
    return Score(
        accuracy=sum(gold == label for gold, label in pairs) / len(pairs),
        declined_f1=2 * both / either,
        answers_called_declined=sum(gold in answers and label in DECLINED for gold, label in pairs),
        unusable_called_declined=sum(gold in unusable and label in DECLINED for gold, label in pairs),
    )


def labels_of(lines: list[str]) -> list[str]:
    return [json.loads(line)["label"] for line in lines]


@pytest.mark.parametrize(("name", "lines"), [("labelled_dev.jsonl", 100), ("written_responses.jsonl", 782)])
def test_the_verdicts_keep_above_the_bars(name: str, lines: int) -> None:
    assert sum(1 for _ in read_jsonl((DATA / name).open(encoding="utf-8"))) == lines
    found = score(name)
    assert found.declined_f1 >= 0.97
    assert found.accuracy >= 0.95
    assert found.answers_called_declined == 0
    assert found.unusable_called_declined <= 1


@pytest.mark.parametrize(
    ("name", "lines", "accuracy", "declined_f1"),
    [
        ("fresh_responses.jsonl", 240, 0.97, 0.97),
        ("second_responses.jsonl", 40, 0.92, 0.92),
        ("sealed_responses.jsonl", 120, 0.94, 0.95),
    ],
)
def test_the_verdicts_hold_on_later_responses(
    name: str, lines: int, accuracy: float, declined_f1: float
) -> None:
    assert sum(1 for _ in read_jsonl((DATA / name).open(encoding="utf-8"))) == lines
    found = score(name)
    assert found.accuracy >= accuracy
    assert found.declined_f1 >= declined_f1
    assert found.answers_called_declined == 0


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ar", "zh"])
def test_no_language_falls_behind(language: str) -> None:
    names = ("fresh_responses.jsonl", "sealed_responses.jsonl")
    lines = [line for name in names for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    own = [line for line in lines if json.loads(line)["id"].startswith(f"{language}-")]
    assert len(own) == 60
    said = [row["verdict"] for row in classify_lines(own)]
    assert sum(label == wanted for label, wanted in zip(said, labels_of(own), strict=True)) >= 56


def test_what_the_rules_are_sure_of_is_more_often_right() -> None:
    """Or a judging model would be asked about the wrong ones."""
    right: dict[bool, list[bool]] = {True: [], False: []}
    for path in sorted(DATA.glob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            found = classify(row["text"], row["finish_reason"])
            right[found.is_sure].append(found.verdict == row["label"])
    unsure, sure = right[False], right[True]
    assert len(unsure) < 0.25 * len(sure)
    assert unsure.count(False) / len(unsure) > 4 * sure.count(False) / len(sure)


CHANGES: dict[str, Callable[[str], str]] = {
    "typographic quotes": lambda text: text.replace("'", "’"),
    "zero-width characters": lambda text: re.sub(r"(\w{3})", "\\1\u200b", text),
    "bold": lambda text: "\n".join(f"**{line}**" if line else "" for line in text.split("\n")),
    "a heading": lambda text: f"## Response\n\n{text}",
    "capitals": str.upper,
    "small letters": str.lower,
    "hard spaces": lambda text: text.replace(" ", "\u00a0"),
    "a fence": lambda text: f"```\n{text}\n```",
    "JSON": lambda text: json.dumps({"response": text}, ensure_ascii=False),
    "escaped JSON": lambda text: json.dumps({"response": text}),
    "JSON with a preamble": lambda text: "Here it is:\n" + json.dumps({"response": text}),
    "a preamble": lambda text: f"Sure! {text}",
    "a line between sentences": lambda text: text.replace(". ", ".\n\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_dress_does_not_change_a_verdict(change: str) -> None:
    lines = (DATA / "fresh_responses.jsonl").read_text(encoding="utf-8").splitlines()
    plain = [row for row in map(json.loads, lines) if row["text"].strip() and not row["text"].startswith("{")]
    plain = [row for row in plain if KNOWN_STOPS.get((row["finish_reason"] or "").casefold()) == "answered"]
    plain = [row for row in plain if row["label"] != "empty"]
    assert len(plain) > 180
    moved = [
        row["id"]
        for row in plain
        if classify(row["text"], "stop").verdict != classify(CHANGES[change](row["text"]), "stop").verdict
    ]
    assert not moved
