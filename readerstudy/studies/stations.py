"""The stations of a study: what the navigation shows and what stands between a draft and its start.

Each room registers its own stations in its `stations.py`; the overview, the navigation and the check before a start
all read this one registry, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.studies.models import Arm, Criterion, Design, Role, Study
from readerstudy.studies.models.criterion import Scope


class Sign(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Line:
    """One sentence about a study's readiness; `BAD` blocks the start. A remedy is a link that mends it."""

    sign: Sign
    text: str
    remedy: str = ""
    remedy_url: str = ""


@dataclass(frozen=True)
class Findings:
    """What a station has to say: a short count for the navigation and its lines for the overview."""

    count: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def sign(self) -> Sign:
        signs = {line.sign for line in self.lines}
        return next((sign for sign in (Sign.BAD, Sign.WARN) if sign in signs), Sign.OK)


@dataclass(frozen=True)
class Station:
    """One place in a study's console."""

    order: int
    label: str | Promise
    url_name: str
    look: Callable[[Study], Findings] = lambda _study: Findings()
    roles: frozenset[Role] = field(default=frozenset({Role.COORDINATOR}))

    def url(self, study: Study) -> str:
        return reverse(self.url_name, args=[study.key])


_stations: list[Station] = []


def register(station: Station) -> None:
    _stations.append(station)
    _stations.sort(key=lambda each: each.order)


def stations_for(roles: Iterable[str]) -> list[Station]:
    return [station for station in _stations if station.roles & set(roles)]


class Look:
    """One look at a study: every station is looked at once, when it is first asked for."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._found: dict[str, Findings] = {}

    def at(self, station: Station) -> Findings:
        if station.url_name not in self._found:
            self._found[station.url_name] = station.look(self.study)
        return self._found[station.url_name]

    def lines(self) -> list[Line]:
        """Every line of every station, what blocks first."""
        lines = [line for station in _stations for line in self.at(station).lines]
        return sorted(lines, key=lambda line: [Sign.BAD, Sign.WARN, Sign.OK].index(line.sign))

    def blockers(self) -> list[Line]:
        return [line for line in self.lines() if line.sign is Sign.BAD]


def readiness(study: Study) -> list[Line]:
    """Every line of every station, what blocks first."""
    return Look(study).lines()


def blockers(study: Study) -> list[Line]:
    return Look(study).blockers()


def _look_at_arms(study: Study) -> Findings:
    count, url = Arm.objects.filter(study=study).count(), reverse("studies:arms", args=[study.key])
    if not count:
        line = Line(Sign.BAD, _("No arm is defined, so there is nothing to compare."), _("Add an arm"), url)
    else:
        line = Line(Sign.OK, ngettext("%(n)d arm is defined", "%(n)d arms are defined", count) % {"n": count})
    return Findings(str(count), (line,))


def _look_at_criteria(study: Study) -> Findings:
    asked = list(Criterion.objects.of(study).values_list("question", "applies_to"))
    count, url = len(asked), reverse("studies:questions", args=[study.key])
    pairs = [question for question, scope in asked if scope == Scope.PAIR]
    if not asked:
        line = Line(Sign.BAD, _("Readers have no question to answer."), _("Add a question"), url)
    elif pairs and Design.objects.of(study).section("allocation").get("outputs") not in ("pairs", "together"):
        sentence = _("“%(question)s” is about two texts, but the plan shows readers one at a time.")
        remedy = _("Remove the question, or choose pairs in the plan")
        line = Line(Sign.BAD, sentence % {"question": pairs[0]}, remedy, url)
    else:
        line = Line(
            Sign.OK, ngettext("%(n)d question is set", "%(n)d questions are set", count) % {"n": count}
        )
    return Findings(str(count), (line,))


register(Station(0, gettext_lazy("Overview"), "studies:detail", roles=frozenset({Role.COORDINATOR})))
register(Station(20, gettext_lazy("Arms"), "studies:arms", _look_at_arms))
register(Station(40, gettext_lazy("Questions"), "studies:questions", _look_at_criteria))
register(
    Station(78, gettext_lazy("Life"), "studies:life", roles=frozenset({Role.COORDINATOR, Role.RESEARCHER}))
)
register(Station(80, gettext_lazy("Audit"), "studies:audit"))
register(
    Station(
        85,
        gettext_lazy("Protocol file"),
        "studies:protocol",
        roles=frozenset({Role.COORDINATOR, Role.RESEARCHER}),
    )
)
register(Station(90, gettext_lazy("Settings"), "studies:settings"))
