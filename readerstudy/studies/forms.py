"""Forms of the coordinator's console."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import (
    Arm,
    ArmKind,
    InputCondition,
    PromptVersion,
    Role,
    Study,
)
from readerstudy.studies.models.arm import CallMode
from readerstudy.studies.prompt_marks import marks_of

MOST_INVITATIONS = 100


class NewStudyForm(forms.ModelForm[Study]):
    class Meta:
        model = Study
        fields = ["title", "question"]
        widgets = {"question": forms.Textarea(attrs={"rows": 3})}


class SettingsForm(forms.ModelForm[Study]):
    class Meta:
        model = Study
        fields = [
            "title",
            "question",
            "instructions",
            "consent_text",
            "refusal_policy",
            "show_boxes",
            "positive_label",
            "contains_patient_data",
        ]
        widgets = {
            "question": forms.Textarea(attrs={"rows": 3}),
            "instructions": forms.Textarea(attrs={"rows": 5}),
            "consent_text": forms.Textarea(attrs={"rows": 4}),
        }


class PromptChoice(forms.ModelChoiceField[PromptVersion]):
    """Prompt versions, each with whether it is the newest and what its validation gave."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.marks: dict[int, str] = {}
        self.newest: set[int] = set()

    def offer(self, study: Study) -> None:
        """Offers the study's versions, by name, newest first."""
        versions = list(PromptVersion.objects.of(study))
        self.queryset = PromptVersion.objects.of(study)
        self.marks = marks_of(versions)
        self.newest = {version.pk for version in PromptVersion.objects.newest(study)}

    def label_from_instance(self, obj: PromptVersion) -> str:
        """The version's name and number, then what is known of it."""
        words = [_t("newest")] if obj.pk in self.newest else []
        words.append(self.marks.get(obj.pk) or _t("not validated"))
        return f"{obj} · {', '.join(words)}"


class ArmForm(forms.ModelForm[Arm]):
    """An arm; parameters left empty are not sent to the model at all."""

    connection = forms.ChoiceField(label=_("Provider"), required=False)
    prompt = PromptChoice(PromptVersion.objects.none(), label=_("Prompt"), required=False)
    temperature = forms.FloatField(label=_("Temperature"), min_value=0, max_value=2, required=False)
    top_p = forms.FloatField(label=_("Top p"), min_value=0, max_value=1, required=False)
    max_output_tokens = forms.IntegerField(
        label=_("Most tokens in an answer"), min_value=16, max_value=100_000, required=False
    )
    seed = forms.IntegerField(label=_("Seed of the model"), min_value=0, max_value=2**31 - 1, required=False)
    reasoning_effort = forms.ChoiceField(
        label=_("Reasoning effort"),
        required=False,
        choices=[("", _("not sent")), *((word, word) for word in ("minimal", "low", "medium", "high"))],
    )
    service_tier = forms.ChoiceField(
        label=_("Service tier"),
        required=False,
        choices=[
            ("", _("not sent")),
            *((word, word) for word in ("auto", "default", "standard", "flex", "priority")),
        ],
    )

    PARAMETERS = ("temperature", "top_p", "max_output_tokens", "seed", "reasoning_effort", "service_tier")
    OF_A_CALL = ("connection", "model", "input_condition", "replicates", "mode", *PARAMETERS)
    """Fields that only a model that we call needs; the page hides them for other arms."""

    class Meta:
        model = Arm
        fields = ["name", "kind", "connection", "model", "prompt", "input_condition", "replicates", "mode"]

    def __init__(self, *args: Any, study: Study, like: Arm | None = None, **kwargs: Any) -> None:
        if like is not None:
            kwargs["initial"] = {name: getattr(like, name) for name in self.Meta.fields if name != "name"}
        super().__init__(*args, **kwargs)
        self.study = study
        choices = [(name, offer.label) for name, offer in settings.CONNECTIONS.items()]
        self.fields["connection"].choices = [("", "—"), *choices]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["prompt"].offer(study)  # type: ignore[attr-defined]  # a PromptChoice
        for name in ("mode", "replicates", "input_condition"):
            self.fields[name].required = False
        for name in self.PARAMETERS:
            self.fields[name].initial = (like or self.instance).parameters.get(name)

    def groups(self) -> list[tuple[bool, list[forms.BoundField]]]:
        """The fields in their order, neighbours together, each group with whether only calls need it."""
        pairs = [(field.name in self.OF_A_CALL, field) for field in self.visible_fields()]
        return [
            (is_of_a_call, [field for _flag, field in group])
            for is_of_a_call, group in groupby(pairs, lambda pair: pair[0])
        ]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = Arm.objects.filter(study=self.study, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_t("Another arm of this study has this name. Choose a different one."))
        return name

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if answers.get("kind") == ArmKind.MODEL:
            for name in ("connection", "model", "prompt"):
                if not answers.get(name) and name not in self.errors:
                    self.add_error(name, _t("A model that we call needs this."))
        answers["mode"] = answers.get("mode") or CallMode.LIVE
        answers["input_condition"] = answers.get("input_condition") or InputCondition.IMAGE_TEXT
        answers["replicates"] = answers.get("replicates") or 1
        return answers

    def arm_fields(self) -> dict[str, Any]:
        """The arm's columns, ready for `actions.save_arm`."""
        answers = self.cleaned_data
        if answers["kind"] != ArmKind.MODEL:
            return self._recorded_fields(answers)
        parameters = {name: answers[name] for name in self.PARAMETERS if answers[name] not in (None, "")}
        simulated = settings.CONNECTIONS[answers["connection"]].simulated
        return {
            **{name: answers[name] for name in self.Meta.fields},
            "parameters": parameters,
            "is_simulated": simulated,
        }

    def _recorded_fields(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Nobody is called; the prompt of an imported arm says in which form its texts are."""
        return {
            "name": answers["name"],
            "kind": answers["kind"],
            "connection": "",
            "model": "",
            "prompt": answers["prompt"] if answers["kind"] == ArmKind.IMPORTED else None,
            "input_condition": answers["input_condition"],
            "replicates": answers["replicates"],
            "mode": CallMode.LIVE,
            "parameters": {},
            "is_simulated": False,
        }


class InviteForm(forms.Form):
    emails = forms.CharField(
        label=_("E-mail addresses"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One on each line."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.READER)

    def clean_emails(self) -> list[str]:
        addresses = [part for part in str(self.cleaned_data["emails"]).replace(",", "\n").split() if part]
        if len(addresses) > MOST_INVITATIONS:
            raise ValidationError(_t("Invite at most %(most)d people at once.") % {"most": MOST_INVITATIONS})
        for number, address in enumerate(addresses, start=1):
            try:
                validate_email(address)
            except ValidationError as error:
                raise ValidationError(
                    _t("Line %(number)d, “%(address)s”, is not an e-mail address. Nobody was invited.")
                    % {"number": number, "address": address}
                ) from error
        return list(dict.fromkeys(address.lower() for address in addresses))
