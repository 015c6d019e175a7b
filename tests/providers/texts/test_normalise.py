"""Levelling changes form and keeps every word and number of a report, in its order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.texts import Rules, language_of, normalise, occurs, redact
from readerstudy.providers.texts.rules import SWITCHES

RULES = Rules()
MARKS_ONLY = Rules(openings=False, closings=False, reasoning=False, names=False, structure=False)


def signs(text: str) -> str:
    """Letters and digits in their order, and nothing else."""
    return "".join(filter(str.isalnum, text))


# --- Examples ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "levelled"),
    [
        ("Certainly! Here is the analysis of the chest X-ray:\n\nNo effusion.", "No effusion."),
        ("Sure, here's the report:\nNo effusion.", "No effusion."),
        ("Gerne! Hier ist die Befundung des Röntgenbildes:\nLunge frei.", "Lunge frei."),
        ("¡No!\nSin derrame. Espero que esto ayude.", "¡No!\nSin derrame."),
        ("Bien sûr ! Voici le compte rendu :\nPas d'épanchement.", "Pas d'épanchement."),
        ("好的，以下是对这张胸部影像的分析：\n双肺清晰。希望这有帮助！", "双肺清晰。"),
        ("No effusion.\n\nLet me know if you would like a comparison!", "No effusion."),
        ("<think>Is it left?</think>\nNo effusion.", "No effusion."),
        ("I see a nodule.</think>No effusion.", "No effusion."),
        ("## Findings\n**Lungs:** clear.\n---\n*Normal* heart.", "Findings\nLungs: clear.\n\nNormal heart."),
        ("* one\n• two\n– three\n1) four\n2. five", "- one\n- two\n- three\n1. four\n2. five"),
        ("| Side | Size |\n|---|:--:|\n| left | 3 mm |", "Side | Size\nleft | 3 mm"),
        ("Clear ✅ lungs 🫁.", "Clear lungs ."),
        ("a\u200bb\u00ad c\ufeff", "ab c"),
        ('{"class": "normal", "p": 0.90, "seen": ["a", "b"]}', "Class: normal\nP: 0.90\nSeen:\n  - a\n  - b"),
        ('```json\n{"impression": "normal"}\n```', "Impression: normal"),
        ("ChatGPT by OpenAI (GPT-4o) or Claude 3.5 Sonnet.", "[name] by [name] ([name]) or [name]."),
        ("通义千问 says no.", "[name] says no."),
    ],
)
def test_the_usual_rules(raw: str, levelled: str) -> None:
    assert normalise(raw, RULES) == levelled


@pytest.mark.parametrize(
    "report",
    [
        "GPT 45 U/l, GOT 30 U/l.",
        "Claude Bernard-Horner syndrome; syndrome de Claude.",
        "C. R. Bard port catheter, palm of the hand, apple-core lesion.",
        "T2* and R2* maps; T2*-weighted.",
        "3*4*5 mm, snake_case_name, 2 * 3 = 6",
        "+ effusion\n- pneumothorax",
        "# NOF left\n# 5th rib",
        "Certainly no pneumothorax.",
        "Sure, the heart is large.",
        "If you have any questions, please see your doctor.",
        "XY ♀ and ♂",
        "Size > 3 cm, <2 mm; p<0.05",
        "لا يوجد انصباب جنبي.",
    ],
)
def test_what_a_doctor_writes_stays_as_it_is(report: str) -> None:
    assert normalise(report, RULES) == report


def test_names_of_the_studys_own_models_are_names() -> None:
    assert normalise("sim-alpha-7 sees it", RULES, ["sim-alpha-7"]) == "[name] sees it"
    assert normalise("The lung sees it", RULES, ["lung"]) == "The lung sees it", (
        "an ordinary word is no identifier"
    )


def test_a_text_of_nothing_but_a_set_phrase_is_not_emptied() -> None:
    assert normalise("Let me know if you have any questions!", RULES)
    assert normalise("<think>No effusion.</think>", RULES) == "No effusion."


def test_every_switch_does_something_and_none_does_nothing() -> None:
    raw = "Certainly!\r\n\r\n\r\n<think>x</think>## **Lungs**\n* OpenAI ✅\n| a | b |\n|---|---|\n\n"
    raw += "Let me know if you agree."
    raw_json = '{"a": "b"}'
    assert normalise(raw, Rules.none()) == raw
    for switch in SWITCHES:
        off = Rules.from_json({switch: False})
        text = raw_json if switch == "structure" else raw
        assert normalise(text, off) != normalise(text, RULES), switch


def test_rules_come_back_from_their_document() -> None:
    rules = Rules(emoji=False, neutral="[model]")
    assert Rules.from_json(rules.to_json()) == rules
    assert Rules.from_json({"unknown": 1}) == RULES


# --- Properties ----------------------------------------------------------------------------------------------
PIECES = st.sampled_from(
    [
        "Certainly!", "Here is the report:", "**", "*", "_", "__", "#", "## ", "\n", "\n\n", "- ", "* ", "• ", "1) ",
        "12. ", "|", "|---|", "`", "```", "<think>", "</think>", "T2*", "3*4", "effusion", "No", "5.3 mm", " ", "\t",
        "é", "肺", "رئة", "\u200b", "\u202e", "🫁", "{", "}", '"a": 1', "OpenAI", "Let me know if you agree.", "$",
        "---", "===", "+ ", ".", "\r\n", ">", "~~~", "[a](b)", "GPT-4", "0.90",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=200))


@given(TEXTS)
def test_levelling_twice_is_levelling_once(text: str) -> None:
    once = normalise(text, RULES)
    assert normalise(once, RULES) == once


@given(TEXTS)
def test_no_letter_or_digit_is_lost_moved_or_put_in_by_marks(text: str) -> None:
    assert signs(normalise(text, MARKS_ONLY)) == signs(text)


@given(TEXTS)
def test_openings_and_closings_only_go_from_the_ends(text: str) -> None:
    rules = Rules.from_json({**Rules.none().to_json(), "openings": True, "closings": True})
    assert normalise(text, rules) in text


@given(st.lists(st.sampled_from(["effusion", "no", "3.5", "mm", "links", "肺"]), min_size=1).map(" ".join))
def test_words_keep_their_order_and_their_spaces(text: str) -> None:
    assert normalise(f"## **{text}**\n\n* {text}", RULES).split() == [*text.split(), "-", *text.split()]


# --- By hand, and by language --------------------------------------------------------------------------------
def test_words_are_hidden_however_their_spaces_are_written() -> None:
    assert occurs("my  very\nown style", "very own")
    assert redact("my  very\nown style, very own", ["very own"]) == "my  […] style, […]"
    assert not occurs("text", "  ")
    assert redact("text", [" "]) == "text"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("There is no effusion in the left lung.", "en"),
        ("Kein Erguss, die Lunge ist frei.", "de"),
        ("No hay derrame en el pulmón.", "es"),
        ("Pas d'épanchement dans le poumon.", "fr"),
        ("لا يوجد انصباب", "ar"),
        ("双肺清晰", "zh"),
        ("42", "und"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language
