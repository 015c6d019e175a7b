"""The letters under which a reader meets outputs: they follow the screen or chance, and tell nothing about arms."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from readerstudy.designs.shuffling import digests


class Letters:
    """A, B … from left to right; of a single output the letter that its arm has for this reader and case."""

    def __init__(self, seed: int, reader: int, arms: int) -> None:
        self._places = digests(seed, "letters", reader)
        self._arms = arms
        self._known: dict[str, list[int]] = {}

    def of(self, case: str, shown: Sequence[int]) -> str:
        """The letters of the arms that are shown, given by their numbers from left to right."""
        if len(shown) != 1:
            return ascii_uppercase[: len(shown)]
        if case not in self._known:
            self._known[case] = self._drawn(case)
        return ascii_uppercase[self._known[case].index(shown[0])]

    def _drawn(self, case: str) -> list[int]:
        """The arms in the order of the letters that they have here."""
        drawn = int(self._places(case), 16)
        left, names = list(range(self._arms)), []
        while left:
            drawn, place = divmod(drawn, len(left))
            names.append(left.pop(place))
        return names
