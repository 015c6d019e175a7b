"""Which differences of form between texts are levelled before a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

NEUTRAL = "[name]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What `normalise` does; each switch levels one kind of difference, and all are on unless a study says no.

    `neutral` stands where the name of a model or a maker stood.
    """

    white_space: bool = True
    reasoning: bool = True
    openings: bool = True
    closings: bool = True
    headings: bool = True
    emphasis: bool = True
    bullets: bool = True
    tables: bool = True
    emoji: bool = True
    structure: bool = True
    names: bool = True
    neutral: str = NEUTRAL

    def to_json(self) -> dict[str, Any]:
        """Every switch by name, JSON-safe."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The rules of a stored document; what it does not name is as by default."""
        known = {field.name for field in fields(cls)}
        return replace(cls(), **{name: value for name, value in document.items() if name in known})

    @classmethod
    def none(cls) -> Self:
        """Nothing is levelled."""
        return cls.from_json(dict.fromkeys(SWITCHES, False))


SWITCHES = tuple(field.name for field in fields(Rules) if field.name != "neutral")
