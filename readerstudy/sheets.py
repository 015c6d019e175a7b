"""Stylesheets that are written in chapters and sent as one file.

A folder `static/css/NAME/` holds the chapters of the sheet `css/NAME.css`, in the order of their names. They are joined
as they are, because one file compresses better than several and is one request; nothing in them is read or changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage, Storage

CSS = Path(settings.BASE_DIR, "static", "css")


class SheetFinder(FileSystemFinder):
    """Finds what lies in the folders of static files, with sheets instead of their chapters."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(app_names, *args, **kwargs)
        self.joined = FileSystemStorage(location=Path(settings.VAR) / "sheets")

    def find(self, path: str, *args: Any, **kwargs: Any) -> Any:
        """The place of a file, as a finder gives it; a sheet is joined first."""
        chapters = CSS / Path(path).stem
        if Path(path) == Path("css", f"{chapters.name}.css") and chapters.is_dir():
            found = self._join(chapters)
            return [found] if kwargs.get("find_all") else found
        return super().find(path, *args, **kwargs)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every file with its storage, no chapter among them."""
        sheets = [folder for folder in sorted(CSS.iterdir()) if folder.is_dir()]
        for path, storage in super().list(ignore_patterns):
            if Path(path).parent.name not in {sheet.name for sheet in sheets} or Path(path).parts[0] != "css":
                yield path, storage
        for sheet in sheets:
            yield os.path.relpath(self._join(sheet), self.joined.location), self.joined

    def _join(self, chapters: Path) -> str:
        """Writes the sheet where its chapters have changed, in one step, and returns its place."""
        content = b"".join(path.read_bytes() for path in sorted(chapters.glob("*.css")))
        target = Path(self.joined.path(f"css/{chapters.name}.css"))
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=target.parent, delete=False) as fresh:
                fresh.write(content)
            os.chmod(fresh.name, 0o644)
            os.replace(fresh.name, target)
        return str(target)
