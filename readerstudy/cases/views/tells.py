"""What gives strata away: how well size, format and file size tell their values apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from readerstudy.cases.models import ShownAs
from readerstudy.cases.normal_sets import progress
from readerstudy.cases.tells import PROPERTIES, Comparison, Spread, Target, Tells, tells_of
from readerstudy.stats.separation import CLEAR_AUC, LEAST_CASES, PERMUTATIONS
from readerstudy.studies.access import access_study
from readerstudy.studies.models import Role
from readerstudy.studies.policies import can_change_protocol

IN_BYTES = ("bytes", "sent", "preview")
WITH_DECIMALS = ("aspect", "enlarged", "pixels")
MEGA = 1_000_000


@require_safe
def show_tells(request: HttpRequest, key: str) -> HttpResponse:
    """Every stratum and the reference standard, under the present rules and in full range."""
    access = access_study(request, key, Role.COORDINATOR)
    tells = tells_of(access.study)
    context = {
        "access": access,
        "study": access.study,
        "can_change": can_change_protocol(access.study),
        "tells": tells,
        "targets": [_told(target, tells) for target in tells.targets],
        "progress": progress(access.study),
        "shown_as": tells.shown_as.label,
        "is_whole": tells.shown_as == ShownAs.FULL,
        "is_normal": tells.shown_as == ShownAs.NORMAL,
        "least": LEAST_CASES,
        "clear_auc": number_format(CLEAR_AUC, 1),
        "shuffles": PERMUTATIONS,
    }
    return render(request, "cases/tells.html", context)


def _told(target: Target, tells: Tells) -> dict[str, Any]:
    names, now, whole = list(PROPERTIES), target.now, target.whole
    shown = [at for at in range(len(names)) if now.varies(at) or whole.varies(at)]
    same = [str(PROPERTIES[name]) for at, name in enumerate(names) if at not in shown]
    return {
        "name": target.name,
        "values": target.values,
        "rare": target.rare,
        "is_clear": now.found.is_clear,
        "now": _figures(now),
        "whole": _figures(whole),
        "rows": [_row(names[at], at, now, whole) for at in shown],
        "whole_rows": []
        if tells.shown_as == ShownAs.FULL
        else [_row(names[at], at, whole, whole) for at in shown],
        "same": same,
    }


def _figures(comparison: Comparison) -> dict[str, Any]:
    best, combined = comparison.found.best, comparison.found.combined
    single = comparison.found.single
    return {
        "combined": _area(combined.value),
        "combined_p": _area(combined.p),
        "category": combined.category,
        "best": _area(best.value),
        "best_p": _area(best.p),
        "best_name": list(PROPERTIES.values())[single.index(max(single))],
        "varies": max(single) > 0.5 or (combined.value or 0.5) != 0.5,
    }


def _row(name: str, at: int, shown: Comparison, whole: Comparison) -> dict[str, Any]:
    return {
        "label": PROPERTIES[name],
        "now": _area(shown.found.single[at]),
        "whole": _area(whole.found.single[at]),
        "spreads": [_spread(name, spread) for spread in shown.spreads[at]],
    }


def _area(value: float | None) -> str:
    return "—" if value is None else _rounded(value, 2)


def _spread(name: str, spread: Spread) -> str:
    """The median and the ends; of colour, how many images have it."""
    if name == "colour":
        return _("%(share)s %%") % {"share": _rounded(100 * spread.mean, 0)}
    if spread.low == spread.high:
        return _number(name, spread.low)
    told: Sequence[str] = [_number(name, number) for number in (spread.median, spread.low, spread.high)]
    return _("%(median)s (%(low)s to %(high)s)") % dict(zip(("median", "low", "high"), told, strict=True))


def _number(name: str, number: float) -> str:
    """A size of no bytes is that of a file which is still to be made, as large as all the others."""
    if name in IN_BYTES:
        return str(filesizeformat(number)) if number else _("the same")
    shown = number / MEGA if name == "pixels" else number
    return _rounded(shown, 2 if name in WITH_DECIMALS else 0)


def _rounded(number: float, decimals: int) -> str:
    """In the reader's notation, which by itself would cut digits off."""
    return str(number_format(round(number, decimals), decimals))
