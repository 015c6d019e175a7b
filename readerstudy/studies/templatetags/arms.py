"""Arms in words."""

from __future__ import annotations

from django import template

from readerstudy.studies.forms import ArmForm
from readerstudy.studies.models import Arm

register = template.Library()


@register.filter
def parameters_in_words(arm: Arm) -> str:
    """What is sent beside the prompt, each called as on the arm's own page; empty where nothing is."""
    fields = ArmForm.base_fields
    told = [
        f"{fields[name].label if name in fields else name}: {value}" for name, value in arm.parameters.items()
    ]
    return ", ".join(told)
