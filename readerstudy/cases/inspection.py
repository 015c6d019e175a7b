"""What becomes of files on this machine's disk: the per-file report of `manage.py ingest`.

Rendered into a temporary folder and thrown away; no database and no storage is touched.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from django.utils.translation import gettext as _

from readerstudy.cases.names import clean_name
from readerstudy.cases.rendering import archive_limits, is_archive, limits
from readerstudy.imaging.archives import ArchiveError, MemberError, open_archive
from readerstudy.imaging.archives import Member as ArchiveMember
from readerstudy.imaging.rendition import Outcome, Rendered
from readerstudy.imaging.sandbox import render_in_child

Verdict = Literal["rendered", "refused", "duplicate"]
Known = Callable[[str], bool]


class FileReport(TypedDict):
    """One file's line in the report; the facts are None where nothing was rendered."""

    file: str
    outcome: Verdict
    reason: str
    frames: int | None
    width: int | None
    height: int | None
    bits: int | None
    transfer_syntax: str | None
    seconds: float | None


def report_line(file: str, outcome: Verdict, reason: str = "", *, seconds: float | None = None) -> FileReport:
    """The line of a file of which nothing was rendered."""
    return {
        "file": file,
        "outcome": outcome,
        "reason": reason,
        "frames": None,
        "width": None,
        "height": None,
        "bits": None,
        "transfer_syntax": None,
        "seconds": None if seconds is None else round(seconds, 4),
    }


def files_under(path: Path) -> Iterator[tuple[str, Path]]:
    """Every file at or below `path` with the name to report it by, in order; hidden ones are left out."""
    if path.is_file():
        yield clean_name(path.name), path
        return
    for found in sorted(path.rglob("*")):
        relative = found.relative_to(path)
        if found.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield clean_name(relative.as_posix()), found


def inspect(path: Path, *, is_known: Known = lambda _sha256: False) -> Iterator[FileReport]:
    """Renders every file at or below `path`, those within zip archives too, and tells what came of each.

    `is_known` says whether bytes of a SHA-256 are already where they would go.
    """
    with tempfile.TemporaryDirectory(prefix="ingest-") as room:
        yield from _Inspection(Path(room), is_known).run(path)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that could be rendered."""

    name: str
    path: Path


class _Inspection:
    """One run. Lines of files that are not rendered at all are gathered while the sandbox asks for the next file."""

    def __init__(self, room: Path, is_known: Known) -> None:
        self._room = room
        self._is_known = is_known
        self._seen: set[str] = set()
        self._lines: list[FileReport] = []
        self._in_hand: _Candidate | None = None

    def run(self, path: Path) -> Iterator[FileReport]:
        for outcome in render_in_child(self._paths(path), self._room / "out", limits()):
            yield from self._gathered()
            if self._in_hand is not None:
                yield _rendered_line(self._in_hand.name, outcome)
            if isinstance(outcome, Rendered):
                shutil.rmtree(outcome.folder)
        yield from self._gathered()

    def _gathered(self) -> Iterator[FileReport]:
        lines, self._lines = self._lines, []
        yield from lines

    def _paths(self, path: Path) -> Iterator[Path]:
        for candidate in self._candidates(path):
            digest = _sha256(candidate.path)
            if digest in self._seen or self._is_known(digest):
                reason = _("The same file came before; it is kept once.")
                self._lines.append(report_line(candidate.name, "duplicate", reason))
                continue
            self._seen.add(digest)
            self._in_hand = candidate
            yield candidate.path

    def _candidates(self, path: Path) -> Iterator[_Candidate]:
        for name, found in files_under(path):
            if is_archive(found, named=found.name):
                yield from self._members(name, found)
            else:
                yield _Candidate(name, found)

    def _members(self, archive: str, path: Path) -> Iterator[_Candidate]:
        try:
            for member in open_archive(path, archive_limits()):
                yield from self._member(f"{archive}/{member.shown_name}", member)
        except ArchiveError as error:
            self._lines.append(report_line(archive, "refused", error.sentence))

    def _member(self, name: str, member: ArchiveMember) -> Iterator[_Candidate]:
        path = self._room / "member"
        try:
            with path.open("wb") as target:
                member.write_to(target)
            yield _Candidate(name, path)
        except MemberError as error:
            self._lines.append(report_line(name, "refused", error.sentence))
        finally:
            path.unlink()


def _rendered_line(name: str, outcome: Outcome) -> FileReport:
    if not isinstance(outcome, Rendered):
        return report_line(name, "refused", outcome.sentence, seconds=outcome.seconds)
    meta = outcome.meta
    line = report_line(name, "rendered", seconds=outcome.seconds)
    line["frames"], line["width"], line["height"] = meta["frames"], meta["width"], meta["height"]
    line["bits"], line["transfer_syntax"] = meta["bits"], meta["transfer_syntax"]
    return line


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
