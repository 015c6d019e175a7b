"""Someone who looks at images: what is on the canvas, where image pixels lie on the screen, what was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Locator, Page

Pixels = npt.NDArray[np.uint8]

ON_SCREEN = """(viewer, points) => {
  const { left, top } = viewer.stage.getBoundingClientRect();
  return points.map(([x, y]) => {
    const at = viewer.matrix.transformPoint(new DOMPoint(x, y));
    return [left + at.x, top + at.y];
  });
}"""
ON_CANVAS = """(viewer, points) => {
  viewer.paint();
  const canvas = viewer.querySelector("canvas");
  const ratio = devicePixelRatio;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const image = copy.getImageData(0, 0, canvas.width, canvas.height);
  return points.map(([x, y]) => {
    const at = viewer.matrix.transformPoint(new DOMPoint(x, y));
    const start = 4 * (Math.floor(at.y * ratio) * canvas.width + Math.floor(at.x * ratio));
    return [...image.data.slice(start, start + 4)];
  });
}"""


@dataclass
class Looker:
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, address: str, *, wait: bool) -> None:
        self.page.goto(address)
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('rs-viewer')].every((viewer) => viewer.size)"
        )
        if wait:
            self.settle()

    def settle(self) -> None:
        """Waits until every image is there in full range and painted."""
        self.page.evaluate(
            """async () => {
              for (const viewer of document.querySelectorAll("rs-viewer")) await viewer.settled;
              await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            }"""
        )

    def watch(self, frames: int = 30) -> None:
        """Lets the screen be drawn so many times, for what must not happen meanwhile."""
        self.page.evaluate(
            "async (n) => { for (; n > 0; n -= 1) await new Promise((done) => requestAnimationFrame(done)); }",
            frames,
        )

    def viewer(self, number: int = 0) -> Locator:
        return self.page.locator("rs-viewer").nth(number)

    def ask(self, expression: str, number: int = 0) -> Any:
        """What an expression about `viewer` gives."""
        return self.viewer(number).evaluate(f"(viewer) => {expression}")

    def wait_for(self, expression: str, number: int = 0) -> None:
        """Waits until an expression about `viewer` is true."""
        self.page.wait_for_function(
            f"(number) => {{ const viewer = document.querySelectorAll('rs-viewer')[number]; return {expression}; }}",
            arg=number,
        )

    def view(self, number: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = self.ask("({...viewer.view, record: null, marks: null})", number)
        return told

    @property
    def said(self) -> str:
        return str(self.ask("viewer.querySelector('[role=status]').textContent"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self, number: int = 0) -> None:
        self.viewer(number).locator(".stage").focus()

    def screen(self, *points: tuple[float, float], number: int = 0) -> list[tuple[float, float]]:
        """Where image points lie on the page."""
        return [(x, y) for x, y in self.viewer(number).evaluate(ON_SCREEN, list(points))]

    def drag(self, start: tuple[float, float], end: tuple[float, float], number: int = 0) -> None:
        """A drag of the mouse from one image point to another."""
        first, last = self.screen(start, end, number=number)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        self.page.mouse.move(*last, steps=5)
        self.page.mouse.up()

    def click(self, point: tuple[float, float], number: int = 0) -> None:
        self.page.mouse.click(*self.screen(point, number=number)[0])

    def colours(self, points: list[tuple[float, float]], number: int = 0) -> Pixels:
        """The (n, 4) RGBA values on the canvas at image points."""
        return np.array(self.viewer(number).evaluate(ON_CANVAS, points), np.uint8)

    def shades(self, shape: tuple[int, ...], number: int = 0) -> Pixels:
        """The grey shade on the canvas at the middle of each pixel of an image of (h, w)."""
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        middles = [(x + 0.5, y + 0.5) for x, y in zip(columns.ravel(), rows.ravel(), strict=True)]
        found = self.colours([(float(x), float(y)) for x, y in middles], number)
        assert (found[:, 0] == found[:, 1]).all()
        assert (found[:, 0] == found[:, 2]).all()
        assert (found[:, 3] == 255).all()
        return found[:, 0].reshape(shape[:2])

    def leave(self) -> None:
        self.page.context.close()
        assert not self.complaints, self.complaints
