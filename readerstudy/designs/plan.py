"""What a study promises about who reads what: a plan of parts that combine.

*Coverage* says which readers read a case, *comparison* which arms they see of it and whether at once, *crossover*
whether the arms of a case come in periods of their own with a washout between them. Every published design (fully
crossed, split-plot, partial overlap, balanced incomplete blocks, one arm per reader and case, crossover, pairwise) is
one combination of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase

MOST_ARMS = len(ascii_uppercase)
DEFAULT_WASHOUT_DAYS = 28
DEFAULT_DISTANCE = 30


class PlanError(Exception):
    """The plan cannot be drawn from these numbers; the text says why and what would work."""


@dataclass(frozen=True, slots=True)
class EveryReader:
    """Every reader reads every case."""


@dataclass(frozen=True, slots=True)
class SplitPlot:
    """Readers and cases fall into `groups`; each group of readers reads the cases of its own group."""

    groups: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Each case is read by `readers_per_case` readers; of all cases the `share` from 0 to 1 is read by everyone."""

    readers_per_case: int
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class IncompleteBlocks:
    """Each case is read by `readers_per_case` readers, and every two readers share equally many cases."""

    readers_per_case: int


@dataclass(frozen=True, slots=True)
class OneAtATime:
    """All arms of a case, in presentations of their own; every case comes up once before any comes up again."""


@dataclass(frozen=True, slots=True)
class Together:
    """All arms of a case in one presentation, side by side."""


@dataclass(frozen=True, slots=True)
class OneArm:
    """Of each case a reader sees one arm only; over the readers of a case the arms differ by at most one."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two arms in each presentation. `per_case` pairs of each case for each reader; 0 means every pair."""

    per_case: int = 0


Coverage = EveryReader | SplitPlot | Overlap | IncompleteBlocks
Comparison = OneAtATime | Together | OneArm | Pairs


@dataclass(frozen=True, slots=True)
class Repeats:
    """A share of a reader's presentations comes again, unmarked, on the other side, for intra-reader reliability.

    At least `fewest` of them, and at least `distance` presentations after the first time.
    """

    share: float = 0.1
    fewest: int = 20
    distance: int = DEFAULT_DISTANCE


@dataclass(frozen=True, slots=True)
class Checks:
    """Attention checks: cases that serve as such, and those that are made of the study's own cases.

    Of the cases in `codes` one comes in every `every` presentations of a reader. Of each made kind every reader gets so
    many in each period: `known_bad` outputs about a case with another reference label, `identical` pairs, `blank`
    images.
    """

    codes: tuple[str, ...] = ()
    every: int = 25
    known_bad: int = 0
    identical: int = 0
    blank: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One allocation plan. `strata` maps case codes to the stratum whose cases are spread evenly over a reading.

    `truths` maps case codes to their reference labels, or to whatever stands for them; None where no case is known yet,
    so that any two cases are taken to differ.
    """

    coverage: Coverage = EveryReader()
    comparison: Comparison = OneAtATime()
    crossover: bool = False
    washout_days: int = DEFAULT_WASHOUT_DAYS
    practice: tuple[str, ...] = ()
    repeats: Repeats | None = None
    checks: Checks | None = None
    strata: Mapping[str, str] = field(default_factory=dict)
    truths: Mapping[str, str] | None = None
