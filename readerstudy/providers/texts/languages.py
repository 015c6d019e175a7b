"""In which of the six languages of the site's rules a text is written, by script and by its small words."""

from __future__ import annotations

import re

UNKNOWN = "und"
LONGEST_READ = 5_000
_ARABIC = re.compile("[\u0600-\u06ff]")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LATIN = re.compile(r"[^\W\d_]+")
_SMALL_WORDS = {
    "en": "the of and is are no there with in this to for or was has",
    "de": "der die das und ist kein keine mit im des den nicht eine einer für sind zeigt",
    "es": "el la los las de y es no se con en del una por sin que sus",
    "fr": "le la les des et est pas de du une dans avec sans au aux ne sur",
}
_SMALL = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}


def language_of(text: str) -> str:
    """A language code, or `UNKNOWN` for a text without words of any of the six."""
    text = text[:LONGEST_READ].casefold()
    words = _LATIN.findall(text)
    arabic, chinese = len(_ARABIC.findall(text)), len(_CHINESE.findall(text))
    if max(arabic, chinese) * 2 > sum(map(len, words)):
        return "ar" if arabic > chinese else "zh"
    counts = {code: sum(word in small for word in words) for code, small in _SMALL.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else UNKNOWN
