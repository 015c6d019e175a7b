"""What an ethics board and the owners of the images allow, out of the section `ethics` of the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.studies.models import Design, Study
from readerstudy.studies.stations import Findings, Line, Sign, Station, register

SOON = timedelta(days=30)
DAY = "j M Y"


@dataclass(frozen=True)
class Ethics:
    """The facts of the section; `expires` is the last day of the approval, None where none is named."""

    is_said: bool
    decision: str
    expires: date | None
    vendors_forbidden: bool

    @classmethod
    def of(cls, study: Study) -> Ethics:
        return cls.of_section(Design.objects.of(study).document.get("ethics", {}))

    @classmethod
    def of_section(cls, section: Mapping[str, Any]) -> Ethics:
        """The facts of a section that is known already."""
        expires = section.get("expires", "")
        return cls(
            is_said=bool(section.get("decision")),
            decision=section.get("decision", ""),
            expires=date.fromisoformat(expires) if expires else None,
            vendors_forbidden=section.get("vendors_forbidden", False),
        )

    def is_expired(self, on: date) -> bool:
        return self.expires is not None and self.expires < on

    def is_ending(self, on: date) -> bool:
        return self.expires is not None and on <= self.expires <= on + SOON


def obstacle_of_ethics(study: Study) -> str:
    """Why nobody may read in this study now, as a sentence; empty where they may."""
    return obstacle_in(Ethics.of(study), study)


def obstacle_in(ethics: Ethics, study: Study) -> str:
    """As `obstacle_of_ethics`, where the section is known.

    In a demonstration everything is simulated, so no board has to decide on it.
    """
    if study.is_demo:
        return ""
    if ethics.decision == "pending":
        return _("The ethics board has not decided yet. Enter its decision when it has.")
    if ethics.expires and ethics.is_expired(timezone.localdate()):
        return _("The ethics approval ended on %(day)s. Enter the new last day when it is renewed.") % {
            "day": date_format(ethics.expires, DAY)
        }
    return ""


def look_at_ethics(study: Study) -> Findings:
    """The station's lines: what forbids to begin, what will soon, and what nobody has said."""
    url, ethics = reverse("studies:ethics", args=[study.key]), Ethics.of(study)
    if sentence := obstacle_in(ethics, study):
        return Findings("", (Line(Sign.BAD, sentence, _("Ethics"), url),))
    if study.is_demo:
        return Findings()
    if not ethics.is_said:
        text = _("Nothing is said about an ethics board yet.")
        return Findings("", (Line(Sign.WARN, text, _("Ethics"), url),))
    if ethics.expires and ethics.is_ending(timezone.localdate()):
        text = _("The ethics approval ends on %(day)s.") % {"day": date_format(ethics.expires, DAY)}
        return Findings("", (Line(Sign.WARN, text, _("Ethics"), url),))
    return Findings("", (Line(Sign.OK, _("The ethics board has decided")),))


register(Station(85, gettext_lazy("Ethics"), "studies:ethics", look_at_ethics))
