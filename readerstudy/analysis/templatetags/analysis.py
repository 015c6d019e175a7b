"""Looking a figure's address up by its name."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def at(addresses: Mapping[str, str], name: str) -> str:
    """The address under this name."""
    return addresses[name]
