"""What becomes of files on this machine's disk: the per-file report of `manage.py ingest`.

Rendered into a temporary folder and thrown away; no database and no storage is touched.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict
from uuid import uuid4

from django.utils.translation import gettext as _

from readerstudy.cases.names import clean_name
from readerstudy.cases.rendering import archive_limits, is_archive, limits
from readerstudy.imaging.archives import ArchiveError, MemberError, open_archive
from readerstudy.imaging.archives import Member as ArchiveMember
from readerstudy.imaging.lanes import Lanes
from readerstudy.imaging.rendition import Outcome, Rendered

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
    """Renders every file at or below `path`, those within zip archives too, and tells what came of each, in order.

    `is_known` says whether bytes of a SHA-256 are already where they would go.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ingest-") as folder,
        Lanes(Path(folder) / "out", limits()) as lanes,
    ):
        inspection = _Inspection(Path(folder), lanes, is_known)
        yield from _as_they_finish(inspection.entries(path), ahead=2 * lanes.count)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that could be rendered. A passing one came out of an archive and is deleted once it is."""

    name: str
    path: Path
    passing: bool = False


@dataclass(frozen=True, slots=True)
class _InHand:
    """A file that is being rendered."""

    candidate: _Candidate
    outcome: Future[Outcome]

    def line(self) -> FileReport:
        """Waits for the outcome, tells it and throws the rendition away."""
        outcome = self.outcome.result()
        if isinstance(outcome, Rendered):
            shutil.rmtree(outcome.folder)
        if self.candidate.passing:
            self.candidate.path.unlink()
        return _rendered_line(self.candidate.name, outcome)


def _as_they_finish(entries: Iterable[FileReport | _InHand], *, ahead: int) -> Iterator[FileReport]:
    """The lines in the order of the entries, with at most so many files begun and not yet told."""
    begun: deque[FileReport | _InHand] = deque()
    for entry in entries:
        begun.append(entry)
        if len(begun) > ahead:
            yield _line_of(begun.popleft())
    while begun:
        yield _line_of(begun.popleft())


def _line_of(entry: FileReport | _InHand) -> FileReport:
    return entry.line() if isinstance(entry, _InHand) else entry


class _Inspection:
    """One run over files and archives."""

    def __init__(self, room: Path, lanes: Lanes, is_known: Known) -> None:
        self._room = room
        self._lanes = lanes
        self._is_known = is_known
        self._seen: set[str] = set()

    def entries(self, path: Path) -> Iterator[FileReport | _InHand]:
        for found in self._candidates(path):
            yield self._begin(found) if isinstance(found, _Candidate) else found

    def _begin(self, candidate: _Candidate) -> FileReport | _InHand:
        digest = _sha256(candidate.path)
        if digest in self._seen or self._is_known(digest):
            if candidate.passing:
                candidate.path.unlink()
            reason = _("The same file came before; it is kept once.")
            return report_line(candidate.name, "duplicate", reason)
        self._seen.add(digest)
        return _InHand(candidate, self._lanes.render(candidate.path))

    def _candidates(self, path: Path) -> Iterator[_Candidate | FileReport]:
        for name, found in files_under(path):
            if is_archive(found, named=found.name):
                yield from self._members(name, found)
            else:
                yield _Candidate(name, found)

    def _members(self, archive: str, path: Path) -> Iterator[_Candidate | FileReport]:
        try:
            for member in open_archive(path, archive_limits()):
                yield self._member(f"{archive}/{member.shown_name}", member)
        except ArchiveError as error:
            yield report_line(archive, "refused", error.sentence)

    def _member(self, name: str, member: ArchiveMember) -> _Candidate | FileReport:
        path = self._room / f"member-{uuid4().hex}"
        try:
            with path.open("wb") as target:
                member.write_to(target)
        except MemberError as error:
            path.unlink()
            return report_line(name, "refused", error.sentence)
        return _Candidate(name, path, passing=True)


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
