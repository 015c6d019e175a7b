"""What a reader may see. Pure functions from plain records to the reading page, the only source of its contents.

Nothing here knows an arm: a `ShownOutput` has a letter and a text. Whether outputs are simulated or recorded is said
for the study as a whole, because a label on one output would tell the arms apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.formats import time_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import FIRST_SLOT, OVERLAY, Image, ShownAs
from readerstudy.cases.viewing import size_shown, viewer_meta
from readerstudy.providers.texts import show
from readerstudy.reading.models import AllocatedOutput, Rating
from readerstudy.studies.models import Criterion, Kind, Study

LETTER_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class ShownOption:
    value: str
    label: str
    keycap: str


@dataclass(frozen=True)
class ShownCriterion:
    """One question under one output, with the rating that stands."""

    key: str
    field_name: str
    question: str
    help: str
    kind: str
    options: tuple[ShownOption, ...]
    unit: str
    minimum: float | None
    maximum: float | None
    cannot_judge: bool
    required: bool
    value: str
    cannot_judge_chosen: bool
    saved_at: str

    @property
    def low_anchor(self) -> str:
        return self.options[0].label if self.kind == Kind.LIKERT and self.options else ""

    @property
    def high_anchor(self) -> str:
        return self.options[-1].label if self.kind == Kind.LIKERT and self.options else ""

    @property
    def step(self) -> str:
        return "any"


@dataclass(frozen=True)
class ShownBox:
    """A box that a text's source drew: the place of its image on the page, frame, two corners in pixels. No words."""

    image: int
    frame: int
    points: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class ShownOutput:
    letter: str
    text: SafeString
    empty_notice: str
    criteria: tuple[ShownCriterion, ...]
    simulated: bool
    recorded: bool
    boxes: tuple[ShownBox, ...] | None = None

    @property
    def boxes_json(self) -> str:
        """The boxes as the page's script takes them."""
        return json.dumps([asdict(box) for box in self.boxes or ()])


@dataclass(frozen=True)
class ShownImage:
    label: str
    full_url: str
    preview_url: str
    meta_url: str
    overlay_url: str
    width: int
    height: int


@dataclass(frozen=True)
class Progress:
    """Where a reader stands: readings in all and submitted, and seconds a reading takes at this reader's pace."""

    total: int
    submitted: int
    seconds_each: float | None

    @property
    def minutes_left(self) -> int | None:
        if self.seconds_each is None:
            return None
        return max(1, round((self.total - self.submitted) * self.seconds_each / 60))


@dataclass(frozen=True)
class Nature:
    """How a study's outputs came to be, for all of them together."""

    any_simulated: bool
    all_simulated: bool
    all_recorded: bool

    @property
    def notice(self) -> str:
        if self.all_simulated:
            return _("Simulated: the texts in this study were not written by a real model.")
        if self.any_simulated:
            return _("Some of the texts in this study are simulated: no real model wrote them.")
        return ""


@dataclass(frozen=True)
class ReadingPage:
    """Everything on the reading page."""

    study_title: str
    key: str
    position: int
    total: int
    submitted: int
    minutes_left: int | None
    is_submitted: bool
    rate_url: str
    submit_url: str
    stop_url: str
    previous_url: str | None
    next_prefetch: tuple[str, ...]
    case_text: str
    images: tuple[ShownImage, ...]
    outputs: tuple[ShownOutput, ...]
    saved_at: str
    simulated_notice: str
    error: str

    @property
    def has_boxes(self) -> bool:
        """Whether this study lets readers see the boxes that a text's source drew."""
        return any(output.boxes is not None for output in self.outputs)


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


def show_outputs(
    outputs: Sequence[AllocatedOutput],
    criteria: Sequence[Criterion],
    ratings: Mapping[tuple[int, int], Rating],
    nature: Nature,
    boxes: Mapping[int, tuple[ShownBox, ...]] | None = None,
) -> tuple[ShownOutput, ...]:
    """The outputs of a presentation by side; `ratings` is keyed by (output id, criterion id), `boxes` by output id.

    Without `boxes` the study does not show any; with them every output has its own, be it none.
    """
    return tuple(
        ShownOutput(
            letter=output.letter,
            text=text_of(output),
            empty_notice=_("No text was given for this case."),
            criteria=tuple(
                show_criterion(criterion, output.letter, ratings.get((output.pk, criterion.pk)))
                for criterion in criteria
            ),
            simulated=nature.all_simulated,
            recorded=nature.all_recorded,
            boxes=None if boxes is None else boxes.get(output.pk, ()),
        )
        for output in sorted(outputs, key=lambda output: output.side)
    )


def show_criterion(criterion: Criterion, letter: str, rating: Rating | None) -> ShownCriterion:
    return ShownCriterion(
        key=criterion.key,
        field_name=f"{letter}-{criterion.key}",
        question=criterion.question,
        help=criterion.help,
        kind=criterion.kind,
        options=_options(criterion),
        unit=criterion.unit,
        minimum=criterion.minimum,
        maximum=criterion.maximum,
        cannot_judge=criterion.allows_cannot_judge,
        required=criterion.is_required,
        value=rating.value if rating else "",
        cannot_judge_chosen=bool(rating and rating.cannot_judge),
        saved_at=clock(rating.at) if rating else "",
    )


def text_of(output: AllocatedOutput) -> SafeString:
    """The frozen text as sanitised HTML. Studies locked before sets were frozen show their texts as they came."""
    frozen = getattr(output.interpretation, "frozen", None)
    text = output.interpretation.text if frozen is None else frozen.shown.text
    return mark_safe(show(text))  # noqa: S308  `show` lets nothing through but its own tags


def clock(moment: Any) -> str:
    return time_format(localtime(moment), "H:i:s")


def public_meta(image: Image, shown_as: ShownAs) -> dict[str, Any]:
    """The facts a viewer needs of an image, for a reader of this study."""
    return viewer_meta(image, shown_as)


def _options(criterion: Criterion) -> tuple[ShownOption, ...]:
    kind = Kind(criterion.kind)
    return tuple(
        ShownOption(option["value"], option["label"], _keycap(kind, place, option["value"]))
        for place, option in enumerate(criterion.options)
    )


def _keycap(kind: Kind, place: int, value: str) -> str:
    """A scale is pressed by its digit, yes and no by their letters, choices by a, b, c …"""
    if kind == Kind.LIKERT:
        return value if len(value) == 1 else str(place + 1)
    if kind == Kind.YES_NO:
        return "y" if value == "1" else "n"
    return LETTER_KEYS[place]


def _slot_label(slot: str) -> str:
    known = {"current": _("Current"), "prior": _("Prior"), "left": _("Left"), "right": _("Right")}
    return known.get(slot, slot.replace("-", " "))


def study_is_shown(study: Study) -> dict[str, str]:
    """What a reader learns of the study outside the reading page."""
    return {"title": study.title, "instructions": study.instructions, "consent_text": study.consent_text}


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


def _by_themselves(images: Sequence[Image]) -> list[Image]:
    """The images that have a viewer of their own: all but those that are laid over another."""
    slots = {image.slot for image in images}
    return [image for image in images if image.overlays not in slots]
