"""Evidence as it stood in the response: a piece of the original text, never of a cleaned copy.

The rules read a tidied text. Here the words they name are found again in the original by their letters and
digits alone, which tidying leaves in place.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

LONGEST_EVIDENCE = 200
"""Characters of evidence that are kept."""


def quote_from(original: str, said: str, field: str = "") -> str:
    """The piece of `original` that says `said`, with its `field` if that stands before it.

    Where it says neither (a text that was escaped), the field alone, else how `original` begins. Returns a
    substring of at most `LONGEST_EVIDENCE` characters, in time proportional to the lengths.
    """
    letters, places = _letters(original)
    name = field.rsplit(".", 1)[-1]
    for wanted in (f"{name}{said}", said, name):
        looked_for, _ = _letters(wanted)
        start = letters.find(looked_for) if looked_for else -1
        if start >= 0:
            end = _with_marks(original, places[start + len(looked_for) - 1] + 1)
            return original[places[start] : end][:LONGEST_EVIDENCE]
    return original.strip()[:LONGEST_EVIDENCE]


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text without case and marks, and where each of them stands."""
    found: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        parts = _plain(character)
        found.append(parts)
        places.extend([place] * len(parts))
    return "".join(found), places


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKD", character).casefold() if part.isalnum())


def _with_marks(text: str, end: int) -> int:
    """Where the sentence mark and the accents behind a piece end."""
    while end < len(text) and (unicodedata.combining(text[end]) or text[end] in ".!?。！？؟"):
        end += 1
    return end
