"""The audit trail in templates."""

from __future__ import annotations

from django import template

from readerstudy.audit.models import Event
from readerstudy.audit.sentences import sentence

register = template.Library()


@register.filter
def in_words(event: Event) -> str:
    """What was done, as a sentence; empty where only its verb is known."""
    return sentence(event)
