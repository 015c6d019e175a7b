"""How far each reader is: one query for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from readerstudy.studies.models import Membership, Study


@dataclass(frozen=True)
class Row:
    """One reader on the board."""

    membership: Membership
    total: int
    submitted: int
    last_seen: datetime | None

    @property
    def stage(self) -> str:
        """What the reader did last, as a word."""
        if self.total and self.submitted == self.total:
            return _("done")
        if self.submitted:
            return _("reading")
        if self.membership.consented_at:
            return _("consented")
        invitation = self.membership.invitation
        return _("has signed in") if invitation is None or invitation.accepted_at else _("invited")


def board_of(study: Study) -> list[Row]:
    return [
        Row(
            membership=seat,
            total=seat.total,  # type: ignore[attr-defined]  # annotated below
            submitted=seat.submitted,  # type: ignore[attr-defined]
            last_seen=seat.last_seen,  # type: ignore[attr-defined]
        )
        for seat in _counted(study)
    ]


def _counted(study: Study) -> QuerySet[Membership]:
    return (
        Membership.objects.readers(study)
        .select_related("user", "invitation")
        .annotate(
            total=Count("allocations", distinct=True),
            submitted=Count(
                "allocations__reading",
                filter=Q(allocations__reading__submitted_at__isnull=False),
                distinct=True,
            ),
            last_seen=Max("allocations__outputs__ratings__at"),
        )
    )
