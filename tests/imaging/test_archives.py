"""Zip files: honest ones give their files, hostile ones are refused before they cost anything."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from readerstudy.imaging.archives import (
    ARCHIVE_REFUSALS,
    MEMBER_REFUSALS,
    ArchiveError,
    Member,
    MemberError,
    open_archive,
    shown_name,
)
from readerstudy.imaging.limits import ArchiveLimits

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def contents(archive: bytes, folder: Path, limits: ArchiveLimits | None = None) -> dict[str, bytes | str]:
    """Shown names with what each member held, or the code of its refusal."""
    path = folder / "upload"
    path.write_bytes(archive)
    return {member.shown_name: read(member) for member in open_archive(path, limits)}


def read(member: Member) -> bytes | str:
    target = io.BytesIO()
    try:
        written = member.write_to(target)
    except MemberError as error:
        return error.code
    digest = hashlib.sha256(target.getvalue()).hexdigest()
    assert (written.bytes, written.sha256) == (len(target.getvalue()), digest)
    return target.getvalue()


def test_every_sentence_is_whole() -> None:
    for sentence in (*ARCHIVE_REFUSALS.values(), *MEMBER_REFUSALS.values()):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def refusal(archive: bytes, folder: Path, limits: ArchiveLimits | None = None) -> str:
    with pytest.raises(ArchiveError) as error:
        contents(archive, folder, limits)
    assert error.value.sentence == ARCHIVE_REFUSALS[error.value.code]
    return error.value.code


def renamed(archive: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert archive.count(old) == 2
    return archive.replace(old, new)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_files_of_an_honest_archive_come_out_whole(tmp_path: Path, method: int) -> None:
    archive = zipped(
        ("case-17/current.png", IMAGE), ("case-17/prior.png", IMAGE[::-1]), ("empty", b""), method=method
    )
    assert contents(archive, tmp_path) == {
        "case-17/current.png": IMAGE,
        "case-17/prior.png": IMAGE[::-1],
        "empty": b"",
    }


def test_members_keep_their_place_in_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(zipped(("a", b"1"), (".hidden", b"2"), ("b", b"3")))
    assert [(member.position, member.shown_name) for member in open_archive(path)] == [(1, "a"), (3, "b")]


def test_an_archive_behind_other_bytes_is_read(tmp_path: Path) -> None:
    assert contents(b"#!/bin/sh\nexit\n" + zipped(("a", IMAGE)), tmp_path) == {"a": IMAGE}


def test_an_archive_with_a_comment_is_read(tmp_path: Path) -> None:
    archive = zipped(("a", IMAGE))
    comment = b"made by hand"
    assert contents(archive[:-2] + struct.pack("<H", len(comment)) + comment, tmp_path) == {"a": IMAGE}


def test_a_zip64_archive_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(IMAGE)
    assert contents(as_zip64(buffer.getvalue()), tmp_path) == {"a": IMAGE}


def as_zip64(archive: bytes) -> bytes:
    """The same archive with a zip64 end record, as large archives have."""
    at = len(archive) - 22
    _, _, here, entries, length, offset = struct.unpack_from("<4H2L", archive, at + 4)
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, here, entries, length, offset)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at, 1)
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return archive[:at] + record + locator + end


@pytest.mark.parametrize(
    "litter",
    [
        "__MACOSX/._image.png",
        "folder/",
        "folder\\",
        ".DS_Store",
        "folder/.hidden.png",
        ".git/config",
        "Thumbs.db",
        "folder/THUMBS.DB",
        "desktop.ini",
        "DICOMDIR",
    ],
)
def test_litter_is_left_out_without_a_word(tmp_path: Path, litter: str) -> None:
    assert contents(
        zipped((litter, b"litter" if not litter.endswith("/") else b""), ("a", IMAGE)), tmp_path
    ) == {"a": IMAGE}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/absolute/image.png", "absolute/image.png"),
        ("C:\\Users\\scan.dcm", "Users/scan.dcm"),
        ("a/./b/../c.png", "a/b/c.png"),
        ("scan\x07\x1b[31m.png", "scan[31m.png"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("zero\u200bwidth\ufeff.png", "zerowidth.png"),
        ("line\u2028break.png", "linebreak.png"),
        (unicodedata.normalize("NFD", "Müller.png"), unicodedata.normalize("NFC", "Müller.png")),
        ("..", "file-0007"),
        ("\x01\x02", "file-0007"),
        (None, "file-0007"),
    ],
)
def test_a_shown_name_is_harmless(name: str | None, shown: str) -> None:
    assert shown_name(name, 7) == shown


def test_a_very_long_name_keeps_its_end(tmp_path: Path) -> None:
    (shown,) = contents(zipped((f"{'x' * 3000}/scan.dcm", IMAGE)), tmp_path)
    assert len(shown) == 200
    assert shown.endswith("/scan.dcm")


def test_traversing_names_write_nothing_anywhere(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    assert contents(zipped(("../escaped.png", IMAGE)), inner) == {"escaped.png": IMAGE}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inner", "upload"]


def test_names_in_utf_8_are_read_even_without_the_flag(tmp_path: Path) -> None:
    archive = renamed(zipped(("xxx.png", IMAGE)), b"xxx.png", "é1.png".encode() + b"")
    assert list(contents(archive, tmp_path)) == ["é1.png"]


@pytest.mark.parametrize(
    "name", ["胸部.png".encode("cp932"), "肺炎.png".encode("gbk"), "Mül.png".encode("cp1252")]
)
def test_a_name_in_an_unknown_encoding_is_replaced_by_a_number(tmp_path: Path, name: bytes) -> None:
    archive = renamed(zipped(("x" * len(name), IMAGE)), b"x" * len(name), name)
    assert contents(archive, tmp_path) == {"file-0001": IMAGE}


def test_two_members_of_one_name_both_come_out(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    with pytest.warns(UserWarning, match="Duplicate name"):
        path.write_bytes(zipped(("a", IMAGE), ("a", IMAGE[::-1])))
    assert [read(member) for member in open_archive(path)] == [IMAGE, IMAGE[::-1]]


def test_twins_whose_names_are_composed_differently_both_come_out(tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "Müller.png") for form in ("NFC", "NFD")]
    path = tmp_path / "upload"
    path.write_bytes(zipped(*((name, IMAGE + name.encode()) for name in names)))
    assert [read(member) for member in open_archive(path)] == [IMAGE + name.encode() for name in names]


def info(name: str, **attributes: Any) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(entry, key, value)
    return entry


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_are_refused(tmp_path: Path, kind: int) -> None:
    link = info("link.png", external_attr=(kind | 0o777) << 16)
    assert contents(zipped((link, b"/etc/passwd"), ("a", IMAGE)), tmp_path) == {
        "link.png": "symlink",
        "a": IMAGE,
    }


@pytest.mark.parametrize(
    "inner", [zipped(("a", IMAGE)), b"\x1f\x8b\x08rest", b"7z\xbc\xaf\x27\x1crest", b"Rar!\x1a\x07rest"]
)
def test_archives_within_archives_are_refused_by_content(tmp_path: Path, inner: bytes) -> None:
    assert contents(zipped(("scan.dcm", inner), ("a", IMAGE)), tmp_path) == {
        "scan.dcm": "archive",
        "a": IMAGE,
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(tmp_path: Path, method: int) -> None:
    assert contents(zipped(("a", IMAGE), method=method), tmp_path) == {"a": "compression"}


def with_flag(archive: bytes, flag: int) -> bytes:
    changed = bytearray(archive)
    changed[6] |= flag
    changed[archive.index(b"PK\x01\x02") + 8] |= flag
    return bytes(changed)


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    assert contents(with_flag(zipped(("a", IMAGE)), 1), tmp_path) == {"a": "encrypted"}


def test_a_member_beyond_the_size_limit_is_refused_by_its_declaration(tmp_path: Path) -> None:
    archive = zipped(("large", IMAGE * 10), ("a", IMAGE))
    assert contents(archive, tmp_path, ArchiveLimits(max_member_bytes=5000)) == {
        "large": "too_large",
        "a": IMAGE,
    }


def test_a_member_that_inflates_a_thousandfold_is_refused_on_the_way(tmp_path: Path) -> None:
    archive = zipped(("zeros", bytes(30_000_000)), ("a", IMAGE))
    assert contents(archive, tmp_path) == {"zeros": "ratio", "a": IMAGE}


def test_a_refused_member_stops_soon_after_its_bound(tmp_path: Path) -> None:
    path, target = tmp_path / "upload", io.BytesIO()
    path.write_bytes(zipped(("zeros", bytes(30_000_000))))
    for member in open_archive(path):
        with pytest.raises(MemberError, match="grows"):
            member.write_to(target)
    assert 9_000_000 < len(target.getvalue()) < 11_000_000


def test_a_member_cannot_be_read_after_its_archive_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(zipped(("a", IMAGE)))
    (member,) = open_archive(path)
    with pytest.raises(ValueError, match="closed"):
        member.write_to(io.BytesIO())


def declared(archive: bytes, size: int) -> bytes:
    """The archive with another plain size in both its headers."""
    changed = bytearray(archive)
    struct.pack_into("<L", changed, 22, size)
    struct.pack_into("<L", changed, archive.index(b"PK\x01\x02") + 24, size)
    return bytes(changed)


def test_a_member_that_declares_ten_bytes_and_holds_many_is_refused(tmp_path: Path) -> None:
    archive = declared(zipped(("a", IMAGE)), 10)
    assert contents(archive, tmp_path) == {"a": "damaged"}


def test_a_member_that_declares_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    archive = declared(zipped(("a", IMAGE)), len(IMAGE) + 10)
    assert contents(archive, tmp_path) == {"a": "size_differs"}


def test_a_member_with_changed_bytes_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    archive = bytearray(zipped(("broken", IMAGE), ("a", IMAGE), method=zipfile.ZIP_STORED))
    archive[archive.index(IMAGE) + 50] ^= 0xFF
    assert contents(bytes(archive), tmp_path) == {"broken": "damaged", "a": IMAGE}


def test_everything_together_may_not_exceed_the_total(tmp_path: Path) -> None:
    archive = zipped(*[(f"m{number}", IMAGE) for number in range(5)])
    assert refusal(archive, tmp_path, ArchiveLimits(max_total_bytes=4 * len(IMAGE))) == "too_large_in_all"
    assert len(contents(archive, tmp_path, ArchiveLimits(max_total_bytes=5 * len(IMAGE)))) == 5


def overlapping(entries: int) -> bytes:
    """Many directory entries on one local file."""
    plain = zipped(("a", bytes(100_000)))
    at = plain.index(b"PK\x01\x02")
    entry = plain[at:-22]
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, entries, entries, len(entry) * entries, at, 0)
    return plain[:at] + entry * entries + end


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    assert refusal(overlapping(1000), tmp_path) == "overlapping"


def test_a_member_that_reaches_into_the_directory_is_refused(tmp_path: Path) -> None:
    archive = bytearray(zipped(("a", IMAGE)))
    struct.pack_into("<L", archive, archive.index(b"PK\x01\x02") + 20, len(archive))
    assert refusal(bytes(archive), tmp_path) == "damaged"


def many_entries(count: int, claimed: int) -> bytes:
    """An archive of empty entries that claims some other number of them."""
    entry = b"PK\x01\x02" + bytes(42)
    directory, ahead = entry * count, bytes(100)
    end = struct.pack("<4H2LH", 0, 0, claimed, claimed, len(directory), len(ahead), 0)
    return ahead + directory + b"PK\x05\x06" + end


@pytest.mark.parametrize(
    ("count", "claimed"), [(5001, 5001), (65_000, 65_000), (300_000, 3), (1_000_000, 100)]
)
def test_too_many_members_are_refused_before_the_archive_is_opened(
    tmp_path: Path, count: int, claimed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZipFile", None)
    archive = many_entries(count, claimed)
    started = time.process_time()
    assert refusal(archive, tmp_path) == "too_many_members"
    assert time.process_time() - started < 1


def test_a_directory_that_holds_more_entries_than_it_claims_is_refused(tmp_path: Path) -> None:
    archive = bytearray(zipped(("a", IMAGE), ("b", IMAGE)))
    struct.pack_into("<2H", archive, len(archive) - 14, 1, 1)
    assert refusal(bytes(archive), tmp_path) == "damaged"


def test_a_zip64_record_cannot_hide_a_second_directory(tmp_path: Path) -> None:
    """`zipfile` follows a zip64 record wherever one stands, so the check must follow it too."""
    hidden = many_entries(6000, 6000)[100:-22]
    plain = zipped(("a", IMAGE))
    at = len(plain) - 22
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 6000, 6000, len(hidden), at)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at + len(hidden), 1)
    assert refusal(plain[:at] + hidden + record + locator + plain[at:], tmp_path) == "too_many_members"


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (b"", "not_a_zip"),
        (b"this is a letter", "not_a_zip"),
        (IMAGE, "not_a_zip"),
        (zipped(("a", IMAGE))[:-30], "not_a_zip"),
        (zipped(("a", IMAGE))[100:], "damaged"),
        (zipped(), "empty"),
        (b"PK\x05\x06" + struct.pack("<4H2LH", 1, 0, 1, 1, 46, 0, 0), "split"),
        (b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, 46, 10_000, 0), "damaged"),
        (
            b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
            "damaged",
        ),
    ],
)
def test_what_is_no_sound_archive_is_refused_with_a_sentence(
    tmp_path: Path, archive: bytes, code: str
) -> None:
    assert refusal(archive, tmp_path) == code


def test_every_byte_of_the_directory_may_be_changed_without_an_accident(tmp_path: Path) -> None:
    """Any outcome will do but an exception of another kind or a file that is not what was packed."""
    archive = zipped(("first.png", IMAGE), ("second.png", IMAGE[::-1]))
    start = archive.index(b"PK\x01\x02")
    path = tmp_path / "upload"
    for at in range(start, len(archive)):
        changed = bytearray(archive)
        changed[at] ^= 0xFF
        path.write_bytes(changed)
        try:
            whole = [read(member) for member in open_archive(path)]
        except ArchiveError:
            continue
        assert all(isinstance(found, str) or zlib.crc32(found) for found in whole)
        assert all(isinstance(found, str) or found in (IMAGE, IMAGE[::-1]) for found in whole)
