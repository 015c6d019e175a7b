"""The forms around disagreements: the rules of the protocol, and why one is closed or given to somebody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from readerstudy.reading.scales.base import number_text, options_of
from readerstudy.studies.models import Criterion, Membership
from readerstudy.studies.protocol.adjudicating import ANY_OF, COUNTING, LIMITED, triggers_for
from readerstudy.studies.rubrics.values import as_text, plain, read_number

BY = [
    ("", _("Nobody. The ratings stay side by side as they are.")),
    ("third_reader", _("A third reader, who is told nothing of what the readers said")),
    ("panel", _("A panel, which sees what the readers said, without names and in random order")),
]
TRIGGERS = {
    "": _("No rule"),
    "difference": _("any two readers answer differently"),
    "gap": _("their numbers lie apart by at least"),
    "overlap": _("what two readers marked overlaps by less than"),
    "distance": _("points lie further apart than"),
    "any_of": _("a reader gives one of these answers"),
    "at_least": _("a reader gives at least"),
}


@dataclass(frozen=True)
class RuleRow:
    """The fields of one rule with the question that it is about."""

    criterion: Criterion
    fields: Mapping[str, Any]

    @property
    def errors(self) -> list[str]:
        return [error for field in self.fields.values() for error in field.errors]


class RulesForm(forms.Form):
    """Who settles disagreements, and what counts as one; `section` gives it back in the words of a protocol file.

    Each criterion that can be compared has a row, one that has several rules a row for each. The questions of the
    second stage are written in the protocol file and kept as they are.
    """

    by = forms.ChoiceField(
        label=_("Who settles what readers disagree about"),
        choices=BY,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, criteria: Iterable[Criterion], stored: Mapping[str, Any]) -> None:
        super().__init__(data, initial={"by": stored.get("by", "")})
        self._stored = stored
        self._rows = list(_rows(criteria, stored.get("rules", ())))
        for place, (criterion, rule) in enumerate(self._rows):
            for name, field in _fields(criterion, rule).items():
                self.fields[f"{name}_{place}"] = field

    @property
    def rows(self) -> list[RuleRow]:
        """One for each rule or question, in the order of the questions."""
        return [
            RuleRow(
                criterion,
                {
                    name: self[f"{name}_{place}"]
                    for name in ("trigger", "limit", "values", "readers")
                    if f"{name}_{place}" in self.fields
                },
            )
            for place, (criterion, _rule) in enumerate(self._rows)
        ]

    @property
    def section(self) -> dict[str, Any]:
        """The section of a protocol file; only of a valid form. Empty where nobody settles anything."""
        rules = [rule for place, row in enumerate(self._rows) if (rule := self._rule(place, row[0]))]
        kept = {"second_stage": self._stored["second_stage"]} if self._stored.get("second_stage") else {}
        if not self.cleaned_data["by"]:
            return {}
        return {"by": self.cleaned_data["by"], **({"rules": rules} if rules else {}), **kept}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("by"):
            return found
        for place, (criterion, _rule) in enumerate(self._rows):
            self._check(found, place, criterion)
        has_rule = any(found.get(f"trigger_{place}") for place in range(len(self._rows)))
        if not has_rule and not self._stored.get("second_stage") and not self.errors:
            self.add_error("by", _("Choose for at least one question what counts as a disagreement."))
        return found

    def _check(self, found: Mapping[str, Any], place: int, criterion: Criterion) -> None:
        trigger = found.get(f"trigger_{place}")
        if trigger in LIMITED and found.get(f"limit_{place}") is None and f"limit_{place}" not in self.errors:
            self.add_error(f"limit_{place}", _("This rule needs a number."))
        if trigger == ANY_OF and not found.get(f"values_{place}") and f"values_{place}" not in self.errors:
            self.add_error(f"values_{place}", _("Say which answers count."))

    def _rule(self, place: int, criterion: Criterion) -> dict[str, Any]:
        found = self.cleaned_data
        trigger = found[f"trigger_{place}"]
        if not trigger:
            return {}
        rule: dict[str, Any] = {"criterion": criterion.key, "trigger": trigger}
        if trigger in LIMITED:
            rule["limit"] = plain(found[f"limit_{place}"])
        if trigger == ANY_OF:
            rule["values"] = [_as_file(criterion, value) for value in found[f"values_{place}"]]
        readers = found.get(f"readers_{place}") or 1
        return {**rule, "readers": readers} if trigger in COUNTING and readers > 1 else rule


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=400, widget=forms.TextInput(attrs={"size": 40}))


class ReassignForm(ReasonForm):
    """`adjudicators` are the others who settle disagreements in this study."""

    def __init__(self, data: Any, *, adjudicators: QuerySet[Membership]) -> None:
        super().__init__(data)
        self.fields["to"] = forms.ModelChoiceField(label=_("To"), queryset=adjudicators)


class _Values(forms.CharField):
    """Numbers with commas between them, for questions that have no options."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        found = [each.strip() for each in str(value or "").split(",") if each.strip()]
        if any(read_number(each) is None for each in found):
            raise forms.ValidationError(_("Write numbers with commas between them."))
        return found


def _rows(
    criteria: Iterable[Criterion], rules: Sequence[Mapping[str, Any]]
) -> Iterable[tuple[Criterion, Mapping[str, Any]]]:
    for criterion in criteria:
        if triggers_for(criterion.kind):
            own = [rule for rule in rules if rule["criterion"] == criterion.key]
            yield from ((criterion, rule) for rule in own or [{}])


def _fields(criterion: Criterion, rule: Mapping[str, Any]) -> dict[str, forms.Field]:
    triggers = triggers_for(criterion.kind)
    found: dict[str, forms.Field] = {
        "trigger": forms.ChoiceField(
            label=_("What counts as a disagreement"),
            choices=[(name, TRIGGERS[name]) for name in ("", *triggers)],
            initial=rule.get("trigger", ""),
            required=False,
        )
    }
    if LIMITED & set(triggers):
        found["limit"] = forms.FloatField(
            label=_("Number"),
            initial=number_text(rule["limit"]) if "limit" in rule else None,
            required=False,
            widget=forms.NumberInput(attrs={"step": "any", "size": 6}),
        )
    if ANY_OF in triggers:
        found["values"] = _values_field(criterion, [as_text(value) for value in rule.get("values", ())])
    if COUNTING & set(triggers):
        found["readers"] = forms.IntegerField(
            label=_("By how many readers at least"),
            min_value=1,
            max_value=100,
            initial=rule.get("readers", 1),
            required=False,
            widget=forms.NumberInput(attrs={"size": 4}),
        )
    return found


def _values_field(criterion: Criterion, chosen: list[str]) -> forms.Field:
    labels = {str(option["value"]): option["label"] for option in criterion.options}
    options = [(value, labels.get(value, value)) for value in options_of(criterion)]
    if not options:
        return _Values(label=_("Answers"), initial=chosen, required=False)
    return forms.MultipleChoiceField(
        label=_("Answers"),
        choices=options,
        initial=chosen,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _as_file(criterion: Criterion, value: str) -> Any:
    """A value as a protocol file has it: yes and no as true and false, numbers as numbers."""
    if criterion.kind == "yes_no":
        return value == "1"
    numeric = {str(option["value"]) for option in criterion.options if option.get("numeric", True)}
    number = read_number(value)
    return number if number is not None and (not criterion.options or value in numeric) else value
