"""Whether one arm was served by more than one model: a vendor may change what stands behind a name at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from readerstudy.generation.models import Attempt, Generation
from readerstudy.studies.models import Arm, Study


@dataclass(frozen=True, slots=True)
class Served:
    """One served version: the vendor's name of it, its fingerprint, how many outputs it made and since when."""

    model: str
    fingerprint: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Drift:
    """An arm whose outputs come from several versions, in the order in which they appeared."""

    arm: Arm
    served: tuple[Served, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The different names; only one where nothing but the fingerprint changed."""
        return tuple(dict.fromkeys(each.model for each in self.served))

    @property
    def is_another_model(self) -> bool:
        return len(self.models) > 1


def drifts_of(study: Study) -> list[Drift]:
    """Arms of which outputs were served by different models or fingerprints, in one query besides that for the arms."""
    rows = (
        Attempt.objects.filter(interpretation__generation__in=Generation.objects.of(study))
        .exclude(served_model="", fingerprint="")
        .values_list("generation__arm", "served_model", "fingerprint")
        .annotate(n=Count("pk"), since=Min("started_at"))
        .order_by("generation__arm", "since")
    )
    served: dict[int, list[Served]] = {}
    for arm, model, fingerprint, count, since in rows:
        served.setdefault(arm, []).append(Served(model, fingerprint, count, since))
    several = {pk: each for pk, each in served.items() if len(each) > 1}
    arms = Arm.objects.filter(pk__in=several).order_by("position")
    return [Drift(arm, tuple(several[arm.pk])) for arm in arms]
