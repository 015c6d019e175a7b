"""Forms of a study's life: what a deed asks for, signatures, amendments, ethics, copies."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.accounts.models import User
from readerstudy.studies.actions.life import PILOT_CASES
from readerstudy.studies.actions.signing import Signing, has_second_factor
from readerstudy.studies.lifecycle import Deed, Move
from readerstudy.studies.models import Meaning, Study
from readerstudy.studies.wording import Place, Rows

SIGNING = ("printed_name", "meaning", "password", "code")
LONGEST = 20_000


class ReasonedForm(forms.Form):
    """A deed that may ask why, and for a signature."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept in the audit trail."),
    )
    printed_name = forms.CharField(label=_("Your name, as it is to be printed"), max_length=120)
    meaning = forms.ChoiceField(
        label=_("What your signature means"), choices=[("", _("choose …")), *Meaning.choices]
    )
    password = forms.CharField(
        label=_("Your password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("The code that your second factor shows now"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, by: User, is_signed: bool, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_signed = is_signed
        self.fields["printed_name"].initial = by.name
        if not is_signed:
            for name in SIGNING:
                del self.fields[name]
        elif not has_second_factor(by):
            del self.fields["code"]
        if not needs_reason:
            del self.fields["reason"]

    def answers(self) -> dict[str, Any]:
        """What was given, by the names under which the actions take it."""
        given = dict(self.cleaned_data)
        if self.is_signed:
            given["signing"] = Signing(**{name: given.pop(name) for name in SIGNING if name in given})
        return given


class DeedForm(ReasonedForm):
    """What one deed of the table asks for."""

    pilot_cases = forms.IntegerField(
        label=_("How many cases"),
        min_value=1,
        initial=PILOT_CASES,
        help_text=_("The first ones of the study."),
    )
    field_order = ("pilot_cases", "reason", *SIGNING)

    def __init__(self, *args: Any, move: Move, by: User, **kwargs: Any) -> None:
        asked = {"is_signed": move.is_signed, "needs_reason": move.needs_reason}
        super().__init__(*args, by=by, **asked, **kwargs)
        if move.deed != Deed.BEGIN_PILOT:
            del self.fields["pilot_cases"]


class SignedForm(ReasonedForm):
    """Why something is done that cannot be taken back, and the signature."""

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, is_signed=True, needs_reason=True, **kwargs)


class UnblindForm(SignedForm):
    """Breaking the blind early: for one case or for all."""

    case_code = forms.CharField(
        label=_("Case"),
        max_length=40,
        required=False,
        help_text=_("The code of one case. Leave it empty only if the arms of all cases must be known."),
    )
    field_order = ("case_code", "reason", *SIGNING)


class AmendForm(SignedForm):
    """Why a protocol is amended, and the signature."""


class WordingForm(forms.Form):
    """Every text of a locked protocol that an amendment may mend."""

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = Rows(study).places()
        for place in self.places:
            self.fields[place.name] = _text_field(place)

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under the question that they belong to; those of no question have an empty name."""
        together = groupby(self.places, key=_group)
        return [(name, [self[place.name] for place in places]) for (name, _key), places in together]

    def wording(self) -> dict[str, str]:
        """What was sent, by place; a text that the form did not carry stays as it is."""
        return {name: str(text) for name, text in self.cleaned_data.items() if name in self.data}


def _group(place: Place) -> tuple[str, str]:
    """Two questions may be worded alike; their keys differ."""
    return place.group, place.name.split(".")[1] if place.group else ""


def _text_field(place: Place) -> forms.Field:
    if place.name == "ethics.decision":
        choices = EthicsForm.base_fields["decision"].choices  # type: ignore[attr-defined]  # a ChoiceField
        return forms.ChoiceField(label=place.label, initial=place.text, required=False, choices=choices)
    if place.name == "ethics.expires":
        return forms.CharField(
            label=place.label,
            initial=place.text,
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
        )
    rows = {"rows": min(max(len(place.text) // 80 + 2, 3), 12)}
    return forms.CharField(
        label=place.within or place.label,
        initial=place.text,
        required=place.is_needed,
        max_length=LONGEST,
        widget=forms.Textarea(attrs=rows) if place.is_long else forms.TextInput(),
    )


class EthicsForm(forms.Form):
    """The facts that ethics boards and journals ask for."""

    registration = forms.CharField(
        label=_("Registration of the study"),
        max_length=200,
        required=False,
        help_text=_("Where the protocol is registered, with its number: OSF, ClinicalTrials.gov …"),
    )
    board = forms.CharField(label=_("Ethics board and its number"), max_length=200, required=False)
    decision = forms.ChoiceField(
        label=_("Its decision"),
        required=False,
        choices=[
            ("", _("not said")),
            ("approved", _("approved")),
            ("exempt", _("exempt from review")),
            ("not_human_subjects", _("not research on human subjects")),
            ("pending", _("still pending: nobody can read until it is there")),
        ],
    )
    expires = forms.DateField(
        label=_("Last day of the approval"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("After this day nobody can begin to read. Leave it empty where it does not expire."),
    )
    data_use = forms.CharField(
        label=_("Terms under which the images may be used"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The licence or agreement of each set of images."),
    )
    vendors_forbidden = forms.BooleanField(
        label=_("These terms forbid sending anything to vendors of models"),
        required=False,
        help_text=_("Then only models on an own server are called, whatever the provider cards allow."),
    )

    def section(self, before: dict[str, Any]) -> dict[str, Any]:
        """The section in the form of a protocol file; what the form does not name stays."""
        given = dict(self.cleaned_data)
        if given["expires"]:
            given["expires"] = given["expires"].isoformat()
        kept = {name: value for name, value in before.items() if name not in given}
        return kept | {name: value for name, value in given.items() if value}


class CopyForm(forms.Form):
    title = forms.CharField(label=_("Title of the new study"), max_length=160)
