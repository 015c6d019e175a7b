"""Any table of ratings analysed without a study: the page of `manage.py analyse`. Nothing of it is kept."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from readerstudy.accounts.people import signed_in

KILO = 1000
MOST = {"ratings": 3000 * KILO, "plan": 100 * KILO, "reference": 1000 * KILO}
MOST_SECONDS = 60
MOST_ROWS = 2000
REFUSED = 422
NONE = "-"


class TableForm(forms.Form):
    """A long table and what belongs to it; each file within its limit."""

    ratings = forms.FileField(
        label=gettext_lazy("Ratings"),
        help_text=gettext_lazy(
            "A CSV file with the columns reader, case, criterion, value and, where there are such, "
            "arm, repeat, period, "
            "position, side, count. At most 3 MB."
        ),
    )
    plan = forms.FileField(
        label=gettext_lazy("Plan"),
        required=False,
        help_text=gettext_lazy(
            "A YAML file that says what the criteria are; without it that is guessed. At most 100 kB."
        ),
    )
    reference = forms.FileField(
        label=gettext_lazy("Reference standard"),
        required=False,
        help_text=gettext_lazy(
            "A CSV file with the columns case, label and, where there are several, criterion. At most 1 MB."
        ),
    )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for name, most in MOST.items():
            file = answers.get(name)
            if file and file.size > most:
                self.add_error(name, _("This file is too large for the page. Use manage.py analyse for it."))
        return answers


@require_http_methods(["GET", "POST"])
def analyse_table(request: HttpRequest) -> HttpResponse:
    """The form, and the estimates of the table that was sent."""
    user, is_sent = signed_in(request), request.method == "POST"
    form = TableForm(request.POST, request.FILES) if is_sent else TableForm()
    found = _analysed(form, user.pk) if is_sent and form.is_valid() else None
    context = {"form": form, **(_shown(found) if found else {})}
    return render(request, "analysis/analyse.html", context, status=REFUSED if form.errors else 200)


def _analysed(form: TableForm, user: int) -> dict[str, Any] | None:
    """The analysis; None where there is none, with a sentence in the form. One at a time for each person."""
    turn = f"analyse:{user}"
    if not cache.add(turn, 1, MOST_SECONDS + 10):
        form.add_error(None, _("Another table of yours is being analysed. Send this one when it is done."))
        return None
    try:
        return _computed(form)
    finally:
        cache.delete(turn)


def _computed(form: TableForm) -> dict[str, Any] | None:
    with tempfile.TemporaryDirectory(dir=settings.VAR) as folder:
        paths = [_laid(form.cleaned_data.get(name), Path(folder) / name) for name in MOST]
        command = [sys.executable, "-m", "readerstudy.stats.analyse.alone", *paths]
        try:
            done = subprocess.run(
                command, cwd=settings.BASE_DIR, capture_output=True, timeout=MOST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            form.add_error(None, _("This takes longer than a minute. Use manage.py analyse for it."))
            return None
    found: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"problems": [_died()]}
    for sentence in found.get("problems", ()):
        form.add_error("ratings", sentence)
    return None if "problems" in found else found


def _died() -> str:
    return _("The table could not be analysed here. Use manage.py analyse, which says more.")


def _laid(file: UploadedFile[Any] | None, path: Path) -> str:
    """The file's bytes under a name of ours; “-” for none."""
    if not file:
        return NONE
    with path.open("wb") as out:
        out.writelines(file.chunks())
    return str(path)


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    """The estimates by criterion, as many as a page can hold, and all of it as a file within the page."""
    estimates = found["estimates"]
    rows = groupby(estimates[:MOST_ROWS], key=lambda each: each["criterion"])
    text = json.dumps(found, ensure_ascii=False, indent=1).encode()
    return {
        "found": found,
        "groups": [(name, [_row(each) for each in group]) for name, group in rows],
        "count": len(estimates),
        "left": max(len(estimates) - MOST_ROWS, 0),
        "file": "data:application/json;base64," + base64.b64encode(text).decode(),
    }


def _row(each: dict[str, Any]) -> dict[str, Any]:
    of = [str(each[name]) for name in ("arm", "contrast", "reader", "category") if each[name] is not None]
    interval = "" if each["ci"] is None else f"{_number(each['ci'][0])} … {_number(each['ci'][1])}"
    return {
        "name": each["estimator"],
        "variant": each["variant"] or "",
        "of": " · ".join(of),
        "value": _number(each["value"]),
        "interval": interval,
        "p": _number(each["p"]),
        "counts": [each[name] for name in ("n_cases", "n_readers", "n_ratings", "n_missing")],
        "reason": each["reason"] or "",
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
