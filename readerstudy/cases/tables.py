"""Tables that coordinators upload as CSV: bytes in, numbered rows or plain sentences out. Reads no database."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_BYTES = 2_000_000

_NOT_TEXT = (
    (
        b"PK\x03\x04",
        gettext_lazy("This is an Excel workbook, not a CSV file. In Excel, save it as “CSV UTF-8”."),
    ),
    (
        b"\xd0\xcf\x11\xe0",
        gettext_lazy("This is an Excel workbook, not a CSV file. In Excel, save it as “CSV UTF-8”."),
    ),
    (b"\xff\xfe", gettext_lazy("This table is saved as UTF-16. Save it as “CSV UTF-8” and upload it again.")),
    (b"\xfe\xff", gettext_lazy("This table is saved as UTF-16. Save it as “CSV UTF-8” and upload it again.")),
)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a table: a whole sentence, and the line it is about (None for the table as a whole)."""

    text: str
    line: int | None = None

    def __str__(self) -> str:
        return self.text if self.line is None else _("Line %(line)d: ") % {"line": self.line} + self.text


class Unreadable(Exception):
    """A table that cannot be read at all, with every reason."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("unreadable table")
        self.problems = problems


def text_of(content: bytes) -> str:
    """The table as text. Raises `Unreadable` where it is too large, no text, or not UTF-8."""
    if len(content) > MOST_BYTES:
        raise Unreadable(
            Problem(
                _(
                    "This table is larger than 2 MB. Split it, or leave columns out that the study does not need."
                )
            )
        )
    for start, sentence in _NOT_TEXT:
        if content.startswith(start):
            raise Unreadable(Problem(str(sentence)))
    return _without_nul(_decoded(content))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + len(_LINE_END.findall(content[: error.start].decode("latin-1")))
        sentence = _(
            "There is a character that is not UTF-8. Tables saved by Excel as plain “CSV” use an older code; "
            "save it as “CSV UTF-8” and upload it again."
        )
        raise Unreadable(Problem(sentence, line)) from error


def _without_nul(text: str) -> str:
    if "\0" in text:
        line = 1 + len(_LINE_END.findall(text[: text.index("\0")]))
        raise Unreadable(
            Problem(
                _("There is a NUL character, so this is not a plain table. Save it as “CSV UTF-8” again."),
                line,
            )
        )
    return text


def cells_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, each with the number of its first line in the file."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True, skipinitialspace=True
    )
    line = 1
    while True:
        try:
            cells = [unicodedata.normalize("NFC", cell.strip()) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            sentence = _("A quoted cell is not closed, or text follows its closing quote. Check the quotes.")
            raise Unreadable(Problem(sentence, line)) from error
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def _delimiter(text: str) -> str:
    """Whichever of comma and semicolon the first line has more of outside quotes."""
    header = re.sub(r'"[^"]*"', "", _LINE_END.split(text.lstrip(), maxsplit=1)[0])
    return ";" if header.count(";") > header.count(",") else ","
