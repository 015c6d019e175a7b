"""A drawing in points, as SVG, PNG or PDF: no fonts to load, no reference outside the file, no date.

A strict content security policy blanks `style` attributes where an SVG is opened by itself, so they become plain
attributes; its letters are paths, those of a PDF an embedded font. Ink, paper and lines are named by their role, so
that the same drawing can stand on a light or a dark page. Drawing takes its turn behind a lock: matplotlib keeps state
between figures.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from xml.sax.saxutils import escape

from django.conf import settings

INK, MUTED, LINE, PAPER = "ink", "muted", "line", "paper"
BLACK, WHITE = "#1b1d1f", "#ffffff"
"""Ink on a filled ground, which is the same on every page."""
LIGHT = {INK: BLACK, MUTED: "#5a6066", LINE: "#dcdedf", PAPER: WHITE}
DARK = {INK: "#e8eaed", MUTED: "#aab1b8", LINE: "#3a4047", PAPER: "#1a1d20"}
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SHAPES = ("o", "s", "D", "^", "v", "P")
BODY, SMALL = 13.0, 11.5
WIDTH, PAD = 780.0, 14.0
PIXELS = 200
"""Pixels to the inch of a PNG."""
Form = Literal["svg", "png", "pdf"]
FORMS: Mapping[Form, str] = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}

_FIXED: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "readerstudy",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": BODY,
    "hatch.linewidth": 1.1,
    "pdf.fonttype": 42,
}
_NOTHING: Mapping[Form, Any] = {
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "png": {"Software": None},
    "pdf": dict.fromkeys(("Creator", "Producer", "CreationDate")),
}
_turn = threading.Lock()
_sheet: ContextVar[Mapping[str, str]] = ContextVar("sheet", default=LIGHT)
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
    colours: Mapping[str, str] = field(default_factory=_sheet.get)
    _depth: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @cached_property
    def _figure(self) -> Any:
        from matplotlib.figure import Figure

        size = (_outer(WIDTH) / 72, _outer(self.height) / 72)
        return Figure(figsize=size, dpi=72, facecolor=self._colour(PAPER))

    def text(self, x: float, y: float, words: str, **look: Any) -> None:
        """Words at a point; `look` takes `size`, `color`, `weight`, `align` (left, center, right)."""
        self._figure.text(
            *self._place(x, y),
            words,
            fontsize=look.get("size", BODY),
            color=self._colour(look.get("color", INK)),
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
            facecolor=self._colour(look.get("fill", PAPER)),
            edgecolor=self._colour(look.get("edge", PAPER)),
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
        self.path([(x1, y1), (x2, y2)], **look)

    def path(self, points: Sequence[tuple[float, float]], **look: Any) -> None:
        """Straight lines from point to point; `look` takes `color`, `width` and `dash` (as matplotlib names it)."""
        given = {"linewidth": look.get("width", 1.0), "linestyle": look.get("dash", "-")}
        given["color"] = self._colour(look.get("color", LINE))
        self._lines(points, solid_capstyle="butt", dash_capstyle="butt", **given)

    def mark(self, x: float, y: float, shape: str, *, color: str, filled: bool) -> None:
        """A marker, filled or open."""
        fill = self._colour(color if filled else PAPER)
        look = {"color": self._colour(color), "markerfacecolor": fill, "markeredgewidth": 1.8}
        self._lines([(x, y)], marker=shape, markersize=9, **look)

    def _lines(self, points: Sequence[tuple[float, float]], **look: Any) -> None:
        from matplotlib.lines import Line2D

        xs, ys = zip(*(self._place(*point) for point in points), strict=True)
        line = Line2D(xs, ys, transform=self._figure.transFigure, zorder=next(self._depth), **look)
        self._figure.add_artist(line)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """The point in matplotlib's own coordinates: shares of the sheet, from the bottom left."""
        return (x + PAD) / _outer(WIDTH), 1 - (y + PAD) / _outer(self.height)

    def _colour(self, role: str) -> str:
        """The colour of a role; any other name is a colour already."""
        return self.colours.get(role, role)

    def svg(self) -> bytes:
        return _clean(self.written("svg").decode(), self.title)

    def written(self, form: Form) -> bytes:
        """The bytes that matplotlib writes, without a date or a name of its own."""
        written = io.BytesIO()
        self._figure.savefig(written, format=form, metadata=_NOTHING[form], **_fine(form))
        return written.getvalue()


def _fine(form: Form) -> dict[str, Any]:
    return {"dpi": PIXELS} if form == "png" else {}


def _outer(length: float) -> float:
    return length + 2 * PAD


def drawn(draw: Any, *parts: Any, form: Form = "svg", dark: bool = False) -> bytes:
    """What `draw(*parts)` puts on a sheet, drawn while nobody else draws; the sheet's colours are set here."""
    with _turn:
        os.environ.setdefault("MPLCONFIGDIR", str(settings.VAR / "matplotlib"))
        import matplotlib as mpl

        mpl.rcParams.update(_FIXED)
        with _ground(DARK if dark else LIGHT):
            drawing: Drawing = draw(*parts)
        return drawing.svg() if form == "svg" else drawing.written(form)


@contextmanager
def _ground(colours: Mapping[str, str]) -> Iterator[None]:
    token = _sheet.set(colours)
    try:
        yield
    finally:
        _sheet.reset(token)


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
