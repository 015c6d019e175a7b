"""A picture without content in place of one of our own renditions: same format, same pixels, same number of bytes."""

from __future__ import annotations

import io

from PIL import Image

from readerstudy.imaging.padding import padded_png, padded_webp


def blank_of(content: bytes) -> bytes:
    """The file as black of the same size in pixels, and of the same length wherever the format allows it.

    `content` is a PNG or WebP that this package wrote. A file that is too small to be filled up stays shorter or longer
    by some bytes. Raises ValueError for another format.
    """
    with Image.open(io.BytesIO(content)) as picture:
        kind, size, mode = picture.format, picture.size, picture.mode
    if kind not in ("PNG", "WEBP"):
        raise ValueError("This is no rendition.")
    written = io.BytesIO()
    Image.new(mode, size).save(written, kind)
    pad = padded_png if kind == "PNG" else padded_webp
    try:
        return pad(written.getvalue(), len(content))
    except ValueError:  # no room for the chunk that would fill it up
        return written.getvalue()
