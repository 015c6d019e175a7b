"""Forms of prices and budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Arm, ArmKind, Study

MOST_MONEY = Decimal("99999999")
MOST_TOKENS = 10**15


def _money(label: Any, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(0), max_value=MOST_MONEY, max_digits=14, decimal_places=6, **options
    )


def _currency(**options: Any) -> forms.RegexField:
    return forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        help_text=_("Three letters, such as USD or EUR."),
        error_messages={"invalid": _("A currency has three letters, such as USD.")},
        widget=forms.TextInput(attrs={"size": 4, "maxlength": 3, "autocapitalize": "characters"}),
        **options,
    )


class BudgetForm(forms.Form):
    money = _money(_("At most this much money"), required=False, help_text=_("Empty: no limit in money."))
    currency = _currency(required=False)
    tokens = forms.IntegerField(
        label=_("At most this many tokens"),
        min_value=0,
        max_value=MOST_TOKENS,
        required=False,
        help_text=_("Sent and received together. Empty: no limit in tokens."),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        found["currency"] = (found.get("currency") or "").upper()
        if found.get("money") is not None and not found["currency"] and "currency" not in self.errors:
            self.add_error("currency", ValidationError(_("Say in which currency the limit is.")))
        return found


class PriceForm(forms.Form):
    """The price of one of the study's models, as its provider lists it today."""

    which = forms.ChoiceField(label=_("Model"))
    currency = _currency()
    input_per_million = _money(_("A million tokens sent"))
    output_per_million = _money(_("A million tokens received"))
    batch_discount = forms.IntegerField(
        label=_("Discount for batches, in percent"), min_value=0, max_value=100, initial=50
    )
    since = forms.DateField(
        label=_("Price list of"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The day on which you read this price."),
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        arms = Arm.objects.filter(study=study, kind=ArmKind.MODEL).order_by("position")
        pairs = dict.fromkeys((arm.connection, arm.model) for arm in arms)
        pairs |= dict.fromkeys(study.trials.values_list("connection", "model"))
        self._pairs = {str(place): pair for place, pair in enumerate(pairs)}
        choices = [(place, f"{model} ({connection})") for place, (connection, model) in self._pairs.items()]
        self.fields["which"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def price(self) -> dict[str, Any]:
        """The fields of a `Price`."""
        found = dict(self.cleaned_data)
        connection, model = self._pairs[found.pop("which")]
        return {"connection": connection, "model": model, **found}
