"""What all scales share: the answer, what it is about, and the refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from readerstudy.studies.models import Criterion
from readerstudy.studies.policies import StudyError

LONGEST_TEXT = 5000
LONGEST_REASON = 500
LONGEST_JSON = 100_000


class RatingError(StudyError):
    """The rating cannot be taken; the text says what would be. `fields` names the form fields at fault."""

    def __init__(self, sentence: str, fields: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.fields = tuple(fields)


@dataclass(frozen=True)
class Answer:
    """A checked rating: its value as text, its score where a mean makes sense, or the choice not to judge.

    An empty answer takes back an earlier one: the question is open again, and the events show both. `reason` says why
    it cannot be judged, or why the rest of the case is left out.
    """

    value: str = ""
    score: float | None = None
    cannot_judge: bool = False
    reason: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.value and not self.cannot_judge


@dataclass(frozen=True)
class Frame:
    """The pixels that marks may lie on: width and height, how many frames, and mm of a row and a column if known."""

    width: float
    height: float
    frames: int = 1
    spacing: tuple[float, float] | None = None


@dataclass(frozen=True)
class About:
    """What an answer is about, as far as its check needs it; None is not known and not checked.

    `letters` are those of the outputs on the screen, `text` is the text of the output as its reader sees it without
    markup, `source` the text that an edit starts from, `images` the pictures by slot.
    """

    letters: tuple[str, ...] = ()
    text: str | None = None
    source: str | None = None
    images: Mapping[str, Frame] | None = None


ANYTHING = About()


def refuse(criterion: Criterion, sentence: str, **words: Any) -> NoReturn:
    """Raises the `RatingError` whose sentence begins with the question."""
    raise RatingError(f"“{criterion.question}”: {sentence % words}")


def options_of(criterion: Criterion) -> list[str]:
    """The values that may be chosen, as text, in the order of the criterion."""
    if criterion.kind == "yes_no" and not criterion.options:
        return ["1", "0"]
    return [str(option["value"]) for option in criterion.options]


def parsed(criterion: Criterion, raw: str) -> Any:
    """The JSON in `raw`; refused where it is none, or too long for an answer."""
    try:
        if len(raw) > LONGEST_JSON:
            raise ValueError
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        refuse(criterion, _("this answer did not arrive whole. Answer again."))


def canonical(value: Any) -> str:
    """The one way to write an answer as JSON: no spaces, sorted keys, letters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def number_text(score: float) -> str:
    """A number as it is stored: the shortest text that means the same."""
    text = f"{score:.15g}"
    return text if float(text) == score else repr(score)


def _no_number(_name: str) -> NoReturn:
    raise ValueError("not a number")
