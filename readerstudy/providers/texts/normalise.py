"""Levels the form of a text by a study's rules, and leaves every word of its content where it was.

Each step takes away or rewrites marks, or a set phrase at either end; none rewrites, moves or joins words. The steps
run until nothing changes, so a levelled text stays as it is when it is levelled again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from readerstudy.providers.texts import marks
from readerstudy.providers.texts.names import names_pattern
from readerstudy.providers.texts.phrases import OPENING, find_closing
from readerstudy.providers.texts.rules import Rules
from readerstudy.providers.texts.structure import as_lines

MOST_ROUNDS = 60
_BLANKS = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_EMPTY_LINES = re.compile(r"\n{3,}")

Step = Callable[[str], str]


def normalise(text: str, rules: Rules, extra: Sequence[str] = ()) -> str:
    """The text by the rules; `extra` are model identifiers that count as names.

    Levelling twice gives what levelling once gives. Letters and digits keep their order; what is missing from them is
    a set phrase at the beginning or end, a model's thinking aloud, a name, or the second mention of a table's ruler.
    """
    steps = _steps(rules, tuple(extra))
    for _round in range(MOST_ROUNDS):
        before = text
        for step in steps:
            text = step(text)
        if text == before:
            break
    return text


def _steps(rules: Rules, extra: tuple[str, ...]) -> list[Step]:
    """The steps that are switched on, in their order: what is taken away whole comes before its parts."""
    every: tuple[tuple[bool, Step], ...] = (
        (rules.white_space, _lines),
        (rules.reasoning, _without_reasoning),
        (rules.structure, as_lines),
        (rules.structure, lambda text: marks.FENCE.sub("", text)),
        (rules.openings, _without_opening),
        (rules.closings, _without_closing),
        (rules.tables, _plain_tables),
        (rules.headings, _plain_headings),
        (rules.emphasis, _plain_emphasis),
        (rules.bullets, _plain_bullets),
        (rules.emoji, _without_emoji),
        (rules.names, lambda text: names_pattern(extra).sub(rules.neutral, text)),
        (rules.white_space, _spaces),
    )
    return [step for is_on, step in every if is_on]


def _lines(text: str) -> str:
    """One kind of line end, and no character that nobody sees; joiners stay within Arabic and Indic words."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    return marks.JOINER.sub("", marks.INVISIBLE.sub("", text))


def _without_reasoning(text: str) -> str:
    """Without what a model thinks aloud. Where nothing else was written, its words stay and only the tags go."""
    spoken = marks.REASONING.sub("", text)
    return marks.REASONING_TAG.sub("", spoken if spoken.strip() else text)


def _without_opening(text: str) -> str:
    rest = OPENING.sub("", text, count=1)
    return rest if _says_something(rest) else text


def _without_closing(text: str) -> str:
    closing = find_closing(text)
    rest = text[: closing.start()] if closing else text
    return rest if _says_something(rest) else text


def _plain_tables(text: str) -> str:
    """Cells beside each other with a bar between them; the ruler under the heads goes."""
    if not marks.TABLE_LINE.search(text):
        return text
    lines = [line for line in text.split("\n") if "|" not in line or not marks.TABLE_DIVIDER.match(line)]
    return "\n".join(_row(line) if marks.TABLE_LINE.match(line) else line for line in lines)


def _row(line: str) -> str:
    return " | ".join(cell.strip() for cell in line.strip().strip("|").split("|"))


def _plain_headings(text: str) -> str:
    """A heading is a line of its own."""
    text = marks.UNDERLINE.sub("", marks.RULE.sub("", text))
    return marks.HEADING.sub(lambda match: match["title"], text)


def _plain_emphasis(text: str) -> str:
    for pattern in (
        marks.STRONG_BESIDE_STAR,
        marks.STRONG,
        marks.STRONG_LOW,
        marks.EMPHASIS,
        marks.EMPHASIS_LOW,
        marks.CODE,
    ):
        text = pattern.sub(lambda match: match["inner"], text)
    return text


def _plain_bullets(text: str) -> str:
    text = marks.BULLET.sub(lambda match: f"{match['indent']}- ", text)
    return marks.NUMBERED.sub(lambda match: f"{match['indent']}{match['number']}. ", text)


def _without_emoji(text: str) -> str:
    return marks.EMOJI.sub(
        lambda match: match.group() if match.group()[0] in marks.SIGNS_OF_SEX else "", text
    )


def _spaces(text: str) -> str:
    """One space between words, two spaces for each level of a list, one empty line between paragraphs."""
    lines = (_line(line) for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _line(line: str) -> str:
    bare = _BLANKS.sub(" ", line).strip()
    if not re.match(r"- |\d{1,3}\. ", bare):
        return bare
    indent = len(line) - len(line.lstrip(" \t"))
    return "  " * min(4, (indent + 1) // 2) + bare


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))
