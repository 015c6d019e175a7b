"""Forms about people."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from readerstudy.accounts.context import THEMES
from readerstudy.accounts.models import User


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=[(name, name) for name in ("", *THEMES)], required=False)


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=settings.LANGUAGES)


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=120)
    specialty = forms.CharField(
        label=_("Specialty"), max_length=80, help_text=_("For example: radiology, ophthalmology.")
    )
    years_experience = forms.IntegerField(
        label=_("Years of experience in it"), min_value=0, max_value=70, help_text=_("Whole years.")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        if not user.has_usable_password():
            self.fields["password"] = forms.CharField(
                label=_("Choose a password"),
                required=False,
                help_text=_("At least 10 characters. It lets you come back without a new link."),
                widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if password:
            validate_password(password, self.user)
        return password
