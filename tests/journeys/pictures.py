"""Copies the pictures of a run into the documentation: `python -m tests.journeys.pictures FROM TO`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

COLOURS = 96
TALLEST = 1600  # pixels; a long page is shown from its beginning


def copy_pictures(source: Path, target: Path) -> int:
    """Replaces every picture in `target` by the one in `source`, with a palette; returns how many there are."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.png"):
        old.unlink()
    pictures = sorted(source.glob("*.png"))
    for path in pictures:
        picture = Image.open(path).convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target / path.name, optimize=True)
    return len(pictures)


if __name__ == "__main__":
    print(f"{copy_pictures(Path(sys.argv[1]), Path(sys.argv[2]))} pictures")
