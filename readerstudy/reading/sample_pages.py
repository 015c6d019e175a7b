"""The reading page of a protocol file, as a reader would get it: drawn image, sample texts, no study and no records."""

from __future__ import annotations

import io
import string
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from PIL import Image as Picture

from readerstudy.cases.models import Case, Image, ShownAs
from readerstudy.cases.viewing import EIGHT_BITS
from readerstudy.generation.models import Interpretation
from readerstudy.imaging.phantoms import Phantom, draw_chest, draw_fundus
from readerstudy.providers.texts import show
from readerstudy.reading import visibility
from readerstudy.reading.models import AllocatedOutput
from readerstudy.reading.pages import Asking
from readerstudy.reading.questions import BEFORE, Presentation, Subject, stage_of
from readerstudy.reading.samples import sample_text
from readerstudy.studies.models import Criterion
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.library import criteria_of
from readerstudy.studies.rubrics.documents import from_document

DRAWINGS = ("chest", "fundus")
SIDE = 640
SHOWN_TOGETHER = {"one_at_a_time": 1, "one_arm": 1, "pairs": 2}
POSITION, TOTAL = 1, 40


def sample_page(document: Document, address: str, *, is_revealed: bool = False) -> visibility.ReadingPage:
    """The first case of a protocol. `address` is where the page's form goes; nothing is stored there.

    A staged case is shown sealed first; `is_revealed` shows it with its output.
    """
    data = document.data
    display = data.get("display", {})
    layout = display.get("layout", "single")
    criteria = tuple(Criterion(**from_document(told)) for told in criteria_of(document))
    is_staged = display.get("reveal") == "after_own_answer" or any(
        stage_of(each) == BEFORE for each in criteria
    )
    is_sealed = is_staged and not is_revealed
    outputs = [] if is_sealed else _outputs(data, layout)
    asking = _asking(data, criteria, outputs, is_staged=is_staged, is_sealed=is_sealed)
    return visibility.ReadingPage(
        study_title=data["study"]["title"],
        key="preview",
        position=POSITION,
        total=TOTAL,
        submitted=0,
        minutes_left=None,
        is_submitted=False,
        rate_url=address,
        submit_url=address,
        stop_url=address,
        previous_url=None,
        next_prefetch=(),
        case_text=_clinical_text(data),
        images=_images(data),
        outputs=visibility.show_outputs(
            outputs, asking.by_letter, simulated=True, recorded=False, layout=layout
        ),
        saved_at="",
        simulated_notice=_("This is a sample text. No model wrote it."),
        error=_("This is a preview. Nothing here is saved."),
        shared=asking.shared,
        sealed=asking.sealed,
        is_sealed=is_sealed,
        reference=_reference() if layout == "against_reference" and not is_sealed else "",
        layout=layout,
        tools=asking.tools,
        given=asking.given,
    )


def sample_image(drawing: str) -> bytes:
    """The PNG of a drawn image, 8 bits a channel."""
    return _drawn(drawing)[0]


def sample_meta(drawing: str) -> dict[str, Any]:
    """What the viewer needs to know of it."""
    width, height = _drawn(drawing)[1]
    return {**EIGHT_BITS, "width": width, "height": height, "spacing_mm": None, "spacing_kind": None}


def _asking(
    data: Mapping[str, Any],
    criteria: tuple[Criterion, ...],
    outputs: list[AllocatedOutput],
    *,
    is_staged: bool,
    is_sealed: bool,
) -> Asking:
    layout = data.get("display", {}).get("layout", "single")
    subjects = tuple(Subject(each.letter, visibility.html_of(each, layout)) for each in outputs)
    strata = {stratum["name"]: stratum["levels"][0] for stratum in data.get("strata", ())}
    return Asking(
        presentation=Presentation(criteria, subjects, strata, _reference()),
        outputs={output.letter: output for output in outputs},
        ratings={},
        is_staged=is_staged,
        is_sealed=is_sealed,
        order="preview",
    )


def _outputs(data: Mapping[str, Any], layout: str) -> list[AllocatedOutput]:
    """As many texts as stand beside each other; none where readers judge the case alone."""
    arms = [arm for arm in data["arms"] if arm["source"] != "unaided"]
    count = SHOWN_TOGETHER.get(data["allocation"].get("outputs", "one_at_a_time"), len(arms))
    letters = string.ascii_uppercase[: min(count, len(arms))]
    return [
        AllocatedOutput(
            letter=letter, side=side, interpretation=Interpretation(text=sample_text(layout, letter))
        )
        for side, letter in enumerate(letters)
    ]


def _reference() -> SafeString:
    words = sample_text("against_reference", "reference")
    return mark_safe(show(words))  # noqa: S308  `show` lets nothing through but its own tags


def _clinical_text(data: Mapping[str, Any]) -> str:
    has_text = data.get("cases", {}).get("clinical_text")
    return _("A patient with a cough for three days.") if has_text else ""


def _images(data: Mapping[str, Any]) -> tuple[visibility.ShownImage, ...]:
    """One drawn image for each slot: of a chest, or of a fundus where the study is about eyes."""
    slots = data.get("cases", {}).get("slots") or ["current"]
    drawing = "fundus" if _is_of_eyes(data) else "chest"
    images = [Image(slot=slot, case=Case(), meta=sample_meta(drawing), key=drawing) for slot in slots]
    return visibility.show_images(images, _address, ShownAs.FULL)


def _is_of_eyes(data: Mapping[str, Any]) -> bool:
    tasks = (str(each.get("task", "")) for each in data.get("prompts", {}).values())
    words = " ".join([data["study"]["title"], *tasks])
    return any(word in words for word in ("OCT", "fundus", "retina")) and "radiograph" not in words


def _address(image: Image, product: str) -> str:
    return reverse("reading:preview_image", args=[image.key, product])


@lru_cache(maxsize=len(DRAWINGS))
def _drawn(drawing: str) -> tuple[bytes, tuple[int, int]]:
    """A drawn image as PNG with its width and height in pixels."""
    pixels = _phantom(drawing).pixels
    if pixels.dtype == np.uint16:
        pixels = np.repeat((pixels >> 4).astype(np.uint8)[:, :, None], 3, axis=2)
    picture = Picture.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue(), picture.size


def _phantom(drawing: str) -> Phantom:
    if drawing == "fundus":
        return draw_fundus(seed=7, lesion="hard exudates", eye="right")
    return draw_chest(seed=7, lesion="consolidation", side="right", zone="lower")
