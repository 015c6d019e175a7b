"""The encoded pixel data of a DICOM file, left where they are and read piece by piece.

A file of two gigabytes costs no more memory than one of its frames.
"""

from __future__ import annotations

import io
import struct
from typing import IO, cast

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

_KEYWORDS = (0x7FE00008, 0x7FE00009, 0x7FE00010)  # float, double float and whole numbers
_VRS = {0x7FE00008: "OF", 0x7FE00009: "OD"}
_EXPLICIT = (b"OB", b"OW", b"OF", b"OD", b"UN")
_FRAGMENT, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED = 0xFFFFFFFF


class PixelBytes(io.BufferedIOBase):
    """A span of an open file as a file of its own. It never reads beyond its end, whatever lengths the span claims."""

    def __init__(self, file: IO[bytes], start: int, length: int, *, open_ended: bool = False) -> None:
        """Span `length` bytes of `file` from `start` on; the two share the file's position.

        `open_ended` says that the file gives no length, so that the span reaches to its end.
        """
        super().__init__()
        self.open_ended = open_ended
        self._file, self._start, self._length, self._place = file, start, length, 0

    def __len__(self) -> int:
        """Bytes in the span."""
        return self._length

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place, counted from the start of the span."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move within the span."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("negative place")
        self._place = base + offset
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; fewer at the end."""
        left = max(0, self._length - self._place)
        self._file.seek(self._start + self._place)
        found = self._file.read(left if size is None or size < 0 else min(size, left))
        self._place += len(found)
        return found


def stops_here(tag: BaseTag, vr: str | None, length: int) -> bool:
    """Whether a header ends before this attribute, because it holds the pixels."""
    return tag in _KEYWORDS


def place_pixels(file: IO[bytes], dataset: Dataset) -> None:
    """Give the data set its pixel data without reading them; the file stands where they begin, or at its end."""
    little = dataset.original_encoding[1] is not False
    head = file.read(8)
    tag = _tag(head, little)
    if tag not in _KEYWORDS:
        return
    # A length is even, and the first letter of each of these is an odd number: so neither is taken for the other.
    explicit = head[4:6] in _EXPLICIT
    (length,) = struct.unpack("<I" if little else ">I", file.read(4) if explicit else head[4:])
    start = file.tell()
    left = file.seek(0, io.SEEK_END) - start
    span = PixelBytes(file, start, min(length, left), open_ended=length == _UNDEFINED)
    dataset.add(DataElement(tag, _vr(tag, head[4:6]), span))


def pixel_bytes(dataset: Dataset) -> PixelBytes:
    """The span that holds the pixels of a data set, rewound."""
    found = next(dataset[tag].value for tag in _KEYWORDS if tag in dataset)
    span = cast("PixelBytes", found)
    span.seek(0)
    return span


def is_whole(span: PixelBytes) -> bool:
    """Whether compressed pixel data are a row of complete fragments, up to their delimiter or the span's end."""
    span.seek(0)
    while len(head := span.read(8)) == 8:
        tag, length = head[:4], int.from_bytes(head[4:], "little")
        if tag == _DELIMITER:
            return True
        if tag != _FRAGMENT or span.seek(length, io.SEEK_CUR) > len(span):
            return False
    return not head


def _tag(head: bytes, little: bool) -> int | None:
    if len(head) < 8:
        return None
    group, element = struct.unpack_from("<HH" if little else ">HH", head)
    return int(group) << 16 | int(element)


def _vr(tag: int, said: bytes) -> str:
    return _VRS.get(tag, "OB" if said == b"OB" else "OW")
