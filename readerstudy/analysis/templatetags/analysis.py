"""What templates of reports ask for: a figure's address by its name, a number in words."""

from collections.abc import Mapping

from django import template

from readerstudy.analysis.document.words import decimal

register = template.Library()


@register.filter
def at(addresses: Mapping[str, str], name: str) -> str:
    """The address under this name."""
    return addresses[name]


@register.filter
def three(value: float | None) -> str:
    """A number as reports print it."""
    return decimal(value)
