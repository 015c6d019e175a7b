"""A file's original name, made fit to show and to search: it is kept on the upload's row and goes nowhere else."""

from __future__ import annotations

import unicodedata

LONGEST = 255
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def clean_name(name: str) -> str:
    """The name or path in NFC with forward slashes, without control, direction and unassigned characters.

    Of a name that is too long the end is kept, which tells files of one folder apart.
    """
    normal = unicodedata.normalize("NFC", name.replace("\\", "/"))
    seen = "".join(sign for sign in normal if unicodedata.category(sign) not in _UNSEEN)
    return "/".join(part for part in seen.split("/") if part.strip(" .")).strip()[-LONGEST:]


def spreadsheet_safe(cell: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return (
        f"'{cell}"
        if cell.lstrip().startswith(("=", "+", "-", "@")) or cell.startswith(("\t", "\r"))
        else cell
    )
