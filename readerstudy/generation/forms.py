"""Forms of the Outputs station."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models import Sampling, Verdict
from readerstudy.providers.texts import NEUTRAL, Rules
from readerstudy.studies.models import Arm, Study


class Group(models.TextChoices):
    """Groups of verdicts one may look at together."""

    FLAGGED = "flagged", _("await your verdict")
    DECLINED = "declined", _("declined, all kinds")


class FilterForm(forms.Form):
    """Which outputs a page shows; what is not understood filters nothing."""

    arm = forms.ModelChoiceField(
        Arm.objects.none(), required=False, empty_label=_("every arm"), label=_("Arm")
    )
    verdict = forms.ChoiceField(
        choices=[("", _("every verdict")), *Group.choices, *Verdict.choices],
        required=False,
        label=_("Verdict"),
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["arm"].queryset = Arm.objects.filter(study=study)  # type: ignore[attr-defined]  # a ModelChoiceField

    def chosen(self) -> tuple[Arm | None, str]:
        self.full_clean()
        answers = getattr(self, "cleaned_data", {})
        return answers.get("arm"), answers.get("verdict", "")


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(choices=Verdict.choices, label=_("Your verdict"))


class SamplingForm(forms.ModelForm[Sampling]):
    """How many outputs people confirm, and what they see beside them."""

    class Meta:
        model = Sampling
        fields = ("share", "fewest", "people", "telling")
        widgets = {
            "share": forms.NumberInput(attrs={"min": 0, "max": 100}),
            "people": forms.NumberInput(attrs={"min": 1, "max": 2}),
        }


class RulesForm(forms.Form):
    """What is levelled in every text of the study before readers see it."""

    white_space = forms.BooleanField(
        required=False, label=_("White space and invisible characters: one way of spacing for all")
    )
    reasoning = forms.BooleanField(
        required=False, label=_("Take out what a model thinks aloud, with its tags")
    )
    openings = forms.BooleanField(
        required=False, label=_("Take out set phrases at the beginning (“Certainly! Here is …”)")
    )
    closings = forms.BooleanField(required=False, label=_("Take out offers at the end (“Let me know if …”)"))
    headings = forms.BooleanField(required=False, label=_("Headings become plain lines"))
    emphasis = forms.BooleanField(required=False, label=_("Bold, italics and code become plain words"))
    bullets = forms.BooleanField(required=False, label=_("One kind of bullet and number"))
    tables = forms.BooleanField(required=False, label=_("Tables become plain lines"))
    emoji = forms.BooleanField(required=False, label=_("Take out emoji"))
    structure = forms.BooleanField(required=False, label=_("Lay out structured replies as labelled lines"))
    names = forms.BooleanField(required=False, label=_("Put a neutral word for names of models and makers"))
    neutral = forms.CharField(max_length=30, label=_("The neutral word"), initial=NEUTRAL)

    def rules(self) -> Rules:
        return Rules.from_json(self.cleaned_data)


class RedactionForm(forms.Form):
    """Words that are taken out of one text."""

    words = forms.CharField(max_length=400, label=_("Words to hide, as readers would see them"))
    reason = forms.CharField(max_length=200, label=_("Why"))
    restore = forms.BooleanField(required=False, widget=forms.HiddenInput)


class ApprovalForm(forms.Form):
    """A person's yes to the texts of an arm, as they were looked at."""

    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=400, required=False, label=_("Why these places may stay"))


class FreezeForm(forms.Form):
    """The missing outputs that are accepted, and why."""

    reason = forms.CharField(max_length=400, required=False, label=_("Why the missing outputs stay missing"))
