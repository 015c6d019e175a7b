"""How full the gates of a study's providers are."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from readerstudy.generation.models import Gate, Generation, VendorPause
from readerstudy.studies.models import Arm, ArmKind, Study


@dataclass(frozen=True, slots=True)
class Limits:
    """One provider with its limits, None where there are none, and how many calls are under way on the whole site."""

    connection: str
    label: str
    gate: Gate | None
    under_way: int
    pause: VendorPause | None

    @property
    def is_limited(self) -> bool:
        return bool(self.gate and (self.gate.is_paced or self.gate.calls_at_once))


def limits_of(study: Study) -> list[Limits]:
    """The limits of every provider that an arm of the study names, in the order of the arms."""
    arms = Arm.objects.filter(study=study, kind=ArmKind.MODEL).order_by("position")
    return [_limits(name) for name in dict.fromkeys(arms.values_list("connection", flat=True))]


def _limits(connection: str) -> Limits:
    offer = settings.CONNECTIONS.get(connection)
    return Limits(
        connection=connection,
        label=offer.label if offer else connection,
        gate=Gate.objects.filter(connection=connection).first(),
        under_way=Generation.objects.asking(connection).at_work().count(),
        pause=VendorPause.objects.now().filter(connection=connection).first(),
    )
