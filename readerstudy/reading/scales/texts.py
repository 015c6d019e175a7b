"""Kinds that are answered with words, or on the words of the output."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from readerstudy.reading.scales.base import (
    LONGEST_TEXT,
    About,
    Answer,
    canonical,
    options_of,
    parsed,
    refuse,
)
from readerstudy.studies.models import Criterion

LONGEST_EDIT = 20_000
MOST_SPANS = 200


def free(criterion: Criterion, raw: str, about: About) -> Answer:
    """Words of the reader's own."""
    return Answer(value=_bounded(criterion, raw, LONGEST_TEXT))


def spans(criterion: Criterion, raw: str, about: About) -> Answer:
    """Marked passages `[{"start", "end", "label"}]`, stored in the order of the text.

    Places count characters of the text as its reader sees it, without markup; `end` is the first one after the passage.
    An empty list says that there is nothing to mark.
    """
    found = parsed(criterion, raw)
    if not isinstance(found, list) or len(found) > MOST_SPANS:
        refuse(criterion, _("mark at most %(most)d passages."), most=MOST_SPANS)
    kept = {canonical(_span(criterion, each, about)): _span(criterion, each, about) for each in found}
    return Answer(value=canonical(sorted(kept.values(), key=lambda each: (each["start"], each["end"]))))


def edit(criterion: Criterion, raw: str, about: About) -> Answer:
    """The text as the reader would sign it: `{"text", "significant"}`; significant is null where nothing was said yet.

    A text that was left as it is says of itself that no change mattered.
    """
    found = parsed(criterion, raw)
    if not isinstance(found, dict) or set(found) != {"text", "significant"}:
        refuse(criterion, _("this answer did not arrive whole. Answer again."))
    text, significant = found["text"], found["significant"]
    if not isinstance(text, str) or not isinstance(significant, bool | None):
        refuse(criterion, _("this answer did not arrive whole. Answer again."))
    text = _bounded(criterion, text.replace("\r\n", "\n"), LONGEST_EDIT)
    if not text:
        refuse(criterion, _("leave the text something to say."))
    if about.source is not None and text == about.source.strip():
        significant = False
    return Answer(value=canonical({"text": text, "significant": significant}))


def is_edited(criterion: Criterion, value: str, about: About) -> bool:
    """Whether it was said if the changes matter."""
    return parsed(criterion, value)["significant"] is not None


def _bounded(criterion: Criterion, raw: str, most: int) -> str:
    text = raw.replace("\x00", "").strip()
    if len(text) > most:
        refuse(criterion, _("write at most %(most)d characters."), most=most)
    return text


def _span(criterion: Criterion, found: Any, about: About) -> dict[str, Any]:
    fields = {"start", "end", "label"}
    if not isinstance(found, dict) or set(found) != fields or found["label"] not in options_of(criterion):
        refuse(criterion, _("give each passage one of the labels."))
    start, end = found["start"], found["end"]
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        refuse(criterion, _("mark passages of the text."))
    if about.text is not None and end > len(about.text):
        refuse(criterion, _("mark passages of the text."))
    return {"start": start, "end": end, "label": found["label"]}
