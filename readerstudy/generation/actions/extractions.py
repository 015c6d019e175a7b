"""What a text holds of what its prompt asked for is read once, when the text is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from readerstudy.cases.models import Image
from readerstudy.generation.models import Extraction, Generation, Interpretation, RecordedOutput
from readerstudy.generation.models.extractions import LONGEST_LABEL, LONGEST_PROBLEM
from readerstudy.generation.running import storable
from readerstudy.providers.prompts import Read, read_reply
from readerstudy.statements import insert


def extract(*, interpretation: Interpretation) -> Extraction:
    """Reads label, confidence and boxes out of a text, and notes what is not as its prompt asked.

    What the file of an output made elsewhere said beside the text counts as it stands there. Called in the transaction
    that stores the text; the text's own audit event covers it, because the same text always gives the same extraction.
    """
    generation = interpretation.generation
    prompt = generation.source.prompt.prompt if generation.source.prompt else None
    output = _recorded(generation)
    has_boxes = bool(output and output.boxes) or (prompt is not None and "boxes" in prompt.output.fields)
    slots = _slots(generation) if has_boxes else []
    read = read_reply(prompt, interpretation.text, slots)
    said = _said_elsewhere(output, slots) if output else {}
    extraction = Extraction(interpretation=interpretation, **{**_columns(read), **said})
    insert(extraction)
    return extraction


def _columns(read: Read) -> dict[str, Any]:
    return {
        "status": read.status,
        "label": storable.text(read.label, LONGEST_LABEL),
        "confidence": read.confidence,
        "boxes": storable.json(read.boxes),
        "data": storable.json(read.data),
        "problem": storable.text(read.problem, LONGEST_PROBLEM),
    }


def _said_elsewhere(output: RecordedOutput, slots: Sequence[str]) -> dict[str, Any]:
    """Those of label, confidence and boxes that the file named."""
    said = {"label": output.label, "confidence": output.confidence, "boxes": _named(output.boxes, slots)}
    return {name: value for name, value in said.items() if value not in ("", None, [])}


def _recorded(generation: Generation) -> RecordedOutput | None:
    if not generation.source.is_recorded:
        return None
    found = RecordedOutput.objects.filter(
        arm=generation.arm, case=generation.case, replicate=generation.replicate
    )
    return found.first()


def _named(boxes: Iterable[dict[str, Any]], slots: Sequence[str]) -> list[dict[str, Any]]:
    """Boxes of a file as those of a reply; one that names no image of the case lies on the first."""
    first = slots[0] if slots else ""
    return [{**box, "slot": box["slot"] if box["slot"] in slots else first} for box in boxes]


def _slots(generation: Generation) -> list[str]:
    """The slots of the images that a model got of this case."""
    images = Image.objects.filter(case=generation.case).order_by("slot")
    return [image.slot for image in images if not image.overlays]
