"""The Outputs station: what is still missing, and what awaits a person."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.generation import steps
from readerstudy.generation.blinding.freezing import accepted_missing, open_count
from readerstudy.generation.blinding.levelled import arms_of
from readerstudy.generation.leaving.departures import departure_lines
from readerstudy.generation.models import Hold, Purse, Stop
from readerstudy.generation.prompting.prompts import look_at_prompts
from readerstudy.generation.prompting.trials import marks_of
from readerstudy.generation.running.drift import drifts_of
from readerstudy.generation.running.progress import Counts, changed_since, counts_of, flagged_of, total_of
from readerstudy.generation.steps import Step
from readerstudy.studies import prompt_marks
from readerstudy.studies.models import Arm, ArmKind, Study
from readerstudy.studies.policies import can_change_protocol
from readerstudy.studies.stations import Findings, Line, Sign, Station, register


def _look(study: Study) -> Findings:
    counts = counts_of(study)
    total = total_of(counts.values())
    if not total.wanted:
        return Findings()
    still_open = open_count(study)
    lines = [*_made(study, counts, total, still_open), *_changed(study)]
    lines += departure_lines(study, (arm for arm, each in counts.items() if each.missing))
    lines += _drifts(study)
    lines += [line for line in (_stopped(study, total), _held(study, total), _flagged(study)) if line]
    count = str(total.wanted) if not total.missing else f"{total.done} / {total.wanted}"
    return Findings(count, tuple(line for line in lines if line))


def _made(study: Study, counts: dict[Arm, Counts], total: Counts, still_open: int) -> list[Line | None]:
    """What is missing until it is frozen. What is frozen is settled, with what was accepted as missing."""
    if not still_open:
        return [_frozen(study, total)]
    unfrozen = _unfrozen(study, still_open) if can_change_protocol(study) else None
    return [_progress(study, counts, total), *_imports(study, counts), unfrozen]


def _frozen(study: Study, total: Counts) -> Line:
    text = ngettext("The %(n)d output is frozen", "All %(n)d outputs are frozen", total.wanted)
    told, missing = text % {"n": total.wanted}, len(accepted_missing(study))
    if missing:
        told += "; " + ngettext(
            "%(n)d was accepted as missing", "%(n)d were accepted as missing", missing
        ) % {"n": missing}
    return Line(Sign.OK, told)


def _unfrozen(study: Study, count: int) -> Line:
    text = ngettext("%(n)d output is not frozen yet", "%(n)d outputs are not frozen yet", count)
    url = reverse("generation:freeze", args=[study.key])
    return Line(Sign.BAD, text % {"n": count}, _("Freeze"), url)


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
        if arm.kind == ArmKind.HUMAN and each.unasked:
            lines.append(_unwritten(study, arm, each.unasked))
        elif arm.is_recorded and each.unasked:
            text = ngettext(
                "“%(arm)s” lacks the output for %(n)d case; outputs made elsewhere must be imported",
                "“%(arm)s” lacks the outputs for %(n)d cases; outputs made elsewhere must be imported",
                each.unasked,
            )
            url = reverse("generation:import", args=[study.key, arm.pk])
            lines.append(Line(Sign.BAD, text % {"arm": arm.name, "n": each.unasked}, _("Import"), url))
    return lines


def _unwritten(study: Study, arm: Arm, count: int) -> Line:
    text = ngettext(
        "“%(arm)s” lacks the text for %(n)d case; people write them here, or they are imported",
        "“%(arm)s” lacks the texts for %(n)d cases; people write them here, or they are imported",
        count,
    )
    url = reverse("generation:write", args=[study.key])
    return Line(Sign.BAD, text % {"arm": arm.name, "n": count}, _("Write"), url)


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


def _drifts(study: Study) -> list[Line]:
    lines = []
    for drift in drifts_of(study):
        if drift.is_another_model:
            text = _("“%(arm)s” was served by different models: %(models)s") % {
                "arm": drift.arm.name,
                "models": ", ".join(drift.models),
            }
        else:
            text = _("“%(arm)s” was served by one model with different fingerprints") % {
                "arm": drift.arm.name
            }
        lines.append(Line(Sign.WARN, text, _("Look at them"), f"{_page(study)}#drift"))
    return lines


def _stopped(study: Study, total: Counts) -> Line | None:
    """The budget blocks nothing by itself; what is missing because of it does."""
    purse = Purse.objects.filter(study=study).exclude(stop="").first()
    if purse is None or not total.is_active:
        return None
    text = _("Making outputs has stopped: %(why)s") % {"why": Stop(purse.stop).label}
    return Line(Sign.WARN, text, _("Look at the budget"), reverse("generation:costs", args=[study.key]))


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


def _to_confirm(study: Study) -> str:
    return _or_nothing(flagged_of(study).count())


def _to_approve(study: Study) -> str:
    return _or_nothing(sum(not each.is_approved for each in arms_of(study)))


def _to_freeze(study: Study) -> str:
    return _or_nothing(open_count(study))


def _or_nothing(count: int) -> str:
    return str(count) if count else ""


def _page(study: Study) -> str:
    return reverse("generation:outputs", args=[study.key])


prompt_marks.register(marks_of)
register(Station(15, gettext_lazy("Prompts"), "generation:prompts", look_at_prompts))
register(Station(30, gettext_lazy("Outputs"), "generation:outputs", _look))
steps.register(Step(10, gettext_lazy("Make"), "generation:outputs"))
steps.register(Step(12, gettext_lazy("Costs"), "generation:costs"))
steps.register(Step(14, gettext_lazy("Calls"), "generation:attempts"))
steps.register(Step(20, gettext_lazy("Read"), "generation:texts"))
steps.register(Step(25, gettext_lazy("Judging model"), "generation:judging"))
steps.register(Step(30, gettext_lazy("Confirm"), "generation:verdicts", _to_confirm))
steps.register(Step(40, gettext_lazy("Level"), "generation:leaks", _to_approve))
steps.register(Step(50, gettext_lazy("Freeze"), "generation:freeze", _to_freeze))
steps.register(Step(90, gettext_lazy("What left"), "generation:departures"))
