"""What a question of each kind takes. Pure: names of kinds and of fields as a protocol file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

CASE, OUTPUT, PAIR = "case", "output", "pair"
PARTS = ("finding", "sentence", "step")
SCOPES = (CASE, OUTPUT, PAIR, *PARTS)
FEWEST_OPTIONS, MOST_OPTIONS = 2, 30


class Need(Enum):
    """Whether a kind has a field."""

    NEVER = "never"
    MAY = "may"
    MUST = "must"


@dataclass(frozen=True, slots=True)
class Takes:
    """The fields of a kind.

    `numbers` says that the values of its options are numbers: all of them, at least two (so that a comparison has two
    sides), or whatever the author likes. `bins` says what "acceptable" and "high quality" are made of: some of the
    options, one number from (or up to) which a value counts, or nothing.
    """

    about: tuple[str, ...] = (OUTPUT, CASE, PAIR)
    options: Need = Need.NEVER
    numbers: Literal["all", "some", "free"] = "free"
    bounds: bool = False
    unit: bool = False
    shuffled: bool = False
    significance: bool = False
    bins: Literal["options", "number", "none"] = "none"
    after_last_case: bool = True

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that only some kinds have, and this one does."""
        has = {
            "options": self.options is not Need.NEVER,
            "minimum": self.bounds,
            "maximum": self.bounds,
            "unit": self.unit,
            "shuffled": self.shuffled,
            "acceptable": self.bins != "none",
            "high_quality": self.bins != "none",
        }
        return frozenset(name for name, is_taken in has.items() if is_taken)


_ANYWHERE = (OUTPUT, CASE, PAIR, *PARTS)
_DRAWN = Takes(about=(CASE, OUTPUT), after_last_case=False)

TAKES: Mapping[str, Takes] = {
    "yes_no": Takes(about=_ANYWHERE, bins="options"),
    "single_choice": Takes(about=_ANYWHERE, options=Need.MUST, shuffled=True, bins="options"),
    "multiple_choice": Takes(options=Need.MUST, shuffled=True),
    "likert": Takes(about=_ANYWHERE, options=Need.MUST, numbers="all", bins="options"),
    "comparative": Takes(about=(PAIR,), options=Need.MUST, numbers="some", after_last_case=False),
    "ranking": Takes(about=(CASE, PAIR, OUTPUT), options=Need.MAY, shuffled=True),
    "integer": Takes(bounds=True, unit=True, bins="number"),
    "number": Takes(bounds=True, unit=True, bins="number"),
    "visual_analogue": Takes(bounds=True, unit=True, bins="number"),
    "confidence": Takes(options=Need.MAY, numbers="all", bounds=True, bins="options"),
    "free_text": Takes(),
    "text_span": Takes(about=(OUTPUT,), options=Need.MUST, after_last_case=False),
    "grid": Takes(about=PARTS, options=Need.MUST, significance=True, bins="options", after_last_case=False),
    "box": _DRAWN,
    "point": _DRAWN,
    "length": Takes(about=(CASE, OUTPUT), bounds=True, unit=True, after_last_case=False),
    "polygon": _DRAWN,
    "edit": Takes(about=(OUTPUT,), after_last_case=False),
    "quality_gate": Takes(about=(CASE,), options=Need.MUST, bins="options", after_last_case=False),
}
CHOICES = frozenset(kind for kind, takes in TAKES.items() if takes.options is Need.MUST)
"""Kinds that cannot do without options."""
SETTLED = CHOICES - {"text_span"} | {"yes_no", "confidence"}
"""Kinds whose answers are known beforehand, so that other questions can depend on them."""
COUNTED = frozenset({"integer", "number", "visual_analogue", "confidence"})
"""Kinds whose answers are numbers that a condition can name one by one."""
SCORED_BY_OPTION = frozenset({"yes_no", "likert", "confidence"})
"""Kinds whose options are numbers of which a mean makes sense."""


def bins_of(kind: str, has_options: bool) -> Literal["options", "number", "none"]:
    """What "acceptable" and "high quality" are made of; confidence is a number where it has no options."""
    if kind == "confidence" and not has_options:
        return "number"
    return TAKES[kind].bins
