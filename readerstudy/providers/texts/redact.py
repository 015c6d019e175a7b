"""Words that a person takes out of one text by hand, because no rule can know them."""

from __future__ import annotations

import re
from collections.abc import Sequence

REDACTED = "[…]"


def occurs(text: str, words: str) -> bool:
    """Whether the words stand in the text, however the white space between them is written."""
    return bool(words.strip()) and bool(_pattern(words).search(text))


def redact(text: str, words: Sequence[str]) -> str:
    """The text with each of the phrases replaced by `REDACTED`, the longest first, wherever it stands."""
    for each in sorted(words, key=len, reverse=True):
        if each.strip():
            text = _pattern(each).sub(REDACTED, text)
    return text


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(part) for part in words.split()))
