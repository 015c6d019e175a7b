"""The form of a provider's card."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t

from readerstudy.generation.models import BINDING, TrainingUse, VendorCard

FIELDS = [
    "agreement",
    "reference",
    "signed_on",
    "expires_on",
    "region",
    "retention",
    "training",
    "contact",
    "allows_patient_data",
]


class CardForm(forms.ModelForm[VendorCard]):
    """The next version of a card; the action writes it."""

    class Meta:
        model = VendorCard
        fields = FIELDS
        widgets = {
            "signed_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "expires_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        signed, expires = answers.get("signed_on"), answers.get("expires_on")
        if signed and expires and expires < signed:
            self.add_error("expires_on", _t("This is before the day of signing."))
        if answers.get("allows_patient_data"):
            self._check_grounds(answers)
        return answers

    def _check_grounds(self, answers: dict[str, Any]) -> None:
        if answers.get("agreement") not in BINDING:
            sentence = _t("Patient data may go only where an agreement binds the provider. Choose which one.")
            self.add_error("agreement", sentence)
        if answers.get("training") != TrainingUse.EXCLUDED:
            sentence = _t("Patient data may go only where training on them is excluded.")
            self.add_error("training", sentence)

    def card_fields(self) -> dict[str, Any]:
        """The card's columns, ready for `actions.save_card`."""
        return {name: self.cleaned_data[name] for name in FIELDS}

    def _post_clean(self) -> None:
        """The database's own rules are said by `clean`, in whole sentences."""
