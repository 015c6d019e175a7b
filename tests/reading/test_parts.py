"""The pieces of a text: sentences, findings and steps, at the places where a browser finds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.texts import show
from readerstudy.reading.parts import FINDING, SENTENCE, STEP, lay_out, parts_of


def pieces(kind: str, text: str, findings: tuple[str, ...] = ()) -> list[str]:
    return [part.text for part in parts_of(kind, show(text), findings)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("The lungs are clear. No effusion.", ["The lungs are clear.", "No effusion."]),
        ("Is it? Yes! Done…", ["Is it?", "Yes!", "Done…"]),
        ("Dr. Smith saw approx. 3 nodules. None grew.", ["Dr. Smith saw approx. 3 nodules.", "None grew."]),
        ("The nodule measures 3.5 cm. It is new.", ["The nodule measures 3.5 cm.", "It is new."]),
        ("Findings, e.g. Edema, are seen. End.", ["Findings, e.g. Edema, are seen.", "End."]),
        ("Z.n. Fraktur der 6. Rippe. Kein Erguss.", ["Z.n. Fraktur der 6. Rippe.", "Kein Erguss."]),
        ("Rundherd ca. 2 cm, z.B. Granulom. Verlauf.", ["Rundherd ca. 2 cm, z.B. Granulom.", "Verlauf."]),
        ("Vergleich vom 3. Mai. Keine Änderung.", ["Vergleich vom 3. Mai.", "Keine Änderung."]),
        ("Nodule in segment 6. No effusion.", ["Nodule in segment 6.", "No effusion."]),
        ("Findings:\n- Clear lungs.\n- No effusion.", ["Clear lungs.", "No effusion."]),
        (
            "A line that was wrapped\nin its middle. And another.",
            ["A line that was wrapped\nin its middle.", "And another."],
        ),
        ("No full stop", ["No full stop"]),
        ("胸部正常。没有积液。", ["胸部正常。", "没有积液。"]),
        ("", []),
        ("***", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert pieces(SENTENCE, text) == sentences


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("- Cardiomegaly\n- Effusion on the left", ["Cardiomegaly", "Effusion on the left"]),
        ("1. Cardiomegaly\n2. Effusion", ["Cardiomegaly", "Effusion"]),
        ("Findings:\nClear lungs.\nNormal heart.", ["Clear lungs.", "Normal heart."]),
        ("Clear lungs. Normal heart.", ["Clear lungs.", "Normal heart."]),
    ],
)
def test_findings_are_lines_or_in_running_text_sentences(text: str, findings: list[str]) -> None:
    assert pieces(FINDING, text) == findings


def test_findings_that_a_reply_lists_count_before_lines() -> None:
    parts = parts_of(FINDING, show("One line\nAnother line"), ("Another", "Not in the text"))
    assert [(part.key, part.text, part.start is None) for part in parts] == [
        ("f1", "Another", False),
        ("f2", "Not in the text", True),
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("1. Look.\n2. Think.\n3. Say.", ["1. Look.", "2. Think.", "3. Say."]),
        ("Step 1: Look.\nStill looking.\nStep 2: Say.", ["Step 1: Look.\nStill looking.", "Step 2: Say."]),
        ("Schritt 1: Sehen.\nSchritt 2: Sagen.", ["Schritt 1: Sehen.", "Schritt 2: Sagen."]),
        ("- Look\n- Say", ["Look", "Say"]),
        ("Look. Say.", ["Look.", "Say."]),
    ],
)
def test_steps(text: str, steps: list[str]) -> None:
    assert [each.replace("\n\n", "\n") for each in pieces(STEP, text)] == steps


TEXTS = st.text(st.sampled_from("ab. \n-1*A|`#>é😀:?"), max_size=80)


@pytest.mark.parametrize("kind", [SENTENCE, FINDING, STEP])
@given(text=TEXTS)
def test_pieces_lie_in_order_within_the_text_and_never_overlap(kind: str, text: str) -> None:
    html = show(text)
    laid, end = lay_out(html), 0
    for number, part in enumerate(parts_of(kind, html), start=1):
        assert part.start is not None
        assert part.end is not None
        assert part.key == f"{kind[0] if kind != STEP else 't'}{number}"
        assert end <= part.start < part.end
        assert laid.text[part.start : part.end] == part.text == part.text.strip()
        end = part.end


@given(text=TEXTS)
def test_no_word_is_lost_between_sentences_but_headings(text: str) -> None:
    text = text.replace(":", "").replace("|", "")
    laid = lay_out(show(text)).text
    kept = "".join(pieces(SENTENCE, text))
    letters = [sign for sign in laid if sign.isalnum()]
    assert [sign for sign in kept if sign.isalnum()] == letters
