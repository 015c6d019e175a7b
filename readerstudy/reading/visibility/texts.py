"""The texts a reader judges: sanitised, under their letters, laid out as the study's display says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case
from readerstudy.providers.texts import show, visible
from readerstudy.reading.models import AllocatedOutput
from readerstudy.reading.visibility.images import ShownBox
from readerstudy.reading.visibility.questions import Entry

TRANSCRIPT = "transcript"
_TURN = re.compile(
    r"^[ \t]*[*_]{0,2}(?P<who>[A-Z][\w .’'-]{0,39}?)[*_]{0,2}[ \t]*:[*_]{0,2}[ \t]*", re.MULTILINE
)


@dataclass(frozen=True)
class ShownOutput:
    letter: str
    text: SafeString
    empty_notice: str
    questions: tuple[Entry, ...]
    simulated: bool
    recorded: bool
    boxes: tuple[ShownBox, ...] | None = None

    @property
    def boxes_json(self) -> str:
        """The boxes as the page's script takes them."""
        return json.dumps([asdict(box) for box in self.boxes or ()])


def show_outputs(
    outputs: Sequence[AllocatedOutput],
    questions: Mapping[str, tuple[Entry, ...]],
    *,
    simulated: bool,
    recorded: bool,
    layout: str = "single",
    boxes: Mapping[int, tuple[ShownBox, ...]] | None = None,
) -> tuple[ShownOutput, ...]:
    """The outputs of a presentation by side; `questions` is keyed by letter, `boxes` by output id.

    Without `boxes` the study does not show any; with them every output has its own, be it none.
    """
    return tuple(
        ShownOutput(
            letter=output.letter,
            text=text_of(output, layout),
            empty_notice=_("No text was given for this case."),
            questions=questions.get(output.letter, ()),
            simulated=simulated,
            recorded=recorded,
            boxes=None if boxes is None else boxes.get(output.pk, ()),
        )
        for output in sorted(outputs, key=lambda output: output.side)
    )


def text_of(output: AllocatedOutput, layout: str = "single") -> SafeString:
    """The text of an output as HTML that is safe to put on the page."""
    return mark_safe(html_of(output, layout))  # noqa: S308  `show` lets nothing through but its own tags


def html_of(output: AllocatedOutput, layout: str = "single") -> str:
    """As `text_of`, for counting: every place in a text refers to the words of this HTML."""
    text = source_of(output)
    return (_turns(text) if layout == TRANSCRIPT else "") or show(text)


def source_of(output: AllocatedOutput) -> str:
    """The frozen text. Studies locked before sets were frozen show their texts as they came."""
    frozen = getattr(output.interpretation, "frozen", None)
    return visible(output.interpretation.text if frozen is None else frozen.shown.text)


def reference_of(case: Case) -> SafeString:
    """The reference standard as HTML, for the display that shows it; empty where there is none."""
    reference = getattr(case, "reference", None)
    return mark_safe(show(reference.label if reference else ""))  # noqa: S308  `show` lets nothing through but its own tags


def _turns(text: str) -> str:
    """A conversation as one section a turn; empty where the text is none."""
    found = list(_TURN.finditer(text))
    if len(found) < 2 or text[: found[0].start()].strip():
        return ""
    speakers = list(dict.fromkeys(match["who"] for match in found))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return "".join(
        format_html(
            '<section class="turn" data-speaker="{}"><h3 dir="auto">{}</h3>{}</section>',
            speakers.index(match["who"]) + 1,
            match["who"],
            mark_safe(show(text[match.end() : end])),  # noqa: S308  as above
        )
        for match, end in zip(found, ends, strict=True)
    )
