"""Drawing in a unit square: soft masks, smooth closed outlines, tapering strokes, cloud noise.

Coordinates are (x, y) with x and y in -1..1, y pointing down, so that a drawing does not know its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter

from readerstudy.imaging.phantoms.model import Box

Field = npt.NDArray[np.float64]
Point = tuple[float, float]
Line = tuple[Sequence[Point], Sequence[float]]
_OVERSAMPLED = 2


@dataclass(frozen=True, slots=True)
class Canvas:
    """A square of `size` pixels through which a part of the plane is seen.

    `reach` is half the visible width, `middle` the y at the centre of the picture.
    """

    size: int
    reach: float = 1.0
    middle: float = 0.0

    def grid(self) -> tuple[Field, Field]:
        """x and y of every pixel centre, each (size, size)."""
        axis = ((np.arange(self.size) + 0.5) / self.size * 2 - 1) * self.reach
        x, y = np.meshgrid(axis, axis + self.middle)
        return x, y

    def pixels(self, length: float) -> float:
        """A length in pixels."""
        return length / self.reach / 2 * self.size

    def pixel(self, point: Point) -> Point:
        """The position of a point in pixels."""
        return (self.pixels(point[0] + self.reach), self.pixels(point[1] - self.middle + self.reach))

    def zeros(self) -> Field:
        """An empty field."""
        return np.zeros((self.size, self.size))

    def outline(self, points: Sequence[Point], *, soft: float = 0.004) -> Field:
        """A filled smooth closed curve through the points; 0..1 with an edge `soft` wide."""
        sheet = self._sheet()
        corners = [(_OVERSAMPLED * x, _OVERSAMPLED * y) for x, y in map(self.pixel, closed_curve(points))]
        ImageDraw.Draw(sheet).polygon(corners, fill=255)
        return self._settle(sheet, soft)

    def ellipses(self, shapes: Iterable[tuple[Point, Point]], *, soft: float = 0.004) -> Field:
        """Filled ellipses, each (centre, radii), in one field; where they overlap they do not add up."""
        sheet = self._sheet()
        draw = ImageDraw.Draw(sheet)
        for (x, y), (across, down) in shapes:
            low, high = self.pixel((x - across, y - down)), self.pixel((x + across, y + down))
            draw.ellipse([_OVERSAMPLED * value for value in (*low, *high)], fill=255)
        return self._settle(sheet, soft)

    def strokes(self, lines: Iterable[Line], *, soft: float = 0.003) -> Field:
        """Lines with changing widths in one field; where they cross they do not add up."""
        sheet = self._sheet()
        draw = ImageDraw.Draw(sheet)
        for path, widths in lines:
            for disc in self._discs(path, widths):
                draw.ellipse(disc, fill=255)
        return self._settle(sheet, soft)

    def _sheet(self) -> Image.Image:
        return Image.new("L", (self.size * _OVERSAMPLED, self.size * _OVERSAMPLED), 0)

    def _settle(self, sheet: Image.Image, soft: float) -> Field:
        small = sheet.resize((self.size, self.size), Image.Resampling.BOX)
        soft_edged = small.filter(ImageFilter.GaussianBlur(self.pixels(soft)))
        return np.asarray(soft_edged, dtype=np.float64) / 255

    def _discs(self, path: Sequence[Point], widths: Sequence[float]) -> list[tuple[float, ...]]:
        points = np.array([self.pixel(p) for p in path]) * _OVERSAMPLED
        length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        steps = np.arange(0, length[-1], max(1.0, self.pixels(min(widths)) * 0.2))
        xs, ys = np.interp(steps, length, points[:, 0]), np.interp(steps, length, points[:, 1])
        along = np.linspace(0, length[-1], len(widths))
        radii = np.interp(steps, along, [self.pixels(w) * _OVERSAMPLED / 2 for w in widths])
        return [
            tuple(disc)
            for disc in np.stack([xs - radii, ys - radii, xs + radii, ys + radii], axis=1).tolist()
        ]

    def clouds(self, rng: np.random.Generator, *, coarse: float, octaves: int = 4) -> Field:
        """Smooth noise of mean 0 and deviation 1; `coarse` is the size of its largest blobs."""
        total = self.zeros()
        for octave in range(octaves):
            grain = coarse / 2**octave
            layer = blur(rng.standard_normal((self.size, self.size)), self.pixels(grain) / 2)
            total += layer / layer.std() / 1.7**octave
        return (total - float(total.mean())) / float(total.std())

    def box_of(self, field: Field, *, above: float) -> Box:
        """The smallest box that holds every pixel of the field above the threshold."""
        rows, columns = np.nonzero(field > above)
        return (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)


def blur(field: Field, sigma: float) -> Field:
    """Gaussian blur with mirrored borders; `sigma` in pixels. Wide blurs work on a coarser field."""
    if sigma < 0.3:
        return field
    coarse = int(sigma // 4)
    if coarse < 2:
        return np.asarray(gaussian_filter(field, sigma, mode="reflect", truncate=3), dtype=np.float64)
    height, width = field.shape
    small = Image.fromarray(field.astype(np.float32)).reduce(coarse)
    soft = blur(np.asarray(small, dtype=np.float64), sigma / coarse)
    back = Image.fromarray(soft.astype(np.float32)).resize(
        (soft.shape[1] * coarse, soft.shape[0] * coarse), Image.Resampling.BICUBIC
    )
    return np.asarray(back, dtype=np.float64)[:height, :width]


def closed_curve(points: Sequence[Point], *, steps: int = 24) -> list[Point]:
    """A closed Catmull-Rom spline through the points."""
    return _spline([points[-1], *points, points[0], points[1]], steps)


def open_curve(points: Sequence[Point], *, steps: int = 24) -> list[Point]:
    """An open Catmull-Rom spline through the points, both ends included."""
    return [*_spline([points[0], *points, points[-1]], steps), points[-1]]


def _spline(knots: Sequence[Point], steps: int) -> list[Point]:
    p = np.array(knots)
    t = (np.arange(steps) / steps)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in np.concatenate(pieces)]


def mirrored(points: Sequence[Point], side: int) -> list[Point]:
    """The points, with x turned over for `side` -1."""
    return [(side * x, y) for x, y in points]
