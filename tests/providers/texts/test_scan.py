"""The scan finds what tells who wrote a text, in six languages, and nothing in a doctor's words."""

from __future__ import annotations

import pytest

from readerstudy.providers.texts import FEATURES, Kind, scan, style


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "As an AI language model developed by OpenAI, I cannot.",
            "As an AI language model developed by OpenAI",
        ),
        ("I'm an AI assistant", "I'm an AI"),
        ("Als KI-Sprachmodell kann ich das nicht.", "Als KI-Sprachmodell"),
        ("Como modelo de lenguaje no puedo.", "Como modelo de lenguaje"),
        ("En tant qu'intelligence artificielle, je ne peux pas.", "En tant qu'intelligence artificielle"),
        ("بصفتي نموذج ذكاء اصطناعي لا أستطيع", "بصفتي نموذج ذكاء اصطناعي"),
        ("作为一个由阿里巴巴开发的人工智能助手，我不能", "作为一个由阿里巴巴开发的人工智能助手"),
    ],
)
def test_self_descriptions_in_six_languages(text: str, words: str) -> None:
    assert words in [finding.words for finding in scan(text) if finding.kind is Kind.SELF]


@pytest.mark.parametrize(
    "name",
    [
        "ChatGPT", "GPT-4o", "GPT-4 Turbo", "GPT 4o", "Claude 3 Opus", "Gemini 1.5 Pro", "MedGemma", "Med-PaLM 2",
        "Llama 3", "LLaVA-Med", "Mistral AI", "DeepSeek-R1", "Qwen2-VL", "Grok", "Yi-Large", "ChatGLM3", "OpenAI",
        "Google DeepMind", "Anthropic", "文心一言", "شات جي بي تي", "Flamingo-80B",
    ],
)  # fmt: skip
def test_names_of_models_and_makers(name: str) -> None:
    [finding] = [found for found in scan(f"It was {name} that saw it.") if found.kind is Kind.NAME]
    assert finding.words == name
    assert finding.is_telling


@pytest.mark.parametrize(
    "report",
    [
        "GPT 45 U/l and ALT 40 U/l; gamma-GT normal.",
        "Claude Bernard-Horner syndrome on the left.",
        "Apple-core lesion; palmar fascia; meta-analysis; Bard port.",
        "As a consequence, an artificial joint is seen. I am an observer.",
        "Als Komplikation ein Erguss; como consecuencia; en tant que tel.",
    ],
)
def test_nothing_telling_in_a_doctors_words(report: str) -> None:
    assert not [finding for finding in scan(report) if finding.is_telling]


def test_habits_of_form_are_found_where_they_stand() -> None:
    text = "Certainly!\n## Findings\n- **Lungs** ✅\n| a | b |\n\\(x\\)\n```\n<answer>\u200b\nLet me know if you agree."
    found = {finding.kind: text[finding.start : finding.end].strip() for finding in scan(text)}
    assert found[Kind.HEADING] == "## Findings"
    assert found[Kind.EMPHASIS] == "**Lungs**"
    assert found[Kind.TABLE] == "| a | b |"
    assert found[Kind.REASONING] == "<answer>"
    assert {
        Kind.OPENING,
        Kind.CLOSING,
        Kind.BULLET,
        Kind.EMOJI,
        Kind.LATEX,
        Kind.FENCE,
        Kind.INVISIBLE,
    } <= set(found)


def test_style_is_numbers_in_a_fixed_order_and_zero_for_nothing() -> None:
    assert len(style("")) == len(FEATURES)
    assert not any(style(""))
    found = dict(zip(FEATURES, style("## Lungs\n- **clear**?\n\nIt may be 5."), strict=True))
    assert (found["headings"], found["emphasis"], found["bullets"], found["hedges"]) == (1, 1, 1, 1)
    assert found["paragraphs"] == 2
