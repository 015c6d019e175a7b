"""The Outputs station: what is still missing, and what awaits a person."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.generation import steps
from readerstudy.generation.models import Hold
from readerstudy.generation.progress import Counts, changed_since, counts_of, flagged_of, total_of
from readerstudy.generation.steps import Step
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.stations import Findings, Line, Sign, Station, register


def _look(study: Study) -> Findings:
    counts = counts_of(study)
    total = total_of(counts.values())
    if not total.wanted:
        return Findings()
    lines = [_progress(study, counts, total), *_imports(study, counts), *_changed(study)]
    lines += [line for line in (_held(study, total), _flagged(study)) if line]
    count = str(total.wanted) if not total.missing else f"{total.done} / {total.wanted}"
    return Findings(count, tuple(line for line in lines if line))


def _progress(study: Study, counts: dict[Arm, Counts], total: Counts) -> Line | None:
    called = total_of(each for arm, each in counts.items() if not arm.is_recorded or not each.unasked)
    if not total.missing:
        text = ngettext("The %(n)d output is made", "All %(n)d outputs are made", total.wanted)
        return Line(Sign.OK, text % {"n": total.wanted})
    if not called.missing:
        return None
    missing = ngettext(
        "%(missing)d of %(wanted)d outputs is still missing",
        "%(missing)d of %(wanted)d outputs are still missing",
        called.missing,
    ) % {"missing": called.missing, "wanted": called.wanted}
    remedy = _("Retry") if called.failed else _("Make outputs") if called.unasked else _("Watch")
    return Line(Sign.BAD, f"{missing}: {', '.join(_reasons(called))}", remedy, _page(study))


def _reasons(counts: Counts) -> list[str]:
    """Why outputs are missing, in words, each with its number."""
    under_way = counts.running + counts.queued - counts.limited - counts.resting
    said = [
        (under_way, ngettext("%(n)d is under way", "%(n)d are under way", under_way)),
        (
            counts.limited,
            ngettext("%(n)d waits for the rate limit", "%(n)d wait for the rate limit", counts.limited),
        ),
        (
            counts.resting,
            ngettext("%(n)d waits for another try", "%(n)d wait for another try", counts.resting),
        ),
        (counts.failed, _("%(n)d failed")),
        (
            counts.unasked,
            ngettext("%(n)d was not asked for yet", "%(n)d were not asked for yet", counts.unasked),
        ),
    ]
    return [text % {"n": number} for number, text in said if number]


def _imports(study: Study, counts: dict[Arm, Counts]) -> list[Line]:
    lines = []
    for arm, each in counts.items():
        if arm.is_recorded and each.unasked:
            text = ngettext(
                "“%(arm)s” lacks the output for %(n)d case; outputs made elsewhere must be imported",
                "“%(arm)s” lacks the outputs for %(n)d cases; outputs made elsewhere must be imported",
                each.unasked,
            )
            url = reverse("generation:import", args=[study.key, arm.pk])
            lines.append(Line(Sign.BAD, text % {"arm": arm.name, "n": each.unasked}, _("Import"), url))
    return lines


def _changed(study: Study) -> list[Line]:
    lines = []
    for arm, count in changed_since(study):
        text = ngettext(
            "%(n)d output of “%(arm)s” was made before its model, prompt or parameters were changed",
            "%(n)d outputs of “%(arm)s” were made before its model, prompt or parameters were changed",
            count,
        )
        url = reverse("studies:edit_arm", args=[study.key, arm.pk])
        lines.append(Line(Sign.WARN, text % {"arm": arm.name, "n": count}, _("Look at the arm"), url))
    return lines


def _held(study: Study, total: Counts) -> Line | None:
    if not total.is_active or not Hold.objects.filter(study=study, ended_at=None).exists():
        return None
    return Line(Sign.WARN, _("Making outputs is paused"), _("Go on"), _page(study))


def _flagged(study: Study) -> Line | None:
    count = flagged_of(study).count()
    if not count:
        return None
    text = ngettext(
        "%(n)d output flagged as a refusal awaits your verdict",
        "%(n)d outputs flagged as refusals await your verdict",
        count,
    )
    url = f"{reverse('generation:texts', args=[study.key])}?verdict=flagged"
    return Line(Sign.WARN, text % {"n": count}, _("Read them"), url)


def _page(study: Study) -> str:
    return reverse("generation:outputs", args=[study.key])


register(Station(30, gettext_lazy("Outputs"), "generation:outputs", _look))
steps.register(Step(10, gettext_lazy("Make"), "generation:outputs"))
steps.register(Step(20, gettext_lazy("Read"), "generation:texts"))
