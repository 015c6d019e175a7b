"""Zip files as a stream of members, with every bound checked on bytes that were really read.

Nothing is ever extracted by name. The central directory is walked here before `zipfile` sees it, so that a
directory of a million entries or of overlapping ones costs nothing.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Literal

from readerstudy.imaging.limits import ArchiveLimits
from readerstudy.imaging.reasons import REFUSALS, Refusal
from readerstudy.imaging.sniff import HEAD_BYTES, sniff

ArchiveCode = Literal[
    "not_a_zip", "damaged", "too_many_members", "overlapping", "split", "too_large_in_all", "empty"
]
MemberCode = Literal[
    "encrypted", "compression", "symlink", "archive", "too_large", "ratio", "size_differs", "damaged"
]

ARCHIVE_REFUSALS: dict[ArchiveCode, str] = {
    "not_a_zip": "This is not a zip file. Make a zip archive of the images and upload that.",
    "damaged": "The zip file is damaged or was cut off. Make it again and upload it once more.",
    "too_many_members": "The zip file has more entries than this site accepts. Split it into several zip files.",
    "overlapping": "Entries of the zip file share the same bytes, which no ordinary program produces. "
    "Make it again with another program.",
    "split": "This is one part of a split archive. Make a single zip file and upload that.",
    "too_large_in_all": "The unpacked files are larger together than this site accepts. "
    "Split the archive into several zip files.",
    "empty": "The zip file holds no files. Add the images and upload it again.",
}
MEMBER_REFUSALS: dict[MemberCode, str] = {
    "encrypted": "The file is encrypted in the zip. Make the zip without a password.",
    "compression": "The file is packed with a method that is not supported. Make the zip with ordinary compression.",
    "symlink": "The entry is a link or a special file, not an image. Put the image itself into the zip.",
    "archive": REFUSALS["archive"],
    "too_large": REFUSALS["too_large"],
    "ratio": "The file grows far more on unpacking than any image does. Upload it outside a zip.",
    "size_differs": "The file's size is not what the zip says. Make the zip again.",
    "damaged": "The file is damaged in the zip. Make the zip again.",
}

_CHUNK = 1 << 18
_END, _END_64, _LOCATOR_64, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_END_BYTES, _LOCATOR_BYTES, _ENTRY_BYTES, _LOCAL_BYTES = 22, 20, 46, 30
_LONGEST_COMMENT = 0xFFFF
_FULL, _ZIP64_FIELD = 0xFFFFFFFF, 1
_ENCRYPTED, _UTF8 = 0x1, 0x800
_SKIPPED_NAMES = frozenset({"thumbs.db", "desktop.ini", "dicomdir"})
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_SHOWN = 200


class ArchiveError(Exception):
    """The whole archive is refused. `code` is stable; the text is a sentence for the archive's owner."""

    def __init__(self, code: ArchiveCode) -> None:
        super().__init__(ARCHIVE_REFUSALS[code])
        self.code: ArchiveCode = code
        self.sentence = ARCHIVE_REFUSALS[code]


class MemberError(Exception):
    """One member is refused while it is being read; the others are unharmed."""

    def __init__(self, code: MemberCode) -> None:
        super().__init__(MEMBER_REFUSALS[code])
        self.code: MemberCode = code
        self.sentence = MEMBER_REFUSALS[code]


@dataclass(frozen=True, slots=True)
class Written:
    """What `Member.write_to` wrote."""

    bytes: int
    sha256: str


@dataclass(slots=True)
class _Budget:
    """Bytes that the members of one archive have unpacked to so far."""

    limits: ArchiveLimits
    spent: int = 0

    def spend(self, count: int) -> None:
        self.spent += count
        if self.spent > self.limits.max_total_bytes:
            raise ArchiveError("too_large_in_all")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    `shown_name` is safe to show to a coordinator, and nothing else: folders joined by "/", without control
    characters, `file-0007` where its encoding is unknown. `refusal` is None where the content may be read.
    """

    position: int
    shown_name: str
    declared_bytes: int
    refusal: MemberError | None
    _archive: zipfile.ZipFile = field(repr=False)
    _entry: zipfile.ZipInfo = field(repr=False)
    _budget: _Budget = field(repr=False)

    def write_to(self, target: IO[bytes]) -> Written:
        """Copy the content to an open binary file, once, while the archive's iterator is still alive.

        Raises MemberError where this member must be refused (what was written so far is to be thrown away)
        and ArchiveError where the archive as a whole has unpacked to too much.
        """
        if self.refusal is not None:
            raise self.refusal
        count, digest = 0, hashlib.sha256()
        for chunk in self._chunks():
            count += len(chunk)
            self._check(count)
            self._budget.spend(len(chunk))
            digest.update(chunk)
            target.write(chunk)
        if count != self._entry.file_size:
            raise MemberError("size_differs")
        return Written(bytes=count, sha256=digest.hexdigest())

    def _chunks(self) -> Iterator[bytes]:
        try:
            with self._archive.open(self._entry) as source:
                while chunk := source.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError):
            raise MemberError("damaged") from None

    def _check(self, count: int) -> None:
        limits = self._budget.limits
        if count > limits.max_member_bytes:
            raise MemberError("too_large")
        if count > limits.ratio_floor_bytes and count > limits.max_ratio * self._entry.compress_size:
            raise MemberError("ratio")


def open_archive(path: Path, limits: ArchiveLimits | None = None) -> Iterator[Member]:
    """The files of a zip archive, in its own order, without folders and the litter of file managers.

    Raises ArchiveError, at the first step, where the archive as a whole must be refused. A member is readable
    until the iterator is closed or exhausted.
    """
    bounds = limits or ArchiveLimits()
    with path.open("rb") as file:
        count = _check_directory(file, bounds)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, RuntimeError, ValueError, struct.error):
            raise ArchiveError("damaged") from None
        with archive:
            entries = archive.infolist()
            if len(entries) != count:
                raise ArchiveError("damaged")
            budget = _Budget(bounds)
            yield from _members(archive, entries, budget)


def _members(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], budget: _Budget) -> Iterator[Member]:
    for position, entry in enumerate(entries, start=1):
        name = _decoded_name(entry)
        if _is_litter(entry):
            continue
        yield Member(
            position=position,
            shown_name=shown_name(name, position),
            declared_bytes=entry.file_size,
            refusal=_refusal(archive, entry, budget.limits),
            _archive=archive,
            _entry=entry,
            _budget=budget,
        )


def shown_name(name: str | None, position: int) -> str:
    """A member's name fit for display: composed, without control or direction characters, drive, root or `..`."""
    if name is None:
        return f"file-{position:04d}"
    composed = unicodedata.normalize("NFC", name.replace("\\", "/"))
    visible = "".join(sign for sign in composed if unicodedata.category(sign) not in _INVISIBLE)
    parts = [part.strip() for part in re.sub(r"^[A-Za-z]:", "", visible).split("/")]
    shown = "/".join(part for part in parts if part not in ("", ".", ".."))
    if len(shown) > _LONGEST_SHOWN:
        shown = f"…{shown[-_LONGEST_SHOWN + 1 :]}"
    return shown or f"file-{position:04d}"


def _decoded_name(entry: zipfile.ZipInfo) -> str | None:
    """The name, or None where its encoding is not said and it is not UTF-8 either (as Macs write it)."""
    if entry.flag_bits & _UTF8:
        return entry.orig_filename
    try:
        return entry.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return None


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    name = entry.orig_filename
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    if entry.is_dir() or name.endswith(("/", "\\")):
        return True
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return hidden or "__MACOSX" in parts or (bool(parts) and parts[-1].lower() in _SKIPPED_NAMES)


def _refusal(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> MemberError | None:
    if entry.flag_bits & _ENCRYPTED:
        return MemberError("encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return MemberError("compression")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return MemberError("symlink")
    if entry.file_size > limits.max_member_bytes:
        return MemberError("too_large")
    return _refusal_by_content(archive, entry)


def _refusal_by_content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> MemberError | None:
    try:
        with archive.open(entry) as source:
            head = source.read(HEAD_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError):
        return MemberError("damaged")
    try:
        sniff(head)
    except Refusal as refusal:
        return MemberError("archive") if refusal.code == "archive" else None
    return None


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the central directory lies and how many entries it claims."""

    start: int
    size: int
    entries: int
    shift: int


def _check_directory(file: IO[bytes], limits: ArchiveLimits) -> int:
    """Walk the raw central directory; the number of its entries, if it is within bounds and honest."""
    directory = _find_directory(file)
    if directory.entries > limits.max_members:
        raise ArchiveError("too_many_members")
    if directory.size > limits.max_directory_bytes:
        raise ArchiveError("too_many_members")
    if directory.entries == 0:
        raise ArchiveError("empty")
    file.seek(directory.start)
    raw = file.read(directory.size)
    if len(raw) != directory.size:
        raise ArchiveError("damaged")
    spans = sorted(_spans(raw, directory, limits))
    if len(spans) != directory.entries:
        raise ArchiveError("damaged")
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise ArchiveError("overlapping")
    return len(spans)


def _find_directory(file: IO[bytes]) -> _Directory:
    size = file.seek(0, 2)
    tail_start = max(0, size - _END_BYTES - _LONGEST_COMMENT - _LOCATOR_BYTES - 56)
    file.seek(tail_start)
    tail = file.read()
    at = _end_record(tail)
    end = tail_start + at
    if tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_LOCATOR_64):
        return _find_directory_64(file, end)
    disk, first_disk, here, entries, length, offset = struct.unpack_from("<4H2L", tail, at + 4)
    if disk or first_disk or here != entries:
        raise ArchiveError("split")
    return _placed(end - length, length, entries, offset)


def _end_record(tail: bytes) -> int:
    """Where the end record lies, found in the same way as `zipfile` finds it, so that both see the same."""
    plain = len(tail) - _END_BYTES
    if plain >= 0 and tail.startswith(_END, plain) and tail.endswith(b"\x00\x00"):
        return plain
    at = tail.rfind(_END)
    if at < 0 or at > plain:
        raise ArchiveError("not_a_zip")
    return at


def _find_directory_64(file: IO[bytes], end: int) -> _Directory:
    record_start = end - _LOCATOR_BYTES - 56
    file.seek(max(0, record_start))
    record = file.read(56)
    if record_start < 0 or record[:4] != _END_64:
        raise ArchiveError("damaged")
    disk, first_disk, here, entries, length, offset = struct.unpack_from("<2L4Q", record, 16)
    if disk or first_disk or here != entries:
        raise ArchiveError("split")
    return _placed(record_start - length, length, entries, offset)


def _placed(start: int, length: int, entries: int, offset: int) -> _Directory:
    """A directory that ends where its end record begins; bytes before the archive shift all offsets."""
    if start < 0 or start < offset:
        raise ArchiveError("damaged")
    return _Directory(start=start, size=length, entries=entries, shift=start - offset)


def _spans(raw: bytes, directory: _Directory, limits: ArchiveLimits) -> Iterator[tuple[int, int]]:
    """Start and least possible end of each entry's bytes in the file."""
    place, seen = 0, 0
    while raw[place : place + 4] == _ENTRY and place + _ENTRY_BYTES <= len(raw):
        seen += 1
        if seen > limits.max_members:
            raise ArchiveError("too_many_members")
        packed, plain, name, extra, comment = struct.unpack_from("<2L3H", raw, place + 20)
        (offset,) = struct.unpack_from("<L", raw, place + 42)
        fields = raw[place + _ENTRY_BYTES + name : place + _ENTRY_BYTES + name + extra]
        packed, offset = _wide(fields, packed, plain, offset)
        start = offset + directory.shift
        finish = start + _LOCAL_BYTES + name + packed
        if finish > directory.start:
            raise ArchiveError("damaged")
        yield start, finish
        place += _ENTRY_BYTES + name + extra + comment
    if place != len(raw):
        raise ArchiveError("damaged")


def _wide(fields: bytes, packed: int, plain: int, offset: int) -> tuple[int, int]:
    """Packed size and offset, from the zip64 extra field where the short ones are full."""
    place = 0
    while place + 4 <= len(fields):
        kind, length = struct.unpack_from("<2H", fields, place)
        if kind == _ZIP64_FIELD:
            return _from_zip64(fields[place + 4 : place + 4 + length], packed, plain, offset)
        place += 4 + length
    return packed, offset


def _from_zip64(content: bytes, packed: int, plain: int, offset: int) -> tuple[int, int]:
    wide = list(struct.unpack_from(f"<{len(content) // 8}Q", content))
    if len(wide) < (plain, packed, offset).count(_FULL):
        raise ArchiveError("damaged")
    if plain == _FULL:
        wide.pop(0)
    packed = wide.pop(0) if packed == _FULL else packed
    return packed, wide.pop(0) if offset == _FULL else offset
