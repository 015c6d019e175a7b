"""Plain images (PNG, JPEG, WebP, TIFF) as clean frames: turned upright, in sRGB or 16-bit grey, without metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
import PIL
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import TiffImageFile

from readerstudy.imaging.limits import Limits
from readerstudy.imaging.picture import Array, Facts, Picture, own_bounds, remember
from readerstudy.imaging.reasons import NoteCode, Refusal
from readerstudy.imaging.sniff import Format
from readerstudy.imaging.windows import GreyScale

_ORIENTATION = 0x0112
_WIDE_GREY_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
_GREY_MODES = ("1", "L", *_WIDE_GREY_MODES)
_COLOUR_MODES = ("RGB", "RGBA", "RGBX", "LA", "P", "PA", "CMYK", "YCbCr", "La", "RGBa")
_WHITE_IS_ZERO = 0
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262


def open_raster(file: IO[bytes], kind: Format, limits: Limits) -> Picture:
    """The picture in an open file of the given kind. Raises Refusal before decoding if it is too large."""
    file.seek(0)
    with own_bounds():
        image = Image.open(file, formats=(kind,))
        frames = _frame_count(image)
        _check_size(image, frames, limits)
    if image.mode not in _GREY_MODES + _COLOUR_MODES:
        raise Refusal("unsupported_colours")
    notes = _notes(image, kind)
    asked = _orientation(image)
    if asked != 1:
        remember(notes, "orientation_applied")
    # Pillow itself sets TIFF files upright.
    source = _Source(image, image.mode, image.size, frames, 1 if kind == "TIFF" else asked)
    width, height = image.size if source.turn < 5 else image.size[::-1]
    grey, bits = _grey_scale(source, notes)
    return Picture(
        width=width,
        height=height,
        bits=bits,
        frames=frames,
        read=lambda: source.colour(notes) if grey is None else source.stored(grey),
        grey=grey,
        facts=Facts(
            source_format=kind,
            decoder=f"pillow {PIL.__version__}",
            frame_time_ms=_frame_time(source),
            looks=("burned_in_text_unknown",),
        ),
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """An opened image. Its frames are decoded as they are read; a single one only once."""

    image: Image.Image
    mode: str
    size: tuple[int, int]
    frames: int
    turn: int

    def images(self) -> Iterator[Image.Image]:
        """Every frame, decoded; all of one size and kind."""
        for number in range(self.frames):
            with own_bounds():
                if self.frames > 1:
                    self.image.seek(number)
                if self.image.size != self.size or (self.image.mode in _GREY_MODES) != (
                    self.mode in _GREY_MODES
                ):
                    raise Refusal("mixed_pages")
                self.image.load()
            yield self.image

    def values(self) -> Iterator[Array]:
        """Every grey frame as the file's values."""
        for image in self.images():
            plain = image.convert("L") if image.mode == "1" else image
            yield _turned(np.asarray(plain), self.turn)

    def stored(self, grey: GreyScale) -> Iterator[Array]:
        """Every grey frame as 16-bit stored values."""
        for values in self.values():
            if values.dtype.kind == "u":
                yield values.astype(np.uint16)
            else:
                steps = (np.nan_to_num(values.astype(np.float64)) - grey.offset) / grey.scale
                yield np.clip(np.rint(steps), 0, 65535).astype(np.uint16)

    def colour(self, notes: list[NoteCode]) -> Iterator[Array]:
        """Every colour frame as RGB in sRGB."""
        for image in self.images():
            yield _turned(np.asarray(_to_rgb(image, notes)), self.turn)


def _frame_count(image: Image.Image) -> int:
    """Frames of a stack or an animation. A phone's JPEG with a second picture behind it counts as one."""
    return 1 if image.format in ("MPO", "JPEG") else int(getattr(image, "n_frames", 1))


def _check_size(image: Image.Image, frames: int, limits: Limits) -> None:
    pixels = image.width * image.height
    if pixels > limits.max_frame_pixels:
        raise Refusal("too_many_pixels")
    if frames > limits.max_frames:
        raise Refusal("too_many_frames")
    if pixels * frames > limits.max_total_pixels:
        raise Refusal("too_many_pixels_in_all")
    if pixels == 0:
        raise Refusal("bad_header")


def _orientation(image: Image.Image) -> int:
    turn = image.getexif().get(_ORIENTATION, 1)
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _turned(pixels: Array, orientation: int) -> Array:
    """The pixels set upright, for the eight values of the EXIF orientation tag."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _notes(image: Image.Image, kind: Format) -> list[NoteCode]:
    notes: list[NoteCode] = []
    if image.format == "MPO":
        notes.append("extra_pictures_dropped")
    if image.mode in _COLOUR_MODES and _sample_bits(image, kind) > 8:
        notes.append("depth_lost")
    if image.mode in _GREY_MODES and image.info.get("icc_profile"):
        notes.append("colour_profile_dropped")
    return notes


def _sample_bits(image: Image.Image, kind: Format) -> int:
    """Bits per sample in the file, before Pillow makes 8 of them. To be asked before the image is loaded."""
    if isinstance(image, TiffImageFile):
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (8,))
        return max(bits) if isinstance(bits, tuple) else int(bits)
    return 16 if kind == "PNG" and ";16" in str(getattr(image, "tile", "")) else 8


def _grey_scale(source: _Source, notes: list[NoteCode]) -> tuple[GreyScale | None, int]:
    """How to store grey values in 16 bits, with the bits in use; None for colour."""
    if source.mode not in _GREY_MODES:
        return None, 8
    if source.mode in ("1", "L"):
        return GreyScale(unwindowed="full"), 8
    inverted = _white_is_zero(source.image)
    if source.mode not in ("I", "F"):
        return GreyScale(inverted=inverted), 16
    low, high = _extent(source)
    whole = source.mode == "I" and high - low <= 65535
    if not whole:
        notes.append("values_resampled")
    step = 1.0 if whole else max((high - low) / 65535, 1e-30)
    return GreyScale(scale=step, offset=low, inverted=inverted), 16


def _white_is_zero(image: Image.Image) -> bool:
    """Pillow turns 8-bit TIFFs round whose 0 is white, but not the deeper ones."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _extent(source: _Source) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for values in source.values():
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        raise Refusal("damaged")
    return low, high


def _frame_time(source: _Source) -> float | None:
    """Milliseconds of an animation's first frame, which some formats tell only once it is decoded."""
    if source.frames == 1:
        return None
    duration = next(source.images()).info.get("duration")
    return float(duration) if isinstance(duration, int | float) and 0 < duration < 1e5 else None


def _to_rgb(image: Image.Image, notes: list[NoteCode]) -> Image.Image:
    profile = image.info.get("icc_profile")
    flat = _over_black(image, notes)
    if not profile:
        return flat if flat.mode == "RGB" else flat.convert("RGB")
    return _to_srgb(flat, profile, notes)


def _over_black(image: Image.Image, notes: list[NoteCode]) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB") if image.mode in ("P", "RGBX", "YCbCr") else image
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() != (255, 255):
        remember(notes, "alpha_over_black")
    ground = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return Image.alpha_composite(ground, layered).convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes, notes: list[NoteCode]) -> Image.Image:
    """The image in sRGB. An image that already is in sRGB keeps its very values."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        remember(notes, "colour_profile_broken")
        return image.convert("RGB")
    remember(notes, "colours_converted")
    return image.convert("RGB") if converted is None else converted
