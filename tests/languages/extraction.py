"""What the product says, found in its own files: every sentence that passes gettext, in Python and in templates."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {
    **dict.fromkeys(("_", "_t", "gettext", "gettext_lazy", "gettext_noop", "said"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
"""The functions that take a sentence; `said` marks one on the ground floor, which knows no gettext."""

OF_READERS = (
    "templates/[45]*.html",
    "templates/base.html",
    "templates/account/*",
    "templates/accounts/*",
    "templates/includes/*",
    "templates/reading/controls/*",
    "templates/reading/path/*",
    "templates/reading/invitation.txt",
    "templates/reading/practice_case.html",
    "templates/reading/read.html",
    "templates/reading/start.html",
    "templates/studies/list.html",
    "readerstudy/accounts/*",
    "readerstudy/reading/actions.py",
    "readerstudy/reading/mail.py",
    "readerstudy/reading/parts.py",
    "readerstudy/reading/path/*",
    "readerstudy/reading/pages.py",
    "readerstudy/reading/policies.py",
    "readerstudy/reading/presenting.py",
    "readerstudy/reading/questions.py",
    "readerstudy/reading/ratings.py",
    "readerstudy/reading/sample_pages.py",
    "readerstudy/reading/scales/*",
    "readerstudy/reading/views/path.py",
    "readerstudy/reading/views/room.py",
    "readerstudy/reading/visibility/*",
    "readerstudy/reading/washout.py",
    "readerstudy/studies/actions/signing.py",
    "readerstudy/studies/lifecycle.py",
    "readerstudy/studies/models/membership.py",
    "readerstudy/studies/policies.py",
    "readerstudy/studies/rubrics/documents.py",
)
"""Files whose sentences a reader may meet."""


def messages() -> Catalog:
    """All sentences, each with the files that say it."""
    catalog = Catalog(fuzzy=False)
    for path in _files():
        name = str(path.relative_to(ROOT))
        for line, message, _comments, context in extract("python", io.BytesIO(_source(path)), KEYWORDS):
            catalog.add(message, locations=[(name, line)], context=context)
    return catalog


def is_of_readers(name: str) -> bool:
    """Whether a reader may meet what this file says."""
    return any(fnmatch(name, pattern) for pattern in OF_READERS)


def _files() -> Iterator[Path]:
    yield from sorted((ROOT / "readerstudy").rglob("*.py"))
    yield from sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))


def _source(path: Path) -> bytes:
    """The file as Python's tokens; Django turns a template into that, but for the indentation."""
    if path.suffix == ".py":
        return path.read_bytes()
    return re.sub(r"(?m)^[ \t]+", "", templatize(path.read_text(), origin=str(path))).encode()
