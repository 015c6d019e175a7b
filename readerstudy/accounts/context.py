"""What every page knows: the chosen appearance."""

from django.http import HttpRequest

THEMES = ("light", "dark", "reading")


def appearance(request: HttpRequest) -> dict[str, str]:
    """`theme` is the reader's stored choice, or empty to follow the system."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else ""}
