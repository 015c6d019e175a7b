"""How far two texts differ in their words: word edit distance and ROUGE-L."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+(?:[.,]\d+)*")


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; numbers keep their decimals."""
    return _WORD.findall(text.casefold())


def edit_share(before: str, after: str) -> float:
    """Return Levenshtein's distance between the words of two texts as a share of the longer one, 0 to 1."""
    first, second = words_of(before), words_of(after)
    longest = max(len(first), len(second))
    return _distance(first, second) / longest if longest else 0.0


def rouge_l(candidate: str, reference: str) -> float:
    """Return the F measure of ROUGE-L: the longest common subsequence of words (Lin 2004)."""
    first, second = words_of(candidate), words_of(reference)
    common = _common(first, second)
    if not common:
        return 0.0
    precision, recall = common / len(first), common / len(second)
    return 2.0 * precision * recall / (precision + recall)


def _distance(first: list[str], second: list[str]) -> int:
    row = list(range(len(second) + 1))
    for number, word in enumerate(first, start=1):
        above, row = row, [number]
        for place, other in enumerate(second, start=1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (word != other)))
    return row[-1]


def _common(first: list[str], second: list[str]) -> int:
    row = [0] * (len(second) + 1)
    for word in first:
        above, row = row, [0]
        for place, other in enumerate(second, start=1):
            row.append(above[place - 1] + 1 if word == other else max(above[place], row[-1]))
    return row[-1]
