"""How long models took for their outputs and how much they wrote, read once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple, Self

from readerstudy.analysis.table import LongTable
from readerstudy.generation.models import Generation, Stage

CALL = "interpretation__attempt__"


class Written(NamedTuple):
    """One output: the arm and case that it is of, which one of the case, its call's seconds, and its characters."""

    arm: int
    case: int
    replicate: int
    seconds: float
    characters: int


@dataclass(frozen=True)
class Pace:
    """All outputs whose call was timed; none while the study is blinded, for it could tell the arms apart.

    Calls within a batch have no seconds of their own, and what people wrote or was made elsewhere has none either.
    """

    outputs: tuple[Written, ...] = ()

    @classmethod
    def of(cls, table: LongTable) -> Self:
        if table.blinding.is_blinded:
            return cls()
        timed = Generation.objects.filter(
            arm__in=table.arms, case__in=table.cases, stage=Stage.DONE, **{f"{CALL}seconds__gt": 0}
        ).exclude(**{f"{CALL}characters": None})
        told = ("arm_id", "case_id", "replicate", f"{CALL}seconds", f"{CALL}characters")
        rows = timed.order_by("case__position", "arm__position", "replicate").values_list(*told)
        return cls(tuple(Written._make(row) for row in rows))

    @property
    def facts(self) -> bytes:
        """Everything as canonical JSON, for the hash of a report's input; nothing where no call was timed."""
        rows = [[each.replicate, each.seconds, each.characters] for each in self.outputs]
        return json.dumps(rows, separators=(",", ":")).encode() if rows else b""
