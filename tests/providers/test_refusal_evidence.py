"""Evidence is a piece of the response as it came; hostile texts cost no more than their length."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.providers.refusals import classify
from readerstudy.providers.refusals.classify import LONGEST_READ
from readerstudy.providers.refusals.evidence import LONGEST_EVIDENCE, quote_from

DATA = Path(__file__).parent / "data"


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=400))
def test_evidence_is_a_piece_of_any_text(text: str) -> None:
    found = classify(text, "stop")
    assert found.evidence in text
    assert len(found.evidence) <= LONGEST_EVIDENCE


PIECES = [
    "I can’t\u200b interpret",
    "**No** pneumothorax.",
    "&amp;",
    "e\u0301",
    "ﬁbrosis",
    "ß",
    "我无法解读",
    "لا أستطيع",
    "{",
    "}",
    '"a":',
    "\n",
    "\\u2019",
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_evidence_is_a_piece_of_texts_that_tidying_changes(text: str) -> None:
    assert classify(text, "stop").evidence in text


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=12), st.text(max_size=60), max_size=4), st.booleans())
def test_evidence_is_a_piece_of_any_json(fields: dict[str, str], escaped: bool) -> None:
    text = json.dumps(fields, ensure_ascii=escaped)
    assert classify(text, "stop").evidence in text


def test_evidence_is_a_piece_of_every_labelled_response() -> None:
    for path in DATA.glob("*.jsonl"):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            found = classify(row["text"], row["finish_reason"])
            assert found.evidence in row["text"] or found.evidence == row["finish_reason"], row["id"]


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Hm. I **can’t** interpret\u200b this scan! Sorry.", "I **can’t** interpret\u200b this scan!"),
        ('{"class": "real", "diagnosis": "declined"}', 'diagnosis": "declined'),
        ('{"finding": "lung nodule", "diagnosis": null}', "diagnosis"),
        ("Je ne peux pas interpréter cette image.", "Je ne peux pas interpréter cette image."),
    ],
)
def test_evidence_is_quoted_as_it_stood(text: str, evidence: str) -> None:
    assert classify(text, "stop").evidence == evidence


def test_words_that_are_not_found_again_give_the_field_or_the_beginning() -> None:
    assert quote_from('{"diagnosis": "\\u9a8c"}', "验", "diagnosis") == "diagnosis"
    assert quote_from("  Something else", "验") == "Something else"


HOSTILE: dict[str, Callable[[int], str]] = {
    "speakers without a verb": lambda n: f"I{n} would not q{n} my ",
    "openings that never close": lambda n: f"while although q{n} ",
    "negations": lambda n: f"no {n} ",
    "braces": lambda n: f"q{n}:{{",
    "lines": lambda n: f"w{n}\n",
    "shapes": lambda n: f"a{n} the spot w{n} dark ",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_no_faster_than_the_text_and_then_not_at_all(kind: str) -> None:
    """By the ratio of two sizes in one run: four times the text may take four times as long, not sixteen."""
    text = "".join(HOSTILE[kind](number) for number in range(200_000))[:1_000_000]
    assert len(text) == 1_000_000
    quarter, whole, huge = (_seconds(text[:size]) for size in (LONGEST_READ // 4, LONGEST_READ, len(text)))
    assert whole < 12 * quarter
    assert huge < 4 * whole


def _seconds(text: str) -> float:
    """Processor seconds of the fastest of three runs."""
    found = []
    for _run in range(3):
        begun = time.process_time()
        classify(text, "stop")
        found.append(time.process_time() - begun)
    return min(found)
