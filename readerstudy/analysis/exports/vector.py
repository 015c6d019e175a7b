"""Our figures on a page of print: the SVG that matplotlib writes, drawn again as paths of a PDF.

Only what those files hold is understood: groups, paths and their dashes, uses of glyphs and markers, hatches as tiles;
clips are left aside.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
INHERITED = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linejoin",
    "stroke-linecap",
    "stroke-dasharray",
    "stroke-dashoffset",
    "opacity",
)
JOINS = {"miter": 0, "round": 1, "bevel": 2}
CAPS = {"butt": 0, "round": 1, "square": 2}
_STEP = re.compile(r"([MLCQZz])|(-?\d*\.?\d+(?:e-?\d+)?)")
_CHANGE = re.compile(r"(\w+)\(([^)]*)\)")
Look = dict[str, str]
"""Attributes that a mark has or inherits."""


class Figure(Flowable):  # type: ignore[misc]  # ReportLab has no types
    """An SVG as wide as `width` points, in paths: sharp at every size."""

    def __init__(self, svg: bytes, width: float) -> None:
        super().__init__()
        self.root = fromstring(svg)  # noqa: S314  # a drawing of our own
        across, down = (float(self.root.get(name, "1").removesuffix("pt")) for name in ("width", "height"))
        self.width, self.height, self.scale = width, width * down / across, width / across
        self.known = {each.get("id"): each for each in self.root.iter() if each.get("id")}

    def draw(self) -> None:
        canvas = self.canv
        canvas.saveState()
        canvas.translate(0, self.height)
        canvas.scale(self.scale, -self.scale)
        _Pen(canvas, self.known).group(self.root, {"fill": "#000000", "stroke": "none"})
        canvas.restoreState()


@dataclass(frozen=True)
class _Pen:
    canvas: Any
    known: dict[str | None, Element]

    def group(self, parent: Element, look: Look) -> None:
        for each in parent:
            name = each.tag.removeprefix(SVG)
            if name in ("g", "path", "use"):
                self.canvas.saveState()
                self._move(each)
                own = {**look, **{key: value for key in INHERITED if (value := each.get(key)) is not None}}
                self._draw(name, each, own)
                self.canvas.restoreState()

    def _draw(self, name: str, each: Element, look: Look) -> None:
        if name == "g":
            self.group(each, look)
        elif name == "path":
            self._path(each, look)
        else:
            self.canvas.translate(float(each.get("x", 0)), float(each.get("y", 0)))
            found = self.known.get((each.get(HREF) or each.get("href") or "").removeprefix("#"))
            if found is not None:
                holder = Element("g")
                holder.append(found)
                self.group(holder, look)

    def _move(self, each: Element) -> None:
        for name, told in _CHANGE.findall(each.get("transform", "")):
            numbers = [float(number) for number in re.split(r"[ ,]+", told.strip())]
            if name == "translate":
                self.canvas.translate(numbers[0], numbers[1] if len(numbers) > 1 else 0)
            elif name == "scale":
                self.canvas.scale(numbers[0], numbers[-1])
            elif name == "rotate":
                self.canvas.rotate(numbers[0])
            elif name == "matrix":
                self.canvas.transform(*numbers)

    def _path(self, each: Element, look: Look) -> None:
        steps = list(_steps(each.get("d", "")))
        path = _traced(self.canvas, steps)
        fill, stroke = look["fill"], look["stroke"]
        if fill.startswith("url("):
            self._hatch(path, steps, fill[5:-1])
            fill = "none"
        if fill != "none":
            self.canvas.setFillColor(HexColor(fill))
        if stroke != "none":
            self._ink(look)
        if fill != "none" or stroke != "none":
            self.canvas.drawPath(path, fill=fill != "none", stroke=stroke != "none")

    def _ink(self, look: Look) -> None:
        self.canvas.setStrokeColor(HexColor(look["stroke"]))
        self.canvas.setLineWidth(float(look.get("stroke-width", "1")))
        self.canvas.setLineJoin(JOINS[look.get("stroke-linejoin", "miter")])
        self.canvas.setLineCap(CAPS[look.get("stroke-linecap", "butt")])
        dashes = look.get("stroke-dasharray", "none")
        if dashes != "none":
            lengths = [float(each) for each in re.split(r"[ ,]+", dashes)]
            self.canvas.setDash(lengths, float(look.get("stroke-dashoffset", "0")))

    def _hatch(self, path: Any, steps: list[tuple[str, list[float]]], name: str) -> None:
        """The pattern's ground over the whole path, then its marks tile by tile: no tile covers its neighbour's."""
        pattern = self.known[name]
        side = float(pattern.get("width", 72))
        spans = [[number for _letter, numbers in steps for number in numbers[axis::2]] for axis in (0, 1)]
        columns, rows = (range(int(min(each) // side), int(max(each) // side) + 1) for each in spans)
        self.canvas.saveState()
        self.canvas.clipPath(path, stroke=0, fill=0)
        self._ground(pattern, *((min(each), max(each)) for each in spans))
        for column, row in itertools.product(columns, rows):
            self.canvas.saveState()
            self.canvas.translate(column * side, row * side)
            self.group(pattern, {"fill": "none", "stroke": "none"})
            self.canvas.restoreState()
        self.canvas.restoreState()

    def _ground(self, pattern: Element, xs: tuple[float, float], ys: tuple[float, float]) -> None:
        for ground in pattern.findall(f"{SVG}rect"):
            self.canvas.setFillColor(HexColor(ground.get("fill", "#ffffff")))
            self.canvas.rect(xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0], stroke=0, fill=1)


def _steps(told: str) -> Iterator[tuple[str, list[float]]]:
    """The path as letters with their numbers."""
    letter, numbers = "", list[float]()
    for found in _STEP.finditer(told):
        if found[1]:
            if letter:
                yield letter, numbers
            letter, numbers = found[1].upper(), []
        else:
            numbers.append(float(found[2]))
    if letter:
        yield letter, numbers


def _traced(canvas: Any, steps: list[tuple[str, list[float]]]) -> Any:
    path, at = canvas.beginPath(), (0.0, 0.0)
    for letter, numbers in steps:
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "M":
            path.moveTo(*pairs[0])
        elif letter == "L":
            for pair in pairs:
                path.lineTo(*pair)
        elif letter == "C":
            path.curveTo(*numbers)
        elif letter == "Q":
            path.curveTo(*_cubic(at, pairs[0], pairs[1]))
        else:
            path.close()
        at = pairs[-1] if pairs else at
    return path


def _cubic(
    start: tuple[float, float], handle: tuple[float, float], end: tuple[float, float]
) -> tuple[float, ...]:
    """The two handles and the end of the cubic curve that is this quadratic one."""
    first = tuple(a + 2 / 3 * (b - a) for a, b in zip(start, handle, strict=True))
    second = tuple(a + 2 / 3 * (b - a) for a, b in zip(end, handle, strict=True))
    return (*first, *second, *end)
