"""How a text is written, in numbers: what somebody could learn to tell two writers apart by."""

from __future__ import annotations

import re

from readerstudy.providers.texts import marks
from readerstudy.providers.texts.phrases import OPENING, SELF, find_closing

LONGEST_READ = 100_000
_SENTENCE = re.compile(r"[.!?。！？؟]+(?:\s|\Z)")
_WORD = re.compile(r"[^\W_]+")
_HEDGE = re.compile(
    r"\b(?:may|might|could|possibl[ey]|likely|suggests?|appears?|cannot exclude|möglich\w*|vereinbar|posible|"
    r"probable|possible|évoque)\b",
    re.IGNORECASE,
)

FEATURES = (
    "characters",
    "words",
    "words_per_sentence",
    "letters_per_word",
    "lines",
    "paragraphs",
    "headings",
    "emphasis",
    "bullets",
    "numbered",
    "table_lines",
    "emoji",
    "latex",
    "openings",
    "closings",
    "self",
    "hedges",
    "question_marks",
    "colons",
    "digits_share",
    "capitals_share",
    "other_script_share",
)


def style(text: str) -> tuple[float, ...]:
    """The features of a text, in the order of `FEATURES`: counts, means and shares; all 0 for an empty text."""
    text = text[:LONGEST_READ]
    words, sentences = _WORD.findall(text), max(len(_SENTENCE.findall(text)), 1)
    size = max(len(text), 1)
    return (
        float(len(text)),
        float(len(words)),
        len(words) / sentences,
        sum(map(len, words)) / max(len(words), 1),
        float(sum(bool(line.strip()) for line in text.split("\n"))),
        float(len([part for part in text.split("\n\n") if part.strip()])),
        _count(marks.HEADING, text),
        _count(marks.STRONG, text) + _count(marks.STRONG_LOW, text),
        _count(marks.BULLET, text),
        _count(marks.NUMBERED, text),
        _count(marks.TABLE_LINE, text),
        _count(marks.EMOJI, text),
        _count(marks.LATEX, text),
        float(bool(OPENING.search(text))),
        float(bool(find_closing(text))),
        _count(SELF, text),
        _count(_HEDGE, text),
        float(text.count("?") + text.count("？") + text.count("؟")),
        float(text.count(":") + text.count("：")),
        sum(map(str.isdigit, text)) / size,
        sum(map(str.isupper, text)) / size,
        sum(sign > "\u024f" and sign.isalpha() for sign in text) / size,
    )


def _count(pattern: re.Pattern[str], text: str) -> float:
    return float(sum(1 for _match in pattern.finditer(text)))
