"""What a file is, told by its content and never by its name."""

from __future__ import annotations

import re
from typing import Literal

from readerstudy.imaging.reasons import Refusal, RefusalCode

Format = Literal["DICOM", "PNG", "JPEG", "WEBP", "TIFF"]
HEAD_BYTES = 4096

_ACCEPTED: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_KNOWN_BY_START: tuple[tuple[bytes, RefusalCode], ...] = (
    (b"PK\x03\x04", "archive"),
    (b"PK\x05\x06", "archive"),
    (b"PK\x07\x08", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"GIF87a", "other_picture"),
    (b"GIF89a", "other_picture"),
    (b"BM", "other_picture"),
    (b"8BPS", "other_picture"),
    (b"\x00\x00\x00\x0cjP  ", "other_picture"),
    (b"\xff\x4f\xff\x51", "other_picture"),
    (b"\x00\x00\x01\x00", "other_picture"),
    (b"{\\rtf", "document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document"),
    (b"%!PS", "document"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"\x00\x00\x01\xba", "video"),
    (b"\x00\x00\x01\xb3", "video"),
    (b"OggS", "video"),
    (b"FLV\x01", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (b"\x89HDF\r\n\x1a\n", "volume"),
    (b"NRRD", "volume"),
    (b"SIMPLE  =", "volume"),
)
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_BARE_DICOM_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
_TEXT_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def sniff(head: bytes) -> Format:
    """The format of a file that begins with `head`. Raises Refusal where it is none that can be rendered.

    `head` is the first HEAD_BYTES of the file, or all of it if it is shorter. DICOM wins over whatever its
    preamble imitates.
    """
    if not head:
        raise Refusal("empty")
    if head[128:132] == b"DICM":
        return "DICOM"
    for magic, kind in _ACCEPTED:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    raise Refusal(_refused(head))


def _refused(head: bytes) -> RefusalCode:
    for magic, code in _KNOWN_BY_START:
        if head.startswith(magic):
            return code
    if head[:4] == b"RIFF":
        return "video" if head[8:12] == b"AVI " else "unknown_type"
    if head[4:8] == b"ftyp":
        return "other_picture" if head[8:12] in _PICTURE_BRANDS else "video"
    if head[257:262] == b"ustar":
        return "archive"
    if head[344:348] in (b"n+1\x00", b"ni1\x00"):
        return "volume"
    return _refused_by_text(head)


def _refused_by_text(head: bytes) -> RefusalCode:
    if b"%PDF-" in head[:1024]:
        return "document"
    if b"<svg" in head.lower():
        return "drawing"
    if head[:2] in _BARE_DICOM_GROUPS and len(head) > 8:
        return "not_dicom"
    return "unknown_type" if _TEXT_CONTROLS.search(head) or not _decodes(head) else "text"


def _decodes(head: bytes) -> bool:
    """Whether the bytes are UTF-8, but for a character cut in two at the end."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == HEAD_BYTES
    return True
