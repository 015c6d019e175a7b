"""How much of a text an edit changed, counted in words."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+(?:[.,]\d+)*")


def edit_share(before: str, after: str) -> float:
    """Return Levenshtein's distance between the words of two texts as a share of the longer one, 0 to 1.

    Letter case and punctuation do not count; numbers keep their decimals. Two empty texts are the same: 0.
    """
    first, second = _words(before), _words(after)
    longest = max(len(first), len(second))
    return _distance(first, second) / longest if longest else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _distance(first: list[str], second: list[str]) -> int:
    row = list(range(len(second) + 1))
    for number, word in enumerate(first, start=1):
        above, row = row, [number]
        for place, other in enumerate(second, start=1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (word != other)))
    return row[-1]
