"""What `manage.py check --database default` and `manage.py migrate` say about this room's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from readerstudy.cases.models import ImageRules


@register(Tags.database)
def originals_have_a_key(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A study that keeps originals needs the key: until it is set, what was rendered waits unencrypted."""
    if not databases or settings.ORIGINALS_KEY or not _can_ask():
        return []
    keys = list(ImageRules.objects.filter(keeps_originals=True).values_list("study__key", flat=True))
    if not keys:
        return []
    return [
        Error(
            f"Studies keep their original files ({', '.join(keys)}), and there is no key to encrypt them with.",
            hint="Set ORIGINALS_KEY to the key of these studies; until then their files wait as they came in.",
            id="cases.E001",
        )
    ]


def _can_ask() -> bool:
    """Before the first migration there is no table, so no study that wants anything."""
    table = ImageRules._meta.db_table
    return table in connection.introspection.table_names()
