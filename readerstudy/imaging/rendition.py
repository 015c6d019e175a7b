"""One uploaded file in, a rendition out: rebuilt pixels and an allow-listed description, or a refusal.

`render` decodes untrusted bytes in this very process and is meant for the decoding child; everybody else
calls `readerstudy.imaging.sandbox.render_in_child`.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from io import BufferedReader
from pathlib import Path
from typing import IO, Literal, TypedDict

import numpy as np
import PIL
import pydicom

from readerstudy.imaging.asked import Asked
from readerstudy.imaging.dicom import open_dicom
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.picture import Picture
from readerstudy.imaging.products import Product, Products, write_products
from readerstudy.imaging.raster import open_raster
from readerstudy.imaging.reasons import REFUSALS, Reason, Refusal, RefusalCode, look, note
from readerstudy.imaging.sniff import HEAD_BYTES, Format, sniff
from readerstudy.imaging.windows import GreyScale, Window, WindowFunction

META_VERSION = 2


class WindowPreset(TypedDict):
    """A display window in the file's values."""

    center: float
    width: float
    explanation: str | None


class FileEntry(TypedDict):
    """One file of a rendition."""

    name: str
    bytes: int
    sha256: str


class Placed(TypedDict):
    """Where an image lies in its square: a pixel at (x, y) came to (left + x * scale, top + y * scale)."""

    scale: float
    left: int
    top: int


class Meta(TypedDict):
    """The description of a rendition; JSON-safe, and all that is kept of a file beside its pixels.

    `key_frame` is the frame of display image and preview. The provenance (`series` to `sex`) is described by
    `readerstudy.imaging.picture.Provenance`; each is None where it is unknown or was not asked for. `masks` are
    boxes [left, top, right, bottom] that were blacked out, and `placed` where the image lies in a square of its
    own making, both in the rendition's pixels.
    """

    version: int
    kind: Literal["grey16", "rgb8"]
    width: int
    height: int
    bits: int
    frames: int
    key_frame: int
    frame_time_ms: float | None
    scale: float
    offset: float
    inverted: bool
    windows: list[WindowPreset]
    window_function: WindowFunction | None
    default_window: WindowPreset | None
    spacing_mm: list[float] | None
    spacing_kind: Literal["calibrated", "at detector"] | None
    imaging_modality: str | None
    body_part: str | None
    laterality: str | None
    view_position: str | None
    series: str | None
    stack: str | None
    instance: str | None
    position_mm: float | None
    instance_number: int | None
    day: int | None
    age_years: int | None
    sex: str | None
    masks: list[list[int]]
    placed: Placed | None
    needs_look: list[Reason]
    notes: list[Reason]
    source_format: Format
    transfer_syntax: str | None
    decoder: str
    software: dict[str, str]
    full: list[FileEntry]
    display: FileEntry
    preview: FileEntry
    input_sha256: str
    input_bytes: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file that became a rendition: the folder that holds its files, and its description."""

    folder: Path
    meta: Meta
    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that did not; `sentence` says to its owner why and what to do."""

    code: RefusalCode
    sentence: str
    seconds: float = 0.0


Outcome = Rendered | Refused


def refused(code: RefusalCode, seconds: float = 0.0) -> Refused:
    """The refusal with its sentence."""
    return Refused(code=code, sentence=REFUSALS[code], seconds=seconds)


def render(path: Path, out_dir: Path, limits: Limits | None = None, asked: Asked | None = None) -> Outcome:
    """Render the file into `out_dir`, which must not exist; on refusal it does not exist afterwards.

    `asked` says what the study wants to know of the file's provenance; by default nothing. Raises OSError where the
    file cannot be opened or the folder cannot be written.
    """
    started = time.perf_counter()
    out_dir.mkdir(parents=True)
    try:
        with _as_refusals(), path.open("rb") as file:
            meta = _render(file, out_dir, limits or Limits(), asked or Asked())
    except Refusal as refusal:
        shutil.rmtree(out_dir)
        return refused(refusal.code, time.perf_counter() - started)
    except BaseException:
        shutil.rmtree(out_dir)
        raise
    return Rendered(folder=out_dir, meta=meta, seconds=time.perf_counter() - started)


def _render(file: BufferedReader, folder: Path, limits: Limits, asked: Asked) -> Meta:
    size = file.seek(0, os.SEEK_END)
    if size > limits.max_file_bytes:
        raise Refusal("too_large")
    file.seek(0)
    kind = sniff(file.read(HEAD_BYTES))
    with _quiet() as warned:
        picture, products = _first_that_works(_attempts(file, kind, limits, asked), folder)
    if warned:
        picture.mark("file_irregular")
    file.seek(0)
    return _describe(picture, products, hashlib.file_digest(file, "sha256").hexdigest(), size)


def _attempts(file: IO[bytes], kind: Format, limits: Limits, asked: Asked) -> Sequence[Callable[[], Picture]]:
    if kind == "DICOM":
        return open_dicom(file, limits, asked)
    return [partial(open_raster, file, kind, limits)]


def _first_that_works(attempts: Sequence[Callable[[], Picture]], folder: Path) -> tuple[Picture, Products]:
    """Write the first picture that can be decoded to its end."""
    for attempt in attempts:
        try:
            with _as_refusals():
                picture = attempt()
                return picture, write_products(picture, folder)
        except Refusal as refusal:
            if refusal.code != "damaged":
                raise
    raise Refusal("damaged")


@contextmanager
def _as_refusals() -> Iterator[None]:
    """Turn whatever a decoder raises into a refusal.

    Decoders signal damage with any exception; a Rust panic is not even an `Exception`. Their words may quote
    the file, so neither text nor cause goes on. An OSError with a number comes from our own disk, not from the
    file.
    """
    try:
        yield
    except (Refusal, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError:
        raise Refusal("too_much_memory") from None
    except RecursionError:
        raise Refusal("nested_too_deep") from None
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise Refusal("too_many_pixels_in_all") from None
        if error.errno is not None:
            raise
        raise Refusal("damaged") from None
    except BaseException:  # noqa: BLE001 - see above: a panic in a Rust decoder is no Exception
        raise Refusal("damaged") from None


@contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Let no library print, log or warn in words of the file; yields the list of warnings, for its length only."""
    said, mode = logging.root.manager.disable, pydicom.config.settings.reading_validation_mode
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield warned
    finally:
        pydicom.config.settings.reading_validation_mode = mode
        logging.disable(said)


def _describe(picture: Picture, products: Products, sha256: str, size: int) -> Meta:
    grey, facts = picture.grey or GreyScale(), picture.facts
    origin = facts.provenance
    return {
        "version": META_VERSION,
        "kind": "rgb8" if picture.grey is None else "grey16",
        "width": picture.width,
        "height": picture.height,
        "bits": picture.bits,
        "frames": picture.frames,
        "key_frame": picture.key_frame,
        "frame_time_ms": facts.frame_time_ms,
        "scale": grey.scale,
        "offset": grey.offset,
        "inverted": grey.inverted,
        "windows": [_preset(window) for window in grey.windows],
        "window_function": products.function,
        "default_window": None if products.window is None else _preset(products.window),
        "spacing_mm": None if facts.spacing_mm is None else list(facts.spacing_mm),
        "spacing_kind": facts.spacing_kind,
        "imaging_modality": facts.imaging_modality,
        "body_part": facts.body_part,
        "laterality": facts.laterality,
        "view_position": facts.view_position,
        "series": origin.series,
        "stack": origin.stack,
        "instance": origin.instance,
        "position_mm": origin.position_mm,
        "instance_number": origin.instance_number,
        "day": origin.day,
        "age_years": origin.age_years,
        "sex": origin.sex,
        "masks": [],
        "placed": None,
        "needs_look": [look(code) for code in facts.looks],
        "notes": [note(code) for code in picture.notes],
        "source_format": facts.source_format,
        "transfer_syntax": facts.transfer_syntax,
        "decoder": facts.decoder,
        "software": software(),
        "full": [entry(product) for product in products.full],
        "display": entry(products.display),
        "preview": entry(products.preview),
        "input_sha256": sha256,
        "input_bytes": size,
    }


def _preset(window: Window) -> WindowPreset:
    return {"center": window.center, "width": window.width, "explanation": window.explanation}


def entry(product: Product) -> FileEntry:
    """A written file as it appears in a description."""
    return {"name": product.name, "bytes": product.bytes, "sha256": product.sha256}


@cache
def software() -> dict[str, str]:
    """Versions of what made a rendition, beside the decoder itself."""
    return {"numpy": np.__version__, "pillow": PIL.__version__, "pydicom": pydicom.__version__}
