"""The form by which one reader takes over from another."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReplacementForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address of the new reader"),
        help_text=_(
            "A person who has read nothing in this study. Whoever is not invited yet is invited now."
        ),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "For the audit trail, such as “withdrew” or “on leave until March”. Names are not needed."
        ),
    )
