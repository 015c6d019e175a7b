"""A protocol file as it comes in by a page: a file or a text, read and checked."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.protocol import Document, ProtocolError, read

MOST_BYTES = 1_000_000


class ProtocolFileForm(forms.Form):
    """A file, or its text once it was looked at; `document` and `text` are there when the form is valid."""

    file = forms.FileField(
        label=_("Protocol file"),
        required=False,
        help_text=_(
            "The file that this site writes under “Protocol file”, usually called study.yaml; at most 1 MB."
        ),
    )
    text = forms.CharField(
        label=_("Text of the file"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "code"}),
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    document: Document
    text_in: str = ""

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        content = self._content(answers)
        if content is None:
            return answers
        try:
            self.document = read(content)
            self.text_in = content.decode("utf-8-sig")
        except ProtocolError as error:
            self.text_in = content.decode("utf-8-sig", errors="replace")
            for problem in error.problems:
                self.add_error("file" if answers.get("file") else "text", str(problem))
        return answers

    def _content(self, answers: dict[str, Any]) -> bytes | None:
        if file := answers.get("file"):
            if file.size > MOST_BYTES:
                self.add_error("file", _("This file is larger than 1 MB. Load it with manage.py study load."))
                return None
            return bytes(file.read())
        if text := answers.get("text", ""):
            return str(text).replace("\r\n", "\n").encode()
        self.add_error("file", _("Choose a protocol file."))
        return None

    @property
    def sha256(self) -> str:
        """Hash of the text that was read; what is confirmed must be what was shown."""
        return hashlib.sha256(self.text_in.encode()).hexdigest()

    @property
    def is_confirmed(self) -> bool:
        return bool(self.cleaned_data.get("confirmed") == self.sha256)
