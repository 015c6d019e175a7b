"""What a simulated reader answers to a question of each kind: drawn from a seed, better where a text has merit."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence

from readerstudy.reading.questions import Question
from readerstudy.reading.scales import About, Frame
from readerstudy.reading.scales.base import options_of
from readerstudy.reading.scales.choices import closes, rankable, text_of
from readerstudy.reading.scales.numbers import bounds_of
from readerstudy.studies.models import Criterion, Direction

REMARKS = ("No remark.", "See the image.", "I would say it more briefly.")
SIDE = 10.0
"""Length of the sides of a drawn mark, in pixels."""


def answer_to(question: Question, about: About, merit: float, draw: random.Random) -> str:
    """The raw answer as a page would send it; empty where a question that may stay open is left open.

    `merit` is how good the text seems to this reader, 0 poor and 1 good.
    """
    criterion = question.criterion
    if not criterion.is_required and draw.random() < 0.5:
        return ""
    return _ANSWERS[criterion.kind](criterion, about, merit, draw)


def _option(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    """An option as far along the scale as the merit; an option that would close the case is never chosen."""
    values = [value for value in options_of(criterion) if not closes(criterion, value)]
    place = round(max(0.0, min(1.0, merit)) * (len(values) - 1))
    return _good_last(criterion, values)[place]


def _good_last(criterion: Criterion, values: list[str]) -> list[str]:
    """The options from poor to good: those that count as acceptable last, else along the declared direction."""
    accepted = {text_of(value) for value in criterion.acceptable}
    if accepted and not all(_is_number(value) for value in values):
        return sorted(values, key=lambda value: value in accepted)
    numbers = sorted(values, key=float) if all(map(_is_number, values)) else values
    return numbers[::-1] if criterion.direction == Direction.LOWER else numbers


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _several(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    values = options_of(criterion)
    return json.dumps(draw.sample(values, draw.randint(1, max(1, len(values) // 2))))


def _order(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    values = rankable(criterion, about)
    return json.dumps(draw.sample(values, len(values)))


def _number(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    low, high = bounds_of(criterion)
    low, high = (0.0 if low is None else low), (30.0 if high is None else high)
    good = 1 - merit if criterion.direction == Direction.LOWER else merit
    value = low + max(0.0, min(1.0, good)) * (high - low)
    return f"{value:.1f}"


def _whole(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    return str(round(float(_number(criterion, about, merit, draw))))


def _confidence(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    return (_option if options_of(criterion) else _whole)(criterion, about, merit, draw)


def _words(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    return draw.choice(REMARKS)


def _spans(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    """One passage where the text seems poor, none where it seems good."""
    length = len(about.text or "")
    if merit > 0.5 or length < 2:
        return "[]"
    start = draw.randrange(length - 1)
    label = draw.choice(options_of(criterion))
    return json.dumps([{"start": start, "end": draw.randint(start + 1, length), "label": label}])


def _edit(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
    """The text as it was where it seems good, else with a sentence more."""
    source = (about.source or "").strip() or REMARKS[0]
    if merit > 0.5:
        return json.dumps({"text": source, "significant": False})
    return json.dumps({"text": f"{source}\n\nNo further finding.", "significant": draw.random() < 0.5})


def _marks(corners: int) -> Callable[[Criterion, About, float, random.Random], str]:
    def draw_marks(criterion: Criterion, about: About, merit: float, draw: random.Random) -> str:
        if not about.images:
            return "[]"
        slot = sorted(about.images)[0]
        points = _corners(about.images[slot], corners, merit, draw)
        return json.dumps([{"slot": slot, "frame": 0, "points": points}])

    return draw_marks


def _corners(image: Frame, count: int, merit: float, draw: random.Random) -> Sequence[Sequence[float]]:
    """Corners around the middle of the image; a reader with less merit lies further off."""
    off = (1 - max(0.0, min(1.0, merit))) * SIDE
    x, y = image.width / 2 + draw.uniform(0, off), image.height / 2 + draw.uniform(0, off)
    around = ((x, y), (x + 2 * SIDE, y + SIDE), (x, y + 2 * SIDE))
    return [list(point) for point in around[:count]]


_ANSWERS: Mapping[str, Callable[[Criterion, About, float, random.Random], str]] = {
    "yes_no": _option,
    "single_choice": _option,
    "likert": _option,
    "comparative": _option,
    "grid": _option,
    "quality_gate": _option,
    "multiple_choice": _several,
    "ranking": _order,
    "integer": _whole,
    "number": _number,
    "visual_analogue": _number,
    "confidence": _confidence,
    "free_text": _words,
    "text_span": _spans,
    "edit": _edit,
    "box": _marks(2),
    "point": _marks(1),
    "length": _marks(2),
    "polygon": _marks(3),
}
