"""The form of a plan: the parts that combine to every published design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.designs.plan import DEFAULT_DISTANCE, DEFAULT_WASHOUT_DAYS, Checks, Repeats

COVERAGES = [
    ("crossed", _("Every reader reads every case")),
    ("overlap", _("Each case is read by some readers, a share of the cases by all")),
    ("split_plot", _("Groups of readers read groups of cases")),
    ("incomplete_blocks", _("Each case is read by some readers, and every two readers share equally many")),
]
COMPARISONS = [
    ("one_at_a_time", _("One text at a time; the texts of every arm, one after another")),
    ("together", _("The texts of all arms side by side")),
    ("pairs", _("Two texts side by side, until every pair of arms was seen")),
    ("one_arm", _("The text of one arm only; which one differs from reader to reader")),
]
BELONGS = {
    "groups": ("split_plot",),
    "readers_per_case": ("overlap", "incomplete_blocks"),
    "shared": ("overlap",),
}
"""The plans that a number belongs to; all others have no meaning for it."""
MADE = ("known_bad", "identical", "blank")
"""Attention checks that are made of the study's own cases, each by how many a reader gets in each period."""
USUAL_REPEATS, USUAL_CHECKS = Repeats(), Checks(())


def _number(label: Any, low: int, high: int, usual: int | None, help_text: Any = "") -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"size": 5})
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        initial=usual,
        required=False,
        help_text=help_text,
        widget=widget,
    )


class PlanForm(forms.Form):
    """Who reads which case and what of it; `section` gives it back in the words of a protocol file."""

    plan = forms.ChoiceField(label=_("Who reads which case"), choices=COVERAGES, widget=forms.RadioSelect)
    groups = _number(_("Groups"), 2, 1000, 2)
    readers_per_case = _number(_("Readers of each case"), 1, 10_000, 2)
    shared = _number(_("Cases that everybody reads, in percent"), 0, 100, 20)
    outputs = forms.ChoiceField(
        label=_("What they see of a case"), choices=COMPARISONS, widget=forms.RadioSelect
    )
    pairs_per_case = _number(
        _("Pairs of each case for each reader"), 1, 325, None, _("Empty: every pair of arms.")
    )
    crossover = forms.BooleanField(
        label=_("Show the arms of a case in periods of their own, with a washout between them"),
        required=False,
    )
    washout_days = _number(
        _("Days of washout"),
        0,
        3650,
        DEFAULT_WASHOUT_DAYS,
        _("So many days lie at least between two readings of one case by one reader. 28 days are usual."),
    )
    repeats = forms.BooleanField(
        label=_("Show some presentations again, unmarked, to see how far readers agree with themselves"),
        required=False,
    )
    repeats_share = _number(_("Share that comes again, in percent"), 0, 100, round(USUAL_REPEATS.share * 100))
    repeats_fewest = _number(_("At least so many"), 1, 10_000, USUAL_REPEATS.fewest)
    repeats_distance = _number(_("Presentations in between"), 1, 10_000, DEFAULT_DISTANCE)
    checks = forms.BooleanField(label=_("Put attention checks in between"), required=False)
    known_bad = _number(
        _("Known-bad outputs"), 0, 1000, 0, _("Each was written about a case with another reference label.")
    )
    identical = _number(
        _("Identical pairs"), 0, 1000, 0, _("The same text on both sides; texts must stand side by side.")
    )
    blank = _number(_("Blank images"), 0, 1000, 0, _("The text of a case beside images without content."))
    checks_every = _number(
        _("One check case in every so many presentations"),
        2,
        10_000,
        USUAL_CHECKS.every,
        _("Counts only where cases have the purpose “attention checks”."),
    )

    def __init__(self, data: Any = None, *, check_codes: Sequence[str], stored: Mapping[str, Any]) -> None:
        """`check_codes` are the cases that serve as checks; `stored` is the section as it is, for what has no field."""
        super().__init__(data, initial=_initial(stored))
        self._codes, self._stored = list(check_codes), stored

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, plans in BELONGS.items():
            if found.get("plan") in plans and found.get(name) is None and name not in self.errors:
                self.add_error(name, _("This plan needs a number here."))
        if found.get("checks") and not self._codes and not any(found.get(name) for name in MADE):
            self.add_error(
                "checks",
                _(
                    "No case serves as a check. Say below how many checks of each kind are made, or under Images, "
                    "Purposes, which cases do."
                ),
            )
        return found

    @property
    def section(self) -> dict[str, Any]:
        """The allocation section of a protocol file; only of a valid form."""
        found = self.cleaned_data
        section: dict[str, Any] = {"plan": found["plan"], "outputs": found["outputs"]}
        section |= {name: found[name] for name, plans in BELONGS.items() if found["plan"] in plans}
        if "shared" in section:
            section["shared"] = self._share("shared", self._stored.get("shared"))
        if found["outputs"] == "pairs" and found["pairs_per_case"]:
            section["pairs_per_case"] = found["pairs_per_case"]
        section |= {name: value for name, value in self._extras().items() if value is not None}
        return section | ({"seed": self._stored["seed"]} if "seed" in self._stored else {})

    def _extras(self) -> dict[str, Any]:
        found = self.cleaned_data
        days = _or(found["washout_days"], DEFAULT_WASHOUT_DAYS)
        return {
            "crossover": True if found["crossover"] else None,
            "washout_days": days if found["crossover"] else None,
            "repeats": self._repeats() if found["repeats"] else None,
            "checks": self._checks() if found["checks"] else None,
        }

    def _repeats(self) -> dict[str, Any]:
        found = self.cleaned_data
        return {
            "share": self._share("repeats_share", self._stored.get("repeats", {}).get("share")),
            "fewest": _or(found["repeats_fewest"], USUAL_REPEATS.fewest),
            "distance": _or(found["repeats_distance"], DEFAULT_DISTANCE),
        }

    def _share(self, name: str, stored: float | None) -> float:
        """The form has whole percents; a finer share that nobody touched stays as it was stored."""
        if stored is not None and name not in self.changed_data:
            return stored
        return _or(self.cleaned_data[name], self.fields[name].initial) / 100

    def _checks(self) -> dict[str, Any]:
        every = _or(self.cleaned_data["checks_every"], USUAL_CHECKS.every)
        kept = [row for row in self._stored.get("checks", {}).get("key", ()) if row["case"] in self._codes]
        named = {"codes": self._codes, "every": every, **({"key": kept} if kept else {})}
        made = {name: number for name in MADE if (number := self.cleaned_data[name])}
        return {**(named if self._codes else {}), **made}


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _initial(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a section as the form shows them: shares in percent."""
    repeats, checks = stored.get("repeats"), stored.get("checks")
    simple = ("plan", "groups", "readers_per_case", "outputs", "pairs_per_case", "crossover", "washout_days")
    found = {name: stored[name] for name in simple if name in stored}
    if "shared" in stored:
        found["shared"] = round(stored["shared"] * 100)
    if repeats is not None:
        found |= {f"repeats_{name}": value for name, value in repeats.items() if name != "share"}
        found["repeats"] = True
        found["repeats_share"] = round(repeats.get("share", USUAL_REPEATS.share) * 100)
    if checks:
        found |= {"checks": True, "checks_every": checks.get("every", USUAL_CHECKS.every)}
        found |= {name: checks[name] for name in MADE if name in checks}
    return {"outputs": "one_at_a_time", **found}
