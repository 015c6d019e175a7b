"""How many tokens a call may take, before anybody has counted them."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image as Picture

from readerstudy.providers.base import ImagePart
from readerstudy.providers.prompts import Rendered

BYTES_PER_TOKEN = 4
UNLIMITED_OUTPUT = 4096
"""What a call without a limit of its own is taken to write at most."""
TYPICAL_OUTPUT = 400
DOUBT = 2
"""Vendors count text and images by rules of their own; none that is known takes more than this times our guess."""
_LONG_SIDE, _SHORT_SIDE, _TILE, _PER_TILE, _PER_IMAGE = 2048, 768, 512, 170, 85


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens sent and received."""

    input_tokens: int
    output_tokens: int

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


def most(rendered: Rendered, parameters: Mapping[str, Any]) -> Size:
    """The most that a call may take: what a budget reserves for it."""
    limit = parameters.get("max_output_tokens")
    output = limit if isinstance(limit, int) and limit > 0 else UNLIMITED_OUTPUT
    return Size(DOUBT * sent_tokens(rendered), output)


def sent_tokens(rendered: Rendered) -> int:
    """A guess at the tokens of words and images, by bytes and pixels."""
    images = [part for part in rendered.parts if isinstance(part, ImagePart)]
    words = [part.text for part in rendered.parts if not isinstance(part, ImagePart)]
    return text_tokens(rendered.system, *words) + sum(image_tokens(*_pixels(image)) for image in images)


def text_tokens(*texts: str) -> int:
    return sum(math.ceil(len(text.encode()) / BYTES_PER_TOKEN) for text in texts)


def image_tokens(width: int, height: int) -> int:
    """Tiles of 512 pixels after the image was made to fit 2048 and its short side 768, as several vendors count."""
    scale = min(1.0, _LONG_SIDE / max(width, height), _SHORT_SIDE / max(1, min(width, height)))
    tiles = math.ceil(width * scale / _TILE) * math.ceil(height * scale / _TILE)
    return _PER_IMAGE + _PER_TILE * tiles


def _pixels(image: ImagePart) -> tuple[int, int]:
    with Picture.open(io.BytesIO(image.data)) as picture:
        return picture.size
