"""A worker's turn: uploads one after the other out of storage, through the decoding child, back into storage.

One upload is in hand at a time, so that whatever happens to the worker costs no other upload a try.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from PIL import Image as Picture

from readerstudy.cases import actions, store
from readerstudy.cases.mapping import is_mapping, read_mapping
from readerstudy.cases.models import RenditionKind, Upload
from readerstudy.cases.provenance import asked_of
from readerstudy.cases.tables import MOST_BYTES
from readerstudy.imaging.archives import ArchiveError, MemberError, open_archive
from readerstudy.imaging.archives import Member as ArchiveMember
from readerstudy.imaging.asked import Asked
from readerstudy.imaging.limits import ArchiveLimits, Limits
from readerstudy.imaging.reasons import Refusal
from readerstudy.imaging.rendition import FileEntry, Meta, Outcome, Rendered
from readerstudy.imaging.sandbox import render_in_child
from readerstudy.imaging.sniff import HEAD_BYTES, sniff
from readerstudy.studies.policies import can_change_protocol

MIMES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
RECIPE = (
    "decoder",
    "software",
    "transfer_syntax",
    "source_format",
    "default_window",
    "window_function",
    "key_frame",
    "notes",
    "input_sha256",
)


def limits() -> Limits:
    return Limits(max_file_bytes=settings.MAX_UPLOAD_BYTES)


def archive_limits() -> ArchiveLimits:
    return ArchiveLimits(max_member_bytes=settings.MAX_UPLOAD_BYTES)


def lease_seconds() -> float:
    """Longer than one file may take to fetch, render and store."""
    return limits().longest_seconds() + settings.LEASE_MARGIN_SECONDS


def render_uploads(pks: Iterable[int]) -> Iterator[tuple[Upload, Outcome]]:
    """Takes each upload in turn, as far as it is still to be had, settles its fate and yields what came of it.

    `pks` is read lazily. Archives are unpacked on the way and yield nothing; their members are uploads of their own.
    """
    with workroom() as room:
        turn = _Turn(room, pks)
        for outcome in render_in_child(turn.paths(), room / "out", limits(), keep_warm=True):
            yield turn.settle(outcome), outcome


class _Turn:
    """Hands the sandbox one file after the other; archives are unpacked on the way."""

    def __init__(self, room: Path, pks: Iterable[int]) -> None:
        self._room = room
        self._pks = pks
        self._in_hand: tuple[Upload, Path] | None = None

    def paths(self) -> Iterator[tuple[Path, Asked]]:
        for pk in self._pks:
            upload = actions.take_upload(pk, seconds=lease_seconds())
            if upload is None or (path := self._fetch(upload)) is None or self._is_no_image(upload, path):
                continue
            self._in_hand = (upload, path)
            yield path, asked_of(upload.image_set.study)

    def _is_no_image(self, upload: Upload, path: Path) -> bool:
        """Deals with archives and mapping tables."""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if is_archive(path, named=upload.original_name):
            self._unpack(upload, path)
        elif is_mapping(upload.original_name, head):
            self._read(upload, path)
        return not path.exists()

    def _read(self, upload: Upload, path: Path) -> None:
        with path.open("rb") as file:
            table = read_mapping(file.read(MOST_BYTES + 1))
        path.unlink()
        actions.read_table(upload=upload, table=table)

    def settle(self, outcome: Outcome) -> Upload:
        """Stores what became of the upload in hand, and returns it."""
        if self._in_hand is None:
            raise RuntimeError("an outcome came for no upload")
        (upload, path), self._in_hand = self._in_hand, None
        path.unlink()
        if not isinstance(outcome, Rendered):
            actions.refuse_upload(upload=upload, code=outcome.code, reason=outcome.sentence)
            return upload
        recipe = {name: outcome.meta.get(name) for name in RECIPE}
        files = actions.keep_files(clean_files(outcome.folder, outcome.meta), recipe)
        actions.store_renditions(upload=upload, meta=dict(outcome.meta), files=files)
        shutil.rmtree(outcome.folder)
        return upload

    def _fetch(self, upload: Upload) -> Path | None:
        if not can_change_protocol(upload.image_set.study):
            actions.refuse_as(upload=upload, code="study_locked")
            return None
        path = self._room / f"upload-{upload.pk}"
        try:
            store.fetch_incoming(upload.stored, path)
        except FileNotFoundError:
            actions.refuse_as(upload=upload, code="bytes_lost")
            return None
        return path

    def _unpack(self, upload: Upload, path: Path) -> None:
        arrivals: list[actions.Arrival] = []
        unpacked = None
        try:
            for member in open_archive(path, archive_limits()):
                arrivals.append(self._take_out(upload, member))
                actions.keep_hold(upload, seconds=lease_seconds())
            unpacked = actions.unpack_archive(upload=upload, arrivals=arrivals)
        except ArchiveError as error:
            actions.refuse_upload(upload=upload, code=error.code, reason=error.sentence)
        finally:
            if unpacked is None:
                actions.forget_arrivals(arrivals)
            path.unlink()

    def _take_out(self, upload: Upload, member: ArchiveMember) -> actions.Arrival:
        path = self._room / f"member-{upload.pk}"
        try:
            with path.open("w+b") as target:
                member.write_to(target)
                return actions.arrive(
                    study=upload.image_set.study, name=member.shown_name, content=File(target)
                )
        except MemberError as error:
            size = max(0, member.declared_bytes)
            return actions.Arrival(name=member.shown_name, size=size, code=error.code, reason=error.sentence)
        finally:
            path.unlink()


def is_archive(path: Path, *, named: str) -> bool:
    """Whether the content is a zip archive; a file that is only called so is opened as one, to be refused as one."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        sniff(head)
    except Refusal as refusal:
        return (refusal.code == "archive" and head.startswith(b"PK")) or named.lower().endswith(".zip")
    return False


def clean_files(folder: Path, meta: Meta) -> list[actions.CleanFile]:
    """The files of a finished rendition, each with what its row will say."""
    full = [
        _clean_file(folder, entry, RenditionKind.FULL, frame, (meta["width"], meta["height"]))
        for frame, entry in enumerate(meta["full"])
    ]
    shown = [
        _clean_file(folder, entry, kind, 0, _size(folder / entry["name"]))
        for entry, kind in (
            (meta["display"], RenditionKind.DISPLAY),
            (meta["preview"], RenditionKind.PREVIEW),
        )
    ]
    return [*full, *shown]


def _clean_file(
    folder: Path, entry: FileEntry, kind: RenditionKind, frame: int, size: tuple[int, int]
) -> actions.CleanFile:
    path = folder / entry["name"]
    return actions.CleanFile(
        kind=kind,
        frame=frame,
        path=path,
        mime=MIMES[path.suffix],
        width=size[0],
        height=size[1],
        sha256=entry["sha256"],
    )


def _size(path: Path) -> tuple[int, int]:
    with Picture.open(path) as picture:
        return picture.size


@contextmanager
def workroom() -> Iterator[Path]:
    """A folder of this worker's own for files that came in; what killed workers left behind is deleted first.

    A lock beside each folder is held for as long as its worker lives, whatever way it dies.
    """
    parent = settings.VAR / "ingest"
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear_abandoned(parent)
    room = parent / uuid4().hex
    with room.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        room.mkdir(mode=0o700)
        try:
            yield room
        finally:
            shutil.rmtree(room)
            room.with_suffix(".lock").unlink()


def _clear_abandoned(parent: Path) -> None:
    for path in parent.glob("*.lock"):
        with suppress(FileNotFoundError, BlockingIOError), path.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink()
