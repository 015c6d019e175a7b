"""The shape of one language's pattern table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from readerstudy.providers.refusals.normalise import unaccented

_CAPITALS = re.compile(r"(\\.|\(\?P)|([A-Z]+)")
_SINGLE_WORD = re.compile(r"\*?[^\W_](?:[^\W_]|\[\w+\]|\?(?<=..))*\*?")
"""A word of letters, some of them perhaps optional or a choice, with a `*` before or after it."""
_AT_A_WORD = r"\b"
_ESCAPED = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
_INNERMOST = re.compile(r"\([^()]*\)")
NEVER = r"(?!)"
"""A pattern that matches nothing, for a language that needs none."""


@dataclass(frozen=True, slots=True)
class Language:
    """Patterns held against one folded clause. A group of alternatives is one pattern.

    refuses: speaker, inability or unwillingness, and a task verb with a task as its object.
    refuses_if_bare: the same with a looser object; holds only in a clause without any finding.
    balks: the speaker and any negation; holds only in a text that delivers nothing at all.
    refuses_a_part: the same about one named part (grade, second image, treatment).
    withholds: words that withhold the field whose whole value they are: "declined".
    disclaims: "not a doctor", "no substitute", "no access to the history".
    disclaims_if_bare: looser words of caution; hold only in a clause without any finding.
    sends_away: a professional or an appointment.
    advises: words that send the reader there.
    teaches, here: textbook generality, and what ties a sentence to this image instead.
    finds: terms specific to what an image shows. classifies: a grade or class given as such.
    diagnoses: names of diseases. concludes: words of judgement.
    looks: modality phrases, which say nothing about this image.
    lacks_image, asks_back, echoes: nothing to interpret, a question, the prompt itself.
    """

    code: str
    refuses: re.Pattern[str]
    refuses_if_bare: re.Pattern[str]
    balks: re.Pattern[str]
    refuses_a_part: re.Pattern[str]
    withholds: re.Pattern[str]
    disclaims: re.Pattern[str]
    disclaims_if_bare: re.Pattern[str]
    sends_away: re.Pattern[str]
    advises: re.Pattern[str]
    teaches: re.Pattern[str]
    here: re.Pattern[str]
    finds: re.Pattern[str]
    classifies: re.Pattern[str]
    diagnoses: re.Pattern[str]
    concludes: re.Pattern[str]
    looks: re.Pattern[str]
    lacks_image: re.Pattern[str]
    asks_back: re.Pattern[str]
    echoes: re.Pattern[str]
    sets_aside: re.Pattern[str]


def one_of(alternatives: Iterable[str] | str) -> re.Pattern[str]:
    """Compile alternatives into one pattern over folded text.

    It is written in lower case instead of ignoring case, which took twice as long. Neighbours that begin at a word
    share the look for its beginning, because most places of a text are none.
    """
    listed = [alternatives] if isinstance(alternatives, str) else list(alternatives)
    folded = [_folded(alternative) for alternative in listed]
    runs = [(at_a_word, list(run)) for at_a_word, run in groupby(folded, _begins_at_a_word)]
    return re.compile("|".join(_either(run, at_a_word) for at_a_word, run in runs) or NEVER)


def _begins_at_a_word(pattern: str) -> bool:
    """Whether all that a pattern can match begins where a word does or ends."""
    outside, inner = _ESCAPED.sub("", pattern), ""
    while outside != inner:
        outside, inner = _INNERMOST.sub("", outside), outside
    return pattern.startswith(_AT_A_WORD) and "|" not in outside


def _either(patterns: list[str], at_a_word: bool) -> str:
    if not at_a_word:
        return "|".join(f"(?:{pattern})" for pattern in patterns)
    rests = "|".join(f"(?:{pattern.removeprefix(_AT_A_WORD)})" for pattern in patterns)
    return f"{_AT_A_WORD}(?:{rests})"


def _folded(alternative: str) -> str:
    """A pattern with its letters in lower case, but for those that mean something to `re`."""
    return _CAPITALS.sub(lambda found: found.group(1) or found.group(2).lower(), unaccented(alternative))


def words(listed: str) -> str:
    """One alternative from words separated by white space; a `*` before or after a word stands for any letters.

    Words with the same first letter are tried together, which is five times as fast as trying them in turn. Their order
    means nothing: each of them stands for one whole word of the text.
    """
    written = listed.split()
    single = [word for word in written if _SINGLE_WORD.fullmatch(unaccented(word))]
    initials = dict.fromkeys(unaccented(word)[0].lower() for word in single)
    groups = [_beginning(initial, single) for initial in initials]
    others = [word.replace("*", r"\w*") for word in written if word not in single]
    return rf"\b(?:{'|'.join([*others, *groups])})\b"


def _beginning(initial: str, single: Iterable[str]) -> str:
    """Words that begin with this letter, or with any letters where it is a `*`."""
    plain = [unaccented(word) for word in single]
    rests = [word[1:].replace("*", r"\w*") for word in plain if word[0].lower() == initial]
    opening = r"\w*" if initial == "*" else initial
    return f"{opening}(?:{'|'.join(rests)})"


def pieces(listed: str) -> str:
    """One alternative from pieces of writing that has no spaces, or whose words carry prefixes."""
    return "|".join(listed.split())
