"""What every page knows: the chosen appearance and the languages on offer."""

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark", "reading")


def appearance(request: HttpRequest) -> dict[str, str]:
    """`theme` is the reader's stored choice, or empty to follow the system."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else ""}


def languages(request: HttpRequest) -> dict[str, list[dict[str, object]]]:
    """`languages` on offer: `code`, `name` in its own words, `readers_only` where only a reader's pages have it."""
    return {
        "languages": [
            {"code": code, "name": name, "readers_only": code in settings.LANGUAGES_OF_READERS}
            for code, name in settings.LANGUAGES
        ]
    }
