"""The ten verdicts and what one carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What kind of response a text is; where several would fit, the first in this order holds."""

    ERROR = "error"
    SAFETY_BLOCK = "safety_block"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    PARTIAL_REFUSAL = "partial_refusal"
    FULL_REFUSAL = "full_refusal"
    DEFERRAL = "deferral"
    OFF_TASK = "off_task"
    HEDGED_ANSWER = "hedged_answer"
    ANSWER = "answer"


DECLINED = frozenset({Label.SAFETY_BLOCK, Label.FULL_REFUSAL, Label.DEFERRAL})
"""The model did not do it. A partial refusal is reported apart; an empty or cut reply is no refusal."""

RATEABLE = frozenset({Label.ANSWER, Label.HEDGED_ANSWER, Label.PARTIAL_REFUSAL})
"""There is something that a reader can judge."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict with its grounds: `signal` names the layer and rule, `evidence` what it rests on.

    Evidence is a piece of the response as it came, the name of a field, or the vendor's own word. `is_sure` is
    false where the rules had to choose between two readings, or found nothing to hold on to.
    """

    verdict: Label
    signal: str
    evidence: str = ""
    is_sure: bool = True

    @property
    def declined(self) -> bool:
        """Whether this counts as declined in the binary view."""
        return self.verdict in DECLINED

    def as_dict(self) -> dict[str, str | bool]:
        """The fields of one output line, JSON-safe."""
        return {
            "verdict": self.verdict.value,
            "declined": self.declined,
            "signal": self.signal,
            "evidence": self.evidence,
        }
