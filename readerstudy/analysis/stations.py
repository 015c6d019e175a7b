"""The report as a station of a study."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.evidence import FINAL
from readerstudy.studies.models import Role, Study
from readerstudy.studies.stations import Findings, Line, Sign, Station, register

ROLES = (Role.COORDINATOR, Role.RESEARCHER, Role.ADJUDICATOR)


def _look(study: Study) -> Findings:
    """Says that the numbers are final once the study is closed; before, there is nothing to mend here."""
    if study.state not in FINAL:
        return Findings()
    url = reverse("analysis:report", args=[study.key])
    line = Line(Sign.OK, _("The study is closed; its report is final"), _("Open the report"), url)
    return Findings("", (line,))


register(Station(70, gettext_lazy("Report"), "analysis:report", _look, roles=frozenset(ROLES)))
