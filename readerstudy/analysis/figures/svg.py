"""A drawing in points, and its SVG: no fonts to load, no inline style, no reference outside the file, no date.

A strict content security policy blanks `style` attributes where a figure is opened by itself, so they become plain
attributes. Drawing takes its turn behind a lock: matplotlib keeps state between figures.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings

INK, MUTED, LINE, PAPER = "#1b1d1f", "#5a6066", "#dcdedf", "#ffffff"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SHAPES = ("o", "s", "D", "^", "v", "P")
BODY, SMALL = 13.0, 11.5
WIDTH, PAD = 780.0, 14.0
PIXELS = 200

_FIXED: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "readerstudy",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": BODY,
    "hatch.linewidth": 1.1,
}
_turn = threading.Lock()
_PREAMBLE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_SHEET = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>\s*|<style.*?</style>\s*", re.DOTALL)
_SIZE = re.compile(r'<svg (?P<before>[^>]*?)width="(?P<width>[\d.]+)pt" height="(?P<height>[\d.]+)pt"')
_STYLE = re.compile(r' style="(?P<rules>[^"]*)"')


@dataclass(frozen=True)
class Drawing:
    """A sheet of `WIDTH` × `height` points within a margin, origin at the top left; later marks cover earlier ones."""

    height: float
    title: str
    _depth: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @cached_property
    def _figure(self) -> Any:
        from matplotlib.figure import Figure

        return Figure(figsize=(_outer(WIDTH) / 72, _outer(self.height) / 72), dpi=72, facecolor=PAPER)

    def text(self, x: float, y: float, words: str, **look: Any) -> None:
        """Words at a point; `look` takes `size`, `color`, `weight`, `align` (left, center, right)."""
        self._figure.text(
            *self._place(x, y),
            words,
            fontsize=look.get("size", BODY),
            color=look.get("color", INK),
            fontweight=look.get("weight", "normal"),
            ha=look.get("align", "left"),
            va="center",
            zorder=next(self._depth),
        )

    def box(self, x: float, y: float, width: float, height: float, **look: Any) -> None:
        """A filled rectangle; `look` takes `fill`, `hatch` and `edge` (the colour of the hatching)."""
        from matplotlib.patches import Rectangle

        patch = Rectangle(
            self._place(x, y + height),
            width / _outer(WIDTH),
            height / _outer(self.height),
            transform=self._figure.transFigure,
            facecolor=look.get("fill", PAPER),
            edgecolor=look.get("edge", PAPER),
            hatch=look.get("hatch") or None,
            linewidth=0.0,
            zorder=next(self._depth),
        )
        self._figure.add_artist(patch)

    def plate(self, x: float, y: float, width: float, height: float, *, fill: str) -> None:
        """A plain ground for words, centred on a point, so that no hatching runs through them."""
        self.box(x - width / 2, y - height / 2, width, height, fill=fill)

    def line(self, x1: float, y1: float, x2: float, y2: float, **look: Any) -> None:
        """A straight line; `look` takes `color` and `width`."""
        look = {"color": look.get("color", LINE), "linewidth": look.get("width", 1.0)}
        self._lines([(x1, y1), (x2, y2)], solid_capstyle="butt", **look)

    def mark(self, x: float, y: float, shape: str, *, color: str, filled: bool) -> None:
        """A marker, filled or open."""
        fill = color if filled else PAPER
        look = {"color": color, "markerfacecolor": fill, "markeredgewidth": 1.8}
        self._lines([(x, y)], marker=shape, markersize=9, **look)

    def _lines(self, points: list[tuple[float, float]], **look: Any) -> None:
        from matplotlib.lines import Line2D

        xs, ys = zip(*(self._place(*point) for point in points), strict=True)
        line = Line2D(xs, ys, transform=self._figure.transFigure, zorder=next(self._depth), **look)
        self._figure.add_artist(line)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """The point in matplotlib's own coordinates: shares of the sheet, from the bottom left."""
        return (x + PAD) / _outer(WIDTH), 1 - (y + PAD) / _outer(self.height)

    def svg(self) -> bytes:
        return _clean(self._raw(), self.title)

    def png(self) -> bytes:
        """The drawing as pixels, two hundred to the inch, without a date."""
        written = io.BytesIO()
        self._figure.savefig(written, format="png", dpi=PIXELS, metadata={"Software": None})
        return written.getvalue()

    def _raw(self) -> str:
        written = io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        self._figure.savefig(written, format="svg", metadata=nothing)
        return written.getvalue().decode()


def _outer(length: float) -> float:
    return length + 2 * PAD


def drawn(draw: Any, *parts: Any, pixels: bool = False) -> bytes:
    """The SVG of what `draw(*parts)` returns, or its PNG, drawn while nobody else draws."""
    with _turn:
        os.environ.setdefault("MPLCONFIGDIR", str(settings.VAR / "matplotlib"))
        import matplotlib as mpl

        mpl.rcParams.update(_FIXED)
        drawing: Drawing = draw(*parts)
        return drawing.png() if pixels else drawing.svg()


def short(words: str, most: int) -> str:
    """The words, cut with an ellipsis where they would not fit."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _clean(raw: str, title: str) -> bytes:
    body = _SHEET.sub("", _COMMENT.sub("", _PREAMBLE.sub("", raw)))
    body = _SIZE.sub(
        r'<svg \g<before>width="\g<width>" height="\g<height>" stroke-linejoin="round" stroke-linecap="butt"',
        body,
        count=1,
    )
    body = _STYLE.sub(_as_attributes, body)
    start = body.index(">") + 1
    return f"{body[:start]}\n <title>{escape(title)}</title>{body[start:]}".encode()


def _as_attributes(match: re.Match[str]) -> str:
    rules = (rule.split(":", 1) for rule in match["rules"].split(";") if ":" in rule)
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in rules)
