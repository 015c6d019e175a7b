"""The form that makes a token."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Membership, Role


class TokenForm(forms.Form):
    label = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        help_text=_("For example “upload from the PACS export”. It tells you later which token to revoke."),
    )
    role = forms.ChoiceField(label=_("Role"), required=False)

    def __init__(self, *args: object, memberships: Sequence[Membership], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self._memberships = {membership.role: membership for membership in memberships}
        if len(self._memberships) > 1:
            self.fields["role"].choices = [(role, Role(role).label) for role in self._memberships]  # type: ignore[attr-defined]  # a ChoiceField
        else:
            del self.fields["role"]

    def membership(self) -> Membership:
        """The membership whose rights the token gets."""
        role = self.cleaned_data.get("role") or next(iter(self._memberships))
        return self._memberships[role]
