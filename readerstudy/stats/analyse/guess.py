"""What a criterion is, where no plan says it: guessed from its values, and always said aloud."""

from __future__ import annotations

from collections.abc import Sequence

from readerstudy.stats.analyse.plan import Declared, as_number
from readerstudy.stats.analyse.table import Cells
from readerstudy.stats.scale import Kind

REFUSED = "refused"
SIDES_AND_TIE = frozenset({"left", "right", "tie"})
PAIRS = (
    ("0", "1"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("negative", "positive"),
    ("normal", "abnormal"),
    ("absent", "present"),
    ("incorrect", "correct"),
    ("wrong", "right"),
    ("unacceptable", "acceptable"),
    ("benign", "malignant"),
    ("healthy", "diseased"),
    ("control", "case"),
    ("neg", "pos"),
)
"""Two words of which the second is the positive one."""
_BLANK_WORDS = frozenset({"na", "n/a", "#n/a", "nan", "null", "."})
_WIDEST_SCALE = 20


def guessed(cells: Cells, truth: Sequence[str]) -> Declared:
    """Return what a criterion seems to be; ``truth`` holds the labels of its reference, if any."""
    return Declared(kind=_kind(cells, truth), guessed=True)


def pair_of(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return the two categories of yes-or-no values as they are written, the positive one last."""
    words = {spelling(text): text for text in texts}
    for negative, positive in PAIRS:
        if words and set(words) <= {negative, positive}:
            return words.get(negative, negative), words.get(positive, positive)
    return None


def values_of(cells: Cells) -> tuple[str, ...]:
    """Return the distinct values but for refusals and for words that other programs write for a blank."""
    return tuple(text for text in cells.texts if text.lower() != REFUSED and not is_blank_word(text))


def is_blank_word(text: str) -> bool:
    """Whether this is what other programs write where there is nothing; a plan may declare it as a category."""
    return text.lower() in _BLANK_WORDS


def whole_range(texts: Sequence[str]) -> tuple[int, ...] | None:
    """Return all whole numbers from the lowest to the highest value, or None where that is no scale."""
    numbers = [as_number(text) for text in texts]
    whole = [int(number) for number in numbers if number is not None and number == int(number)]
    if not whole or len(whole) < len(texts) or max(whole) - min(whole) > _WIDEST_SCALE:
        return None
    return tuple(range(min(whole), max(whole) + 1))


def _kind(cells: Cells, truth: Sequence[str]) -> Kind:
    texts = values_of(cells)
    numeric = bool(texts) and all(as_number(text) is not None for text in texts)
    if _is_preference(cells, texts, numeric):
        return Kind.PREFERENCE
    if pair_of(texts) is not None:
        return Kind.BINARY
    if not numeric:
        return Kind.NOMINAL
    if whole_range(texts) is None:
        return Kind.INTERVAL
    return Kind.CONFIDENCE if _is_truth(truth) and len(texts) > 2 else Kind.ORDINAL


def _is_preference(cells: Cells, texts: Sequence[str], numeric: bool) -> bool:
    sides = {text.lower() for text in texts} <= SIDES_AND_TIE
    return bool(texts) and all("|" in arm for arm in cells.arms) and (sides or numeric)


def _is_truth(labels: Sequence[str]) -> bool:
    return pair_of(sorted(set(labels))) is not None


def spelling(text: str) -> str:
    """Return a value as it is compared with known words: numbers by size, words in lower case."""
    number = as_number(text)
    return f"{number:g}" if number is not None else text.lower()
