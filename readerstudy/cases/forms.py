"""Forms of the Images station."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.labels import MOST_BYTES
from readerstudy.cases.models import Image
from readerstudy.studies.models import Study

PREVIEW_SECONDS = 24 * 3600


class Deed(models.TextChoices):
    CONFIRM_ALL = "confirm_all"
    CONFIRM_TICKED = "confirm_ticked"
    LEAVE_OUT = "leave_out"


class SheetForm(forms.Form):
    """What a coordinator does with the images of one sheet. `shown` says which those were, so that an image that came
    in meanwhile is not confirmed unseen."""

    deed = forms.ChoiceField(choices=Deed.choices)
    looked = forms.BooleanField(required=False)
    shown = forms.ModelMultipleChoiceField(Image.objects.none(), to_field_name="key", required=False)
    ticked = forms.ModelMultipleChoiceField(Image.objects.none(), to_field_name="key", required=False)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("shown", "ticked"):
            self.fields[name].queryset = Image.objects.of(study).unconfirmed().select_related("case")  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
            self.fields[name].error_messages["invalid_choice"] = _t(
                "Another coordinator has changed some of these images meanwhile. Look at the sheet as it is now."
            )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if self.errors:
            return answers
        if answers["deed"] != Deed.CONFIRM_ALL and not answers["ticked"]:
            raise ValidationError(_t("No image is ticked. Tick the images that you mean."))
        if answers["deed"] != Deed.LEAVE_OUT and not answers["looked"]:
            raise ValidationError(
                _t(
                    "Nothing was confirmed. Tick the sentence that says you have looked, then press the button again."
                )
            )
        return answers

    def chosen(self) -> list[Image]:
        """The images the deed is about."""
        answers = self.cleaned_data
        return list(answers["shown"] if answers["deed"] == Deed.CONFIRM_ALL else answers["ticked"])

    def sentence(self) -> str:
        """The first thing that is wrong."""
        return next(str(error) for errors in self.errors.values() for error in errors)


class LabelsForm(forms.Form):
    table = forms.FileField(
        label=_("Table of labels"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": _("Choose a CSV file first."),
            "empty": _("This table is empty. Its first line must name the columns."),
        },
    )

    def clean_table(self) -> bytes:
        file: UploadedFile[bytes] = self.cleaned_data["table"]
        return bytes(file.read(MOST_BYTES + 1))


class PreviewForm(forms.Form):
    """A table that was shown, signed so that what is written is what was seen."""

    table = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._salt = f"cases.labels:{study.pk}"

    def sign(self, content: bytes) -> str:
        return signing.dumps(content.decode(), salt=self._salt, compress=True)

    def clean_table(self) -> bytes:
        try:
            text = signing.loads(self.cleaned_data["table"], salt=self._salt, max_age=PREVIEW_SECONDS)
        except signing.BadSignature as error:
            raise ValidationError(
                _t("This preview is older than a day or did not arrive whole. Upload the table again.")
            ) from error
        return str(text).encode()
