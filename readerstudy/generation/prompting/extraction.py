"""How many replies could not be read as their prompt asked, per arm."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from readerstudy.generation.models import DECLINED, Extraction, RefusalVerdict, Status
from readerstudy.studies.models import Arm, Study


@dataclass(frozen=True, slots=True)
class ArmReading:
    """Replies of one arm: how many were read at all, and of those not in form how many declined to answer."""

    arm: Arm
    read: int
    repaired: int
    unparsable: int
    declined: int

    @property
    def broken(self) -> int:
        """Replies that are neither in form nor a refusal: what a better prompt may mend."""
        return self.unparsable - self.declined


def read_by_arm(study: Study) -> list[ArmReading]:
    """One row for each arm whose outputs were asked for in a form, in two queries."""
    arm = "interpretation__generation__arm"
    standing = RefusalVerdict.objects.of(study).standing().values("pk")
    declined = RefusalVerdict.objects.filter(pk__in=standing, verdict__in=DECLINED).values("interpretation")
    invalid = Q(status=Status.INVALID)
    rows = (
        Extraction.objects.of(study)
        .exclude(status=Status.NONE)
        .values(arm)
        .annotate(
            read=Count("pk"),
            repaired=Count("pk", filter=Q(status=Status.REPAIRED)),
            unparsable=Count("pk", filter=invalid),
            declined=Count("pk", filter=invalid & Q(interpretation__in=declined)),
        )
    )
    counts = {row.pop(arm): row for row in rows}
    return [ArmReading(arm, **counts[arm.pk]) for arm in Arm.objects.filter(study=study) if arm.pk in counts]
