"""The images of a case, and the boxes that a text's source drew on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import FIRST_SLOT, OVERLAY, Image, ShownAs
from readerstudy.cases.viewing import size_shown, viewer_meta

POINT_MARGIN = 6.0
"""Pixels around a point that is shown as a box."""


@dataclass(frozen=True)
class ShownBox:
    """A box that a text's source drew: the place of its image on the page, frame, two corners in pixels. No words."""

    image: int
    frame: int
    points: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class ShownImage:
    slot: str
    label: str
    full_url: str
    preview_url: str
    meta_url: str
    overlay_url: str
    width: int
    height: int


def show_images(
    images: Sequence[Image], address: Callable[[Image, str], str], shown_as: ShownAs
) -> tuple[ShownImage, ...]:
    """The images of a case; `address` makes the URL of one product of an image for this reader."""
    slots = {image.slot: image for image in images}
    days = {image.slot: image.day for image in images if image.day is not None}
    return tuple(
        _show_image(image, slots.get(f"{image.slot}{OVERLAY}"), days, address, shown_as)
        for image in _by_themselves(images)
    )


def _show_image(
    image: Image,
    overlay: Image | None,
    days: Mapping[str, int],
    address: Callable[[Image, str], str],
    shown_as: ShownAs,
) -> ShownImage:
    width, height = size_shown(image, shown_as)
    return ShownImage(
        slot=image.slot,
        label=_label(image.slot, days),
        full_url=address(image, "full"),
        preview_url=address(image, "preview"),
        meta_url=address(image, "meta"),
        overlay_url=address(overlay, "overlay") if overlay else "",
        width=width,
        height=height,
    )


def _label(slot: str, days: Mapping[str, int]) -> str:
    """The slot's name, and how long before or after the current image it was made, where both days are known."""
    name = _slot_label(slot)
    if slot == FIRST_SLOT or slot not in days or FIRST_SLOT not in days:
        return name
    between = days[slot] - days[FIRST_SLOT]
    if between <= 0:
        told = ngettext("%(name)s, %(n)d day before", "%(name)s, %(n)d days before", -between)
    else:
        told = ngettext("%(name)s, %(n)d day after", "%(name)s, %(n)d days after", between)
    return told % {"name": name, "n": abs(between)}


def public_meta(image: Image, shown_as: ShownAs) -> dict[str, Any]:
    """The facts a viewer needs of an image, for a reader of this study."""
    return viewer_meta(image, shown_as)


def _slot_label(slot: str) -> str:
    known = {"current": _("Current"), "prior": _("Prior"), "left": _("Left"), "right": _("Right")}
    return known.get(slot, slot.replace("-", " "))


def show_boxes(
    boxes: Iterable[Mapping[str, Any]], images: Sequence[Image], shown_as: ShownAs
) -> tuple[ShownBox, ...]:
    """Boxes of one output as they lie on the images of the page, in pixels of what the reader sees of each.

    A model is given one frame of a stack, the one that its preview shows, so that is where its boxes lie. What a box
    was called is left out: its words might name the source.
    """
    shown = _by_themselves(images)
    places = {image.slot: place for place, image in enumerate(shown)}
    return tuple(
        _show_box(box, places[box["slot"]], shown[places[box["slot"]]], shown_as)
        for box in boxes
        if box["slot"] in places
    )


def _show_box(box: Mapping[str, Any], place: int, image: Image, shown_as: ShownAs) -> ShownBox:
    width, height = size_shown(image, shown_as)
    left, top = box["x"] * width, box["y"] * height
    right, bottom = min(box["x"] + box["width"], 1) * width, min(box["y"] + box["height"], 1) * height
    frame = image.key_frame if shown_as == ShownAs.FULL else 0
    corners = ((round(left, 2), round(top, 2)), (round(right, 2), round(bottom, 2)))
    return ShownBox(image=place, frame=frame, points=corners)


def show_marks(answer: str, images: Sequence[Image]) -> tuple[ShownBox, ...]:
    """What a reader marked, as the boxes around it: of a point a small one with the point in its middle."""
    places = {image.slot: place for place, image in enumerate(_by_themselves(images))}
    marks = [mark for mark in json.loads(answer) if mark["slot"] in places]
    return tuple(ShownBox(places[mark["slot"]], mark["frame"], _around(mark["points"])) for mark in marks)


def _around(points: Sequence[Sequence[float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    across, down = [x for x, _y in points], [y for _x, y in points]
    margin = POINT_MARGIN if len(points) == 1 else 0
    return (min(across) - margin, min(down) - margin), (max(across) + margin, max(down) + margin)


def _by_themselves(images: Sequence[Image]) -> list[Image]:
    """The images that have a viewer of their own: all but those that are laid over another."""
    slots = {image.slot for image in images}
    return [image for image in images if image.overlays not in slots]
