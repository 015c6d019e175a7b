"""Display windows: from 16-bit values to the 8 bits of a screen.

Formulas: DICOM PS3.3 C.11.2.1.2.1 (linear) and C.11.2.1.3.2 (linear exact).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Grey16 = npt.NDArray[np.uint16]
WindowFunction = Literal["linear", "linear_exact"]
_LEVELS = 65536
_SAMPLED_PIXELS = 4_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """A window in the file's values, as DICOM writes it. `explanation` comes from a fixed list."""

    center: float
    width: float
    explanation: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A lookup table: the value `first` maps to `outputs[0]`, and values outside go to its ends."""

    first: int
    outputs: npt.NDArray[np.uint16]

    def apply(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
        """The output for each value."""
        places = np.clip(np.rint(values).astype(np.int64) - self.first, 0, len(self.outputs) - 1)
        found: npt.NDArray[np.uint16] = self.outputs[places]
        return found


@dataclass(frozen=True, slots=True)
class GreyScale:
    """How the stored 16-bit values are meant.

    The file's value is `png * scale + offset`. Windows are in the file's values and use `function`;
    `curve`, where present, replaces them on the display image. `padding` are stored values without meaning.
    `unwindowed` says what to do when there is no window.
    """

    scale: float = 1.0
    offset: float = 0.0
    inverted: bool = False
    windows: tuple[Window, ...] = ()
    function: WindowFunction = "linear"
    curve: Table | None = None
    padding: tuple[int, int] | None = None
    unwindowed: Literal["percentile", "full"] = "percentile"


def is_usable(window: Window, function: WindowFunction) -> bool:
    """Whether the numbers make a window: finite, and as wide as the formula needs."""
    if not (np.isfinite(window.center) and np.isfinite(window.width)):
        return False
    return window.width >= 1 if function == "linear" else window.width > 0


def ends(window: Window, function: WindowFunction) -> tuple[float, float]:
    """The values shown as black and as white."""
    if function == "linear_exact":
        return window.center - window.width / 2, window.center + window.width / 2
    middle, half = window.center - 0.5, (window.width - 1) / 2
    return middle - half, middle + half


def spanning(low: float, high: float, function: WindowFunction) -> Window:
    """The window that shows `low` as black and `high` as white."""
    if function == "linear_exact":
        return Window(center=(low + high) / 2, width=max(high - low, 1e-9))
    return Window(center=(low + high + 1) / 2, width=max(high - low + 1, 1.0))


def fallback_window(grey: GreyScale, stored: Grey16, bits: int) -> tuple[Window, WindowFunction]:
    """A window for an image that brings none: its whole range, or its 1st to 99th percentile."""
    if grey.unwindowed == "full":
        low, high = 0, 2**bits - 1
    else:
        low, high = percentiles(stored, ignore=grey.padding)
    first, last = sorted((low * grey.scale + grey.offset, high * grey.scale + grey.offset))
    whole = float(grey.scale).is_integer() and float(grey.offset).is_integer()
    function: WindowFunction = "linear" if whole else "linear_exact"
    return spanning(first, last, function), function


def percentiles(stored: Grey16, *, ignore: tuple[int, int] | None = None) -> tuple[int, int]:
    """The 1st and 99th percentile of the stored values, from an even sample of a large image."""
    step = max(1, int(np.ceil(np.sqrt(stored.size / _SAMPLED_PIXELS))))
    counts = np.bincount(stored[::step, ::step].ravel(), minlength=_LEVELS)
    if ignore is not None and counts.sum() > counts[ignore[0] : ignore[1] + 1].sum():
        counts[ignore[0] : ignore[1] + 1] = 0
    running = np.cumsum(counts)
    low, high = (int(np.searchsorted(running, share * running[-1])) for share in (0.01, 0.99))
    return low, max(high, low)


def display_levels(grey: GreyScale, window: Window, function: WindowFunction) -> npt.NDArray[np.uint8]:
    """The 8-bit level of each of the 65,536 stored values, inverted where the image is."""
    values = np.arange(_LEVELS) * grey.scale + grey.offset
    shown: npt.NDArray[Any]
    if grey.curve is not None:
        shown = grey.curve.apply(values) / max(int(grey.curve.outputs.max()), 1)
    else:
        low, high = ends(window, function)
        shown = (values - low) / (high - low) if high > low else (values > low).astype(np.float64)
    levels = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    return 255 - levels if grey.inverted else levels


def straightened(curve: Table) -> Window:
    """The straight window nearest to a curve: from 1 % to 99 % of its rise."""
    outputs = curve.outputs.astype(np.float64)
    rise = np.abs(outputs - outputs[0])
    share = rise / max(float(rise.max()), 1.0)
    low, high = int(np.argmax(share >= 0.01)), int(np.argmax(share >= 0.99))
    return spanning(curve.first + low, curve.first + max(high, low), "linear")
