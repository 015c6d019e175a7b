"""The forms by which outputs made elsewhere come in."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.bringing.imports import MOST_BYTES
from readerstudy.generation.models import ArrivedFile
from readerstudy.providers.recordings import ending_of

ACCEPTED = ".csv,.jsonl,.ndjson,.parquet,.arrow,.feather,.ipc"


class OutputsForm(forms.Form):
    """A file of outputs; of its name only the ending is looked at."""

    file = forms.FileField(
        label=_("File of outputs"),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
        help_text=_("CSV, JSON Lines, Parquet or Arrow, up to 50 MB."),
        error_messages={
            "required": _("Choose a CSV, JSON Lines, Parquet or Arrow file first."),
            "empty": _("This file is empty. Add one line for each case."),
        },
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if not ending_of(file.name or ""):
            raise ValidationError(
                _t(
                    "Only .csv, .jsonl, .parquet and .arrow files can be imported. Save the outputs as one of these."
                )
            )
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(
                _t("This file is larger than 50 MB. Split it and import the parts one after another.")
            )
        return file

    @property
    def ending(self) -> str:
        """The ending by which the file is read."""
        return ending_of(self.cleaned_data["file"].name or "")


class ConfirmForm(forms.Form):
    """The file that was looked at, by the key it got when it arrived."""

    file = forms.CharField(max_length=32, widget=forms.HiddenInput)

    def arrived(self, **whose: object) -> ArrivedFile | None:
        """The file, if it is still there and belongs to whom the filters say."""
        if not self.is_valid():
            return None
        return ArrivedFile.objects.filter(key=self.cleaned_data["file"], **whose).first()
