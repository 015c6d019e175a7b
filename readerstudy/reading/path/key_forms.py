"""The forms of practice: its rules, what is expected of one case, and a table of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.reading.path.key_tables import SEVERAL, Asked, Row, row_of
from readerstudy.reading.scales.base import options_of
from readerstudy.studies.models import Criterion
from readerstudy.studies.protocol.practice import COMPARED, WITHIN, answers_of

NOTHING = ("", _("nothing in particular"))


def _number(label: Any, help_text: Any, *, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=False,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"size": 5}),
    )


class RulesForm(forms.Form):
    """The pass mark, how many rounds there are, and which question the reference standard answers."""

    pass_mark = _number(
        _("Answers that must be as expected, in percent"),
        _("Empty: practice has to be finished, and no mark is set."),
        least=0,
        most=100,
    )
    tries = _number(
        _("Rounds of practice in all"),
        _("Empty: until the mark is reached. You can allow a reader one more at any time."),
        least=1,
        most=10,
    )
    reference = forms.ChoiceField(
        label=_("Question that the reference standard answers"),
        required=False,
        help_text=_("Its expected answer is the reference standard of the case, where you say nothing else."),
    )

    def __init__(self, *args: Any, criteria: Sequence[Criterion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fitting = [(each.key, each.question) for each in criteria if each.kind in COMPARED]
        self.fields["reference"].choices = [("", _("none")), *fitting]  # type: ignore[attr-defined]

    @property
    def rules(self) -> dict[str, Any]:
        """As `save_rules` takes them."""
        percent = self.cleaned_data["pass_mark"]
        return {**self.cleaned_data, "pass_mark": None if percent is None else percent / 100}


class KeyForm(forms.Form):
    """What is expected of one case: for each question an answer, how far it may be off, and why."""

    def __init__(self, data: Any = None, *, asked: Sequence[Asked], code: str) -> None:
        super().__init__(data)
        self._asked, self._code = asked, code
        for each in asked:
            self._add(each)

    def _add(self, asked: Asked) -> None:
        criterion, row = asked.criterion, asked.row
        if criterion.kind in COMPARED:
            self.fields[f"{asked.name}@answer"] = _answer_field(criterion, answers_of(row))
        if criterion.kind in WITHIN:
            self.fields[f"{asked.name}@within"] = forms.FloatField(
                label=_("may be off by"),
                min_value=0,
                required=False,
                initial=row.get("within"),
                widget=forms.NumberInput(attrs={"size": 4, "step": "any"}),
            )
        self.fields[f"{asked.name}@explanation"] = forms.CharField(
            label=_("Why, for the reader"),
            required=False,
            max_length=2000,
            initial=row.get("explanation", ""),
            widget=forms.Textarea(attrs={"rows": 2}),
        )

    @property
    def groups(self) -> list[tuple[Asked, list[forms.BoundField]]]:
        """The fields of each question."""
        return [
            (each, [self[name] for name in self.fields if name.rsplit("@", 1)[0] == each.name])
            for each in self._asked
        ]

    @property
    def rows(self) -> list[Row]:
        """The rows of the key that were filled in."""
        found = [row_of(self._cells(each), each.criterion) for each in self._asked]
        return [row for row in found if "answer" in row or "explanation" in row]

    def _cells(self, asked: Asked) -> dict[str, str]:
        sent = {
            name: self.cleaned_data.get(f"{asked.name}@{name}")
            for name in ("answer", "within", "explanation")
        }
        answer = sent["answer"] or ""
        return {
            "case": self._code,
            "criterion": asked.criterion.key,
            "arm": asked.arm,
            "answer": f" {SEVERAL} ".join(answer) if isinstance(answer, list) else answer,
            "within": "" if sent["within"] is None else f"{sent['within']:g}",
            "explanation": (sent["explanation"] or "").strip(),
        }


class TableForm(forms.Form):
    """A table of the whole key."""

    table = forms.FileField(label=_("Table of expected answers (CSV)"))


def _answer_field(criterion: Criterion, answers: Sequence[str]) -> forms.Field:
    values = options_of(criterion)
    if not values:
        return forms.CharField(label=_("Expected"), required=False, initial=f" {SEVERAL} ".join(answers))
    if criterion.kind == "yes_no":
        labels = {"1": _("Yes"), "0": _("No")}
    else:
        labels = {str(option["value"]): option["label"] for option in criterion.options}
    choices = [(value, labels[value]) for value in values]
    several = criterion.kind == "multiple_choice" or len(answers) > 1
    if several:
        return forms.MultipleChoiceField(
            label=_("Expected"),
            choices=choices,
            required=False,
            initial=list(answers),
            widget=forms.CheckboxSelectMultiple,
        )
    return forms.ChoiceField(
        label=_("Expected"),
        choices=[NOTHING, *choices],
        required=False,
        initial=answers[0] if answers else "",
    )
