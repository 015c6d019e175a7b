"""Forms of the Outputs station."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.imports import MOST_BYTES
from readerstudy.generation.models import Verdict
from readerstudy.studies.models import Arm, Study

PREVIEW_SECONDS = 24 * 3600
LONGEST_SIGNED = 2_300_000  # Django refuses forms above 2.5 MB


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


class OutputsForm(forms.Form):
    file = forms.FileField(
        label=_("File of outputs"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.jsonl,.ndjson,text/csv"}),
        error_messages={
            "required": _("Choose a CSV or JSON Lines file first."),
            "empty": _("This file is empty. Add one line for each case."),
        },
    )

    def clean_file(self) -> tuple[bytes, str]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        return bytes(file.read(MOST_BYTES + 1)), file.name or ""


class PreviewForm(forms.Form):
    """Outputs that were shown, signed so that what is written is what was seen."""

    outputs = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, arm: Arm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._salt = f"generation.outputs:{arm.pk}"

    def sign(self, content: bytes, name: str) -> str | None:
        """The hidden field's value, or None where the browser could not send it back."""
        signed = signing.dumps({"text": content.decode(), "name": name}, salt=self._salt, compress=True)
        return signed if len(signed) <= LONGEST_SIGNED else None

    def clean_outputs(self) -> tuple[bytes, str]:
        try:
            found = signing.loads(self.cleaned_data["outputs"], salt=self._salt, max_age=PREVIEW_SECONDS)
        except signing.BadSignature as error:
            raise ValidationError(
                _t("This preview is older than a day or did not arrive whole. Choose the file again.")
            ) from error
        return str(found["text"]).encode(), str(found["name"])
