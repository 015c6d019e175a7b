"""How often the verdicts are right, on responses that somebody labelled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from readerstudy.providers.refusals import DECLINED, Label, classify_lines, read_jsonl
from readerstudy.providers.refusals.verdict import RATEABLE

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
