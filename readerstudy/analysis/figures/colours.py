"""Colours between others, and which ink can be read on them."""

from __future__ import annotations

from collections.abc import Sequence

from readerstudy.analysis.figures.svg import BLACK, WHITE

SHADES = ("#f3f6f9", "#9fc6e6", "#2f7fb8", "#0b3a63")
"""From nothing to much, light to dark in grey as well."""


def between(colours: Sequence[str], t: float) -> str:
    """The colour at a share `t` of the way through the colours, as #rrggbb."""
    place = min(t * (len(colours) - 1), len(colours) - 1 - 1e-9)
    low, share = int(place), place - int(place)
    first, second = _rgb(colours[low]), _rgb(colours[low + 1])
    mixed = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _rgb(colour: str) -> Sequence[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def luminance(colour: str) -> float:
    """From 0 of black to 1 of white."""
    linear: list[float] = [(part / 255) ** 2.2 for part in _rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink_on(fill: str) -> str:
    """Black or white, whichever has more contrast on the colour."""
    return BLACK if luminance(fill) > 0.18 else WHITE
