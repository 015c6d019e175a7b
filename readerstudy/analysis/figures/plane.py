"""A plane between two axes, with grid lines and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from readerstudy.analysis.figures.svg import LINE, MUTED, SMALL, Drawing


@dataclass(frozen=True)
class Plane:
    """A rectangle of the sheet on which x and y run from one number to another; y rises upwards."""

    left: float
    top: float
    width: float
    height: float
    xs: tuple[float, float] = (0.0, 1.0)
    ys: tuple[float, float] = (0.0, 1.0)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies on the sheet; points beyond an axis lie on its edge."""
        return (
            self.left + self.width * _share(x, self.xs),
            self.top + self.height * (1.0 - _share(y, self.ys)),
        )

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def grid(
        self,
        sheet: Drawing,
        xs: Sequence[float],
        ys: Sequence[float],
        words: Callable[[float], str] = "{:g}".format,
    ) -> None:
        """Grid lines at these numbers, each with its number outside."""
        for x in xs:
            at = self.at(x, self.ys[0])[0]
            sheet.line(at, self.top, at, self.bottom, color=LINE)
            sheet.text(at, self.bottom + 14, words(x), size=SMALL, color=MUTED, align="center")
        for y in ys:
            at = self.at(self.xs[0], y)[1]
            sheet.line(self.left, at, self.left + self.width, at, color=LINE)
            sheet.text(self.left - 8, at, words(y), size=SMALL, color=MUTED, align="right")


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (min(max(value, low), high) - low) / (high - low)
