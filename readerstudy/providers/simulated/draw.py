"""Deterministic choice: the same words in always give the same numbers out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def share(*words: object) -> float:
    """A number from 0 to below 1 that depends on nothing but the words."""
    digest = hashlib.blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Draw:
    """A row of choices that starts from the same words in the same place."""

    def __init__(self, *words: object) -> None:
        self._words = words
        self._count = 0

    def share(self) -> float:
        """The next number from 0 to below 1."""
        self._count += 1
        return share(*self._words, self._count)

    def one_of(self, choices: Sequence[T]) -> T:
        """The next choice."""
        return choices[int(self.share() * len(choices))]

    def some_of(self, choices: Sequence[T], count: int) -> list[T]:
        """`count` different choices, in the order in which they stand."""
        order = sorted(range(len(choices)), key=lambda _: self.share())
        return [choices[position] for position in sorted(order[:count])]
