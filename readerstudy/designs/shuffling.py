"""Seeded order that is the same on every machine, Python version and library.

Things are ordered by the SHA-256 of (seed, purpose, thing). No random generator has state, so adding a reader or a case
moves nobody else, and anyone can re-derive an order in any language.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing", int, str)


def digest(seed: int, *parts: int | str) -> str:
    """64 hexadecimal digits that depend on the seed and the parts alone."""
    return hashlib.sha256("|".join(str(part) for part in (seed, *parts)).encode()).hexdigest()


def digests(seed: int, *purpose: int | str) -> Callable[[int | str], str]:
    """`digest(seed, *purpose, thing)` as a function of the thing; what all have in common is hashed once."""
    begun = hashlib.sha256("".join(f"{part}|" for part in (seed, *purpose)).encode())

    def of(thing: int | str) -> str:
        ended = begun.copy()
        ended.update(str(thing).encode())
        return ended.hexdigest()

    return of


def shuffled(things: Iterable[Thing], seed: int, *purpose: int | str) -> list[Thing]:
    """The things in an order drawn by `seed` for `purpose`; their given order does not matter."""
    return sorted(things, key=digests(seed, *purpose))
