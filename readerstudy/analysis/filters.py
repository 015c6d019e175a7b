"""Which cases, readers and arms a filtered view keeps, as an address names them and as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.estimates.strata import cases_at, levels_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.narrow import narrowed
from readerstudy.studies.models import Membership

Choice = tuple[str, str]
SPECIALTY, YEARS, ONE = "specialty", "years", "reader"
BANDS = {"0-4": (0, 5), "5-9": (5, 10), "10-": (10, 200)}
"""Years of experience: from, and below which."""


class FilterForm(forms.Form):
    """What may be kept of this evidence; nothing chosen keeps all."""

    stratum = forms.ChoiceField(label=gettext_lazy("Cases"), required=False)
    readers = forms.ChoiceField(label=gettext_lazy("Readers"), required=False)
    arm = forms.ChoiceField(label=gettext_lazy("Arm"), required=False)

    def __init__(self, data: object, *, evidence: Evidence) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict, as views have it
        everything = {
            "stratum": (_("all cases"), strata_choices(evidence)),
            "readers": (_("all readers"), reader_choices(evidence)),
            "arm": (_("all arms"), arm_choices(evidence)),
        }
        for name, (all_of_them, choices) in everything.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type alone
            field.choices = [("", all_of_them), *choices]

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that hold, by field."""
        return {name: value for name, value in self.cleaned_data.items() if value}


@dataclass(frozen=True)
class Held:
    """The filters that hold: `keys` for the record, `words` for people."""

    keys: str
    words: tuple[str, ...]


def held(form: FilterForm) -> Held:
    """The chosen filters; call it on a valid form."""
    labels = [
        f"{form.fields[name].label}: {dict(_flat(form, name))[value]}" for name, value in form.chosen.items()
    ]
    keys = " ".join(f"{name}={value}" for name, value in sorted(form.chosen.items()))
    return Held(keys, tuple(labels))


def part_of(evidence: Evidence, form: FilterForm) -> Evidence:
    """What the chosen filters keep."""
    stratum, readers, arm = (form.chosen.get(name, "") for name in ("stratum", "readers", "arm"))
    name, _equals, level = stratum.partition("=")
    return narrowed(
        evidence,
        cases=cases_at(evidence, name, level) if stratum else None,
        readers=frozenset(_readers(evidence, readers)) if readers else None,
        arms=frozenset(pk for pk, row in evidence.table.arms.items() if row.name == arm) if arm else None,
    )


def strata_choices(evidence: Evidence) -> list[Choice]:
    return [
        (f"{name}={level}", f"{name}: {level or _('not stated')}")
        for name, levels in levels_of(evidence).items()
        for level in levels
    ]


def arm_choices(evidence: Evidence) -> list[Choice]:
    names = [arm.name for arm in evidence.arms]
    return [(name, name) for name in names] if len(names) > 1 else []


def reader_choices(evidence: Evidence) -> list[Choice]:
    """Groups that tell readers apart, then each reader alone."""
    readers = evidence.table.readers.values()
    specialties = sorted({_profile(reader)[0] for reader in readers})
    bands = [band for band in BANDS if any(_is_in(band, reader) for reader in readers)]
    groups = [(f"{SPECIALTY}={name}", name or _("no specialty stated")) for name in specialties]
    years = [(f"{YEARS}={band}", _band_words(band)) for band in bands]
    alone = [(f"{ONE}={reader.pseudonym}", reader.pseudonym) for reader in readers]
    return [
        *(groups if len(groups) > 1 else []),
        *(years if len(years) > 1 else []),
        *(alone if len(alone) > 1 else []),
    ]


def _readers(evidence: Evidence, chosen: str) -> Iterator[int]:
    kind, _equals, value = chosen.partition("=")
    for pk, reader in evidence.table.readers.items():
        if (
            (kind == SPECIALTY and _profile(reader)[0] == value)
            or (kind == YEARS and _is_in(value, reader))
            or (kind == ONE and reader.pseudonym == value)
        ):
            yield pk


def _profile(reader: Membership) -> tuple[str, int | None]:
    profile = getattr(reader.user, "profile", None)
    return (profile.specialty, profile.years_experience) if profile else ("", None)


def _is_in(band: str, reader: Membership) -> bool:
    years = _profile(reader)[1]
    low, high = BANDS[band]
    return years is not None and low <= years < high


def _band_words(band: str) -> str:
    low, high = BANDS[band]
    if low == 0:
        return _("less than %(n)s years of experience") % {"n": high}
    if band.endswith("-"):
        return _("%(n)s years of experience or more") % {"n": low}
    return _("%(low)s to %(high)s years of experience") % {"low": low, "high": high - 1}


def _flat(form: FilterForm, name: str) -> Sequence[Choice]:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type alone
    return [(str(value), str(words)) for value, words in field.choices]  # type: ignore[union-attr,misc]
