"""The prompt builder's form: a field for each block, and the examples as rows of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case, Purpose
from readerstudy.providers.prompts import Form, Level, Prompt, PromptProblem, TaskKind
from readerstudy.providers.prompts.fields import FIELDS
from readerstudy.studies.models import InputCondition, Study

BLANK_EXAMPLES = 2
KINDS = {
    TaskKind.QUESTION: _("Question"),
    TaskKind.CLASSIFY: _("Classify"),
    TaskKind.DETECT: _("Detect"),
    TaskKind.LOCALISE: _("Localise"),
    TaskKind.DIAGNOSE: _("Diagnose"),
    TaskKind.REPORT: _("Report"),
    TaskKind.CHOOSE: _("Multiple choice"),
    TaskKind.COMPARE: _("Compare"),
}
FORMS = {Form.TEXT: _("Free text"), Form.JSON: _("JSON with fields")}
FIELD_NAMES = {
    "label": _("Label: one level of the rubric"),
    "level": _("Level: one level of the rubric"),
    "choice": _("Choice: one level of the rubric"),
    "answer": _("Answer"),
    "findings": _("Findings"),
    "change": _("Change from the prior image"),
    "diagnoses": _("Differential diagnosis"),
    "boxes": _("Boxes in the image"),
    "impression": _("Impression"),
    "rationale": _("Rationale"),
    "recommendation": _("Recommendation"),
    "confidence": _("Confidence"),
    "unable": _("What could not be done, and why"),
}
_FIELD_OF_BLOCK = {"rubric": "levels", "output": "form"}


class PromptForm(forms.Form):
    """Every block of a prompt but its examples. `prompt()` gives the document once the form is valid."""

    name = forms.CharField(label=_("Name"), max_length=80)
    role = forms.CharField(
        label=_("Role"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Who the model is to be. It is sent as the system prompt."),
    )
    kind = forms.ChoiceField(
        label=_("Kind of task"), choices=[(kind.value, word) for kind, word in KINDS.items()]
    )
    task = forms.CharField(
        label=_("Task"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What to do, in order."),
    )
    context = forms.CharField(
        label=_("Context"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The clinical text of a case follows here, unless {clinical_text} says where it goes."),
    )
    levels = forms.CharField(
        label=_("Rubric: levels and their components"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "A line for each level, the lowest first; below it a line “- …” for each thing that can be seen."
        ),
    )
    is_ordered = forms.BooleanField(label=_("The levels are ordered"), required=False)
    rule = forms.CharField(
        label=_("Rule from components to level"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Where to look, and what not to count."),
    )
    captions = forms.CharField(
        label=_("Captions of the images"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A line for each slot, for example “prior = Image of last year:”."),
    )
    form = forms.ChoiceField(
        label=_("Form of the reply"), choices=[(form.value, word) for form, word in FORMS.items()]
    )
    label_line = forms.CharField(
        label=_("Free text: word before the label"),
        required=False,
        max_length=80,
        help_text=_(
            "“Classification” makes the model end with a line “Classification: …”, which is then read."
        ),
    )
    fields_ = forms.MultipleChoiceField(
        label=_("JSON: fields"),
        required=False,
        choices=[(name, FIELD_NAMES[name]) for name in FIELDS],
        widget=forms.CheckboxSelectMultiple,
    )
    unable = forms.CharField(
        label=_("If it cannot be done"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: If you cannot do a part of this, say which part and why."),
    )
    note = forms.CharField(
        label=_("What changed"), required=False, max_length=200, help_text=_("For the list of versions.")
    )

    def __init__(self, *args: Any, examples: forms.BaseFormSet[ExampleForm], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not self.examples.is_valid():
            raise ValidationError(_t("Look at the examples: something there is missing."))
        if not self.errors:
            answers["prompt"] = self._read(answers)
        return answers

    def prompt(self) -> Prompt:
        found: Prompt = self.cleaned_data["prompt"]
        return found

    def _read(self, answers: Mapping[str, Any]) -> Prompt | None:
        try:
            return Prompt.from_json(_document(answers, _rows(self.examples)))
        except PromptProblem as problem:
            named = _FIELD_OF_BLOCK.get(problem.block, problem.block)
            self.add_error(named if named in self.fields else None, str(problem))
            return None


class ExampleForm(forms.Form):
    """One scored example."""

    case = forms.ModelChoiceField(
        Case.objects.none(), label=_("Case"), required=False, to_field_name="code", empty_label="—"
    )
    level = forms.CharField(label=_("Expected level"), max_length=80, required=False)
    rationale = forms.CharField(
        label=_("Expected rationale"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        examples = Case.objects.kept(study).filter(purpose=Purpose.EXAMPLE)
        self.fields["case"].queryset = examples  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        is_told = answers.get("level") or answers.get("rationale")
        if is_told and not answers.get("case") and "case" not in self.errors:
            self.add_error("case", _t("Choose the case that this example shows, or empty the row."))
        return answers


_Examples = forms.formset_factory(ExampleForm, extra=BLANK_EXAMPLES, max_num=24)


def prompt_form(study: Study, prompt: Prompt, data: Any = None, *, name: str = "") -> PromptForm:
    """The form filled with a prompt, or with what was sent. With a name, that name stays."""
    rows = [
        {"case": example.case, "level": example.level, "rationale": example.rationale}
        for example in prompt.examples
    ]
    examples = _Examples(data, initial=rows, prefix="examples", form_kwargs={"study": study})
    form = PromptForm(data, initial={**_initial(prompt), "name": name}, examples=examples)
    if name:
        form.fields["name"].disabled = True
        form.fields["name"].widget = forms.HiddenInput()
    else:
        form.fields["note"].widget = forms.HiddenInput()
    return form


class TrialForm(forms.Form):
    """With which model a version is tried."""

    connection = forms.ChoiceField(label=_("Provider"))
    model = forms.CharField(
        label=_("Model"), max_length=120, help_text=_("Exactly as the provider names it, with its version.")
    )
    input_condition = forms.ChoiceField(label=_("What the model is given"), choices=InputCondition.choices)
    temperature = forms.FloatField(label=_("Temperature"), min_value=0, max_value=2, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, offer.label) for name, offer in settings.CONNECTIONS.items()]
        self.fields["connection"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def wanted(self) -> dict[str, Any]:
        """Arguments of `actions.start_trial`."""
        answers = self.cleaned_data
        temperature = answers["temperature"]
        names = ("connection", "model", "input_condition")
        parameters = {} if temperature is None else {"temperature": temperature}
        return {**{name: answers[name] for name in names}, "parameters": parameters}


def _initial(prompt: Prompt) -> dict[str, Any]:
    return {
        "role": prompt.role,
        "kind": prompt.kind.value,
        "task": prompt.task,
        "context": prompt.context,
        "levels": write_levels(prompt.rubric.levels),
        "is_ordered": prompt.rubric.is_ordered,
        "rule": prompt.rubric.rule,
        "notes": prompt.notes,
        "captions": "\n".join(f"{slot} = {line}" for slot, line in prompt.captions.items()),
        "form": prompt.output.form.value,
        "label_line": prompt.output.label_line,
        "fields_": list(prompt.output.fields),
        "unable": prompt.output.unable,
    }


def _document(answers: Mapping[str, Any], examples: list[dict[str, str]]) -> dict[str, Any]:
    is_json = answers["form"] == Form.JSON
    return {
        **{name: answers[name] for name in ("role", "kind", "task", "context", "notes")},
        "rubric": {
            "levels": read_levels(answers["levels"]),
            "rule": answers["rule"],
            "is_ordered": answers["is_ordered"],
        },
        "examples": examples,
        "output": {
            "form": answers["form"],
            "fields": answers["fields_"] if is_json else [],
            "label_line": "" if is_json else answers["label_line"],
            "unable": answers["unable"],
        },
        "captions": _captions(answers["captions"]),
    }


def write_levels(levels: tuple[Level, ...]) -> str:
    """Levels in the text form that coordinators write."""
    blocks = [[level.name, *(f"- {component}" for component in level.components)] for level in levels]
    return "\n\n".join("\n".join(lines) for lines in blocks)


def read_levels(text: str) -> list[dict[str, Any]]:
    """The same back; raises `PromptProblem` for a component without a level."""
    levels: list[dict[str, Any]] = []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith(("- ", "• ", "* ")):
            if not levels:
                raise PromptProblem(
                    "rubric", _t("The first line must be a level; its components stand below it.")
                )
            levels[-1]["components"].append(line[2:].strip())
        elif line:
            levels.append({"name": line, "components": []})
    return levels


def _rows(examples: forms.BaseFormSet[ExampleForm]) -> list[dict[str, str]]:
    """What the rows say, in the order in which models get them; empty ones left out."""
    told = [form.cleaned_data for form in examples.forms if form.cleaned_data.get("case")]
    return [{"case": row["case"].code, "level": row["level"], "rationale": row["rationale"]} for row in told]


def _captions(text: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    if any(not equals or not slot.strip() for slot, equals, _line in pairs):
        raise PromptProblem("captions", _t("A caption is written as “slot = caption”, one on each line."))
    return {slot.strip(): line.strip() for slot, _equals, line in pairs}
