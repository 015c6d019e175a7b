"""What differs between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_WORDS = 3000
_PIECE = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


class Change(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that both texts have, or only one of them."""

    change: Change
    text: str


def changes(before: str, after: str) -> list[Piece]:
    """The pieces that lead from one text to the other: those not ADDED make `before`, those not REMOVED `after`.

    Compared by words; texts of more than `MOST_WORDS` pieces by lines, so that no text takes long.
    """
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    if len(old) + len(new) > 2 * MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > 2 * MOST_WORDS:
        old, new = [before], [after]
    return list(_pieces(old, new))


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for kind, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece(Change.SAME, "".join(old[start:end]))
            continue
        if end > start:
            yield Piece(Change.REMOVED, "".join(old[start:end]))
        if stop > begin:
            yield Piece(Change.ADDED, "".join(new[begin:stop]))
