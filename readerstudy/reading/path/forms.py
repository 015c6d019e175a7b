"""The forms of a reader's path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.reading.path.signing import LONGEST_NAME

BOARD = [
    ("certified", _("Certified")),
    ("in_training", _("In training")),
    ("none", _("Neither")),
]
EXPERIENCE = [
    ("none", _("None")),
    ("tried", _("Tried once or twice")),
    ("monthly", _("Every month")),
    ("weekly", _("Every week")),
    ("daily", _("Every day")),
]
TEXTS: Mapping[str, tuple[Any, Any]] = {
    "role": (_("Your role"), _("For example: consultant, resident, radiographer.")),
    "subspecialty": (
        _("Subspecialty"),
        _("For example: thoracic imaging, medical retina. “None” if you have none."),
    ),
    "country": (_("Country in which you work"), ""),
    "screen": (_("Screen you read on"), _("Kind and size, for example: diagnostic monitor, 27 inch.")),
    "conflicts": (_("Conflicts of interest"), _("“None” if you have none.")),
}
CHOICES: Mapping[str, tuple[Any, Sequence[tuple[str, Any]]]] = {
    "board_status": (_("Board certification"), BOARD),
    "ai_experience": (_("How often you use AI at work"), EXPERIENCE),
}


class BackgroundForm(forms.Form):
    """What the protocol asks a reader about themselves; `asked` are the names of `readers.profile`."""

    def __init__(
        self, data: Any = None, *, asked: Sequence[str], initial: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        for name in asked:
            self.fields[name] = _field(name)


class ConsentForm(forms.Form):
    """The name under the consent."""

    printed_name = forms.CharField(
        label=_("Your name as it is to be printed"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class CompletionForm(ConsentForm):
    """The name under the completion, and the password of whoever has one."""

    def __init__(self, *args: Any, asks_password: bool, asks_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asks_password:
            widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
            self.fields["password"] = forms.CharField(label=_("Your password again"), widget=widget)
        if asks_password and asks_code:
            self.fields["code"] = forms.CharField(label=_("The code of your second factor"), max_length=20)


def _field(name: str) -> forms.Field:
    if name in CHOICES:
        label, options = CHOICES[name]
        return forms.ChoiceField(label=label, choices=options, widget=forms.RadioSelect)
    label, help_text = TEXTS[name]
    return forms.CharField(label=label, max_length=200, help_text=help_text)
