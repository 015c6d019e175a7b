"""Making files equally long, so that their size tells nothing about what they show.

Both formats let a reader skip chunks it does not know; the zeros go into one of those.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path

from readerstudy.imaging.png import chunk
from readerstudy.imaging.rendition import FileEntry

_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_PNG_CHUNK = b"zePd"  # ancillary, private, safe to copy
_PNG_FRAME = 12
_WEBP_CHUNK = b"PADD"
_WEBP_FRAME, _WEBP_HEAD = 8, 12
_STEP = 1024
_ROOM = 32  # the most that the frame of a padding chunk takes in either format


def common_size(sizes: Iterable[int]) -> int:
    """The size in bytes to which files of these sizes, and of either format, can all be padded."""
    return -(-(max(sizes) + _ROOM) // _STEP) * _STEP


def pad_png(path: Path, size: int) -> FileEntry:
    """Grow a PNG to `size` bytes. Raises ValueError where it is no PNG, or neither of that size nor 12 bytes below."""
    return _written(path, padded_png(path.read_bytes(), size))


def padded_png(content: bytes, size: int) -> bytes:
    """The same for the bytes of a PNG."""
    if not content.endswith(_PNG_END):
        raise ValueError("This is no PNG that ends with its end.")
    if len(content) == size:
        return content
    padding = chunk(_PNG_CHUNK, _zeros(size - len(content) - _PNG_FRAME))
    return content[: -len(_PNG_END)] + padding + _PNG_END


def pad_webp(path: Path, size: int) -> FileEntry:
    """Grow a still WebP to `size` bytes.

    Raises ValueError where it is no WebP that this package wrote, where `size` is odd, or where the file is neither
    of that size nor at least 26 bytes below.
    """
    return _written(path, padded_webp(path.read_bytes(), size))


def padded_webp(content: bytes, size: int) -> bytes:
    """The same for the bytes of a still WebP."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or content[12:16] not in (b"VP8 ", b"VP8X"):
        raise ValueError("This is no WebP that can be padded.")
    if len(content) == size:
        return content
    chunks = content[_WEBP_HEAD:] if content[12:16] == b"VP8X" else _extended(content[_WEBP_HEAD:])
    zeros = _zeros(size - _WEBP_HEAD - len(chunks) - _WEBP_FRAME)
    if len(zeros) % 2:
        raise ValueError("A WebP has an even number of bytes.")
    chunks += _WEBP_CHUNK + struct.pack("<I", len(zeros)) + zeros
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _extended(chunks: bytes) -> bytes:
    """The picture's chunk behind the head of the extended format, in which unknown chunks are allowed."""
    width, height = struct.unpack_from("<HH", chunks, 14)
    canvas = [((int(edge) & 0x3FFF) - 1).to_bytes(3, "little") for edge in (width, height)]
    return b"".join([b"VP8X", struct.pack("<II", 10, 0), *canvas, chunks])


def _zeros(count: int) -> bytes:
    if count < 0:
        raise ValueError("The file is too large to be padded to this size.")
    return bytes(count)


def _written(path: Path, content: bytes) -> FileEntry:
    path.write_bytes(content)
    return {"name": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
