"""Which arms report and exports name, and the codes they show until the study is unblinded.

Codes stand in an order that is drawn from the study's secret seed, so that neither name nor place tells an arm. What a
report says of the making of outputs is said of all arms together where the arms differ in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from readerstudy.studies.models import Arm, ArmKind, Study, Unblinding

LETTERS = "XYZ"


@dataclass(frozen=True)
class ShownArms:
    """A study's arms as report and exports show them, in the order in which they do."""

    arms: tuple[Arm, ...]
    is_blinded: bool
    tells_simulated: bool = True
    """Whether an arm may be marked as simulated: not while blinded if the arms differ in it."""
    tells_recorded: bool = True

    @classmethod
    def of(cls, study: Study) -> ShownArms:
        arms = tuple(Arm.objects.filter(study=study).order_by("position"))
        if Unblinding.objects.names_arms(study):
            return cls(arms, is_blinded=False)
        return cls(
            tuple(_coded(arm, place) for place, arm in enumerate(_drawn(study, arms))),
            is_blinded=True,
            tells_simulated=len({arm.is_simulated for arm in arms}) < 2,
            tells_recorded=len({arm.is_recorded for arm in arms}) < 2,
        )

    def arm(self, arm_id: int) -> Arm:
        """The arm with this key as it is shown."""
        return next(arm for arm in self.arms if arm.pk == arm_id)

    @property
    def order(self) -> list[int]:
        """The keys of the arms in the order in which they are shown."""
        return [arm.pk for arm in self.arms]


def code_of(place: int) -> str:
    """X, Y, Z, X2, Y2 … for the arm at this place, from 0."""
    round_, letter = divmod(place, len(LETTERS))
    return LETTERS[letter] if not round_ else f"{LETTERS[letter]}{round_ + 1}"


def _drawn(study: Study, arms: Sequence[Arm]) -> list[Arm]:
    def lot(arm: Arm) -> str:
        return hashlib.sha256(f"codes {study.key} {study.seed} {arm.position}".encode()).hexdigest()

    return sorted(arms, key=lot)


def _coded(arm: Arm, place: int) -> Arm:
    """A copy that tells nothing of the arm but a code; it is never stored."""
    shown = copy(arm)
    shown.name, shown.position, shown.model, shown.connection = code_of(place), place, "", ""
    shown.kind = ArmKind.IMPORTED if arm.is_recorded else ArmKind.MODEL
    return shown
