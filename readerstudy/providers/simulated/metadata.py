"""What travels in an image file beside its pixels: so that a test can prove that nothing of a patient did."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"cHRM", b"pHYs", b"sBIT"}
_JPEG_NAMES = {0xE1: "APP1 (EXIF or XMP)", 0xE2: "APP2 (ICC)", 0xED: "APP13 (IPTC)", 0xFE: "comment"}
_WEBP_PIXELS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}


def detected_type(data: bytes) -> str:
    """The MIME type that the bytes themselves show, empty if unknown."""
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "application/dicom" if data[128:132] == b"DICM" else ""


def metadata_of(data: bytes) -> list[str]:
    """Names of all parts that are not needed to show the pixels, and of bytes after the end."""
    readers = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp, "application/dicom": _dicom}
    reader = readers.get(detected_type(data))
    return list(reader(data)) if reader else []


def _png(data: bytes) -> Iterator[str]:
    position = len(_PNG)
    while position + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[position : position + 8])
        if name not in _PNG_PIXELS:
            yield name.decode("latin-1")
        position += 12 + length
        if name == b"IEND":
            break
    if position < len(data):
        yield "bytes after the end"


def _jpeg(data: bytes) -> Iterator[str]:
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
        marker = data[position + 1]
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        if marker in _JPEG_NAMES or 0xE3 <= marker <= 0xEF:
            yield _JPEG_NAMES.get(marker, f"APP{marker - 0xE0}")
        position += 2 + length


def _webp(data: bytes) -> Iterator[str]:
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[position : position + 8])
        if name not in _WEBP_PIXELS:
            yield name.decode("latin-1").strip()
        position += 8 + length + length % 2


def _dicom(_: bytes) -> Iterator[str]:
    yield "DICOM header"
