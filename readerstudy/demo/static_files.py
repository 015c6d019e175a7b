"""The static files under their hashed names, collected again only when one of them changed."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_static_files() -> None:
    """Runs `collectstatic`, which compresses for five seconds, unless what it made is newer than every source."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists() or manifest.stat().st_mtime < _newest_source():
        call_command("collectstatic", interactive=False, verbosity=0)


def _newest_source() -> float:
    sources = (Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([]))
    return max(path.stat().st_mtime for path in sources)
