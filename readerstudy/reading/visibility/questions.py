"""The questions as the page shows them: controls, their options and keys, the rating that stands."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from django.utils.formats import get_format, time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.reading.models import Rating
from readerstudy.reading.parts import Part
from readerstudy.reading.questions import Need, Question, field_name
from readerstudy.reading.scales.numbers import bounds_of
from readerstudy.reading.visibility.images import ShownBox
from readerstudy.studies.models import Criterion

LETTER_KEYS = "abcdefghijklmnopqrstvwyz"  # u undoes, x declines
DIGIT_KEYS = "1234567890"
BY_DIGIT = frozenset({"likert", "comparative", "confidence", "grid", "text_span"})
SCALES = frozenset({"likert", "comparative", "confidence"})
MOST_DIGITS = 10
NUMBER = re.compile(r"-?\d+(\.\d+)?")
MARKS = frozenset({"box", "point", "length", "polygon"})
LISTS = frozenset({"multiple_choice", "ranking"})


@dataclass(frozen=True)
class ShownOption:
    value: str
    label: str
    keycap: str
    help: str = ""
    is_chosen: bool = False
    place: int = 0

    @property
    def face(self) -> str:
        """What stands on the button of a scale: its value where that is a figure of one or two signs, else its key."""
        return self.value if len(self.value) <= 2 and self.value.lstrip("-").isdigit() else self.keycap


@dataclass(frozen=True)
class ShownSaid:
    """What one of several readers answered, without a name; `boxes` is where it lies on the images, None for words."""

    place: int
    answer: str
    boxes: tuple[ShownBox, ...] | None = None

    @property
    def who(self) -> str:
        names = {1: _("First reader"), 2: _("Second reader"), 3: _("Third reader")}
        return names.get(self.place) or _("Reader %(n)d") % {"n": self.place}

    @property
    def boxes_json(self) -> str:
        """The boxes as the page's script takes them."""
        return json.dumps([asdict(box) for box in self.boxes or ()])


@dataclass(frozen=True)
class ShownCriterion:
    """One question about one subject, with the rating that stands; `basis` is the token that it was given under."""

    key: str
    field_name: str
    letter: str
    part: str
    part_text: str
    part_start: int | None
    part_end: int | None
    of_reference: bool
    question: str
    help: str
    kind: str
    options: tuple[ShownOption, ...]
    unit: str
    minimum: float | None
    maximum: float | None
    cannot_judge: bool
    asks_reason: bool
    required: bool
    value: str
    cannot_judge_chosen: bool
    reason: str
    saved_at: str
    needs: tuple[Need, ...] = ()
    closing: tuple[str, ...] = ()
    is_asked: bool = True
    source: str = ""
    letters: tuple[str, ...] = field(default=())
    basis: str = ""
    said: tuple[ShownSaid, ...] = ()

    @property
    def template(self) -> str:
        return f"reading/controls/{self.kind}.html"

    @property
    def asked_words(self) -> str:
        """What a field of this question is called: a label that has scrolled out of sight is read out all the same."""
        return self.part_text or self.question

    @property
    def low_anchor(self) -> str:
        return self._end(0)

    @property
    def high_anchor(self) -> str:
        return self._end(-1)

    def _end(self, place: int) -> str:
        """The words at an end of a scale, where they say more than its figure."""
        if not self.is_scale or not self.options:
            return ""
        option = self.options[place]
        return "" if option.label == option.face else option.label

    @property
    def is_scale(self) -> bool:
        return self.kind in SCALES

    @property
    def step(self) -> str:
        return "1" if self.kind in ("integer", "visual_analogue") else "any"

    @property
    def needs_json(self) -> str:
        """What has to be answered before, as the page's script takes it; empty where nothing is."""
        needs = [{"fields": need.fields, "values": need.values} for need in self.needs]
        return json.dumps(needs, ensure_ascii=False) if needs else ""

    @property
    def closing_json(self) -> str:
        return json.dumps(self.closing, ensure_ascii=False) if self.closing else ""

    @property
    def wants_reason(self) -> bool:
        """Whether there is room for a reason at all, and whether it shows."""
        return self.asks_reason or bool(self.closing)

    @property
    def shows_reason(self) -> bool:
        return bool(self.reason) or (self.cannot_judge_chosen and self.asks_reason)

    @property
    def lines(self) -> int:
        """How many lines of controls it takes, roughly."""
        long = {"edit": 4, "free_text": 2, "ranking": 3, "text_span": 2, "visual_analogue": 1}
        return long.get(self.kind, 1 + len(self.options) // 7)

    @property
    def edited_text(self) -> str:
        """The text of an edit as it stands, or as it came."""
        return str(json.loads(self.value)["text"]) if self.value else self.source

    @property
    def edit_matters(self) -> str:
        """ "1", "0", or empty where nothing was said."""
        matters = json.loads(self.value)["significant"] if self.value else None
        return "" if matters is None else str(int(matters))


@dataclass(frozen=True)
class ShownGroup:
    """One criterion about every piece of a text: a grid with a row for each piece."""

    key: str
    letter: str
    question: str
    help: str
    options: tuple[ShownOption, ...]
    rows: tuple[ShownCriterion, ...]

    @property
    def lines(self) -> int:
        return 1 + len(self.rows)

    @property
    def field_name(self) -> str:
        return field_name(self.key, self.letter)


Entry = ShownCriterion | ShownGroup


@dataclass(frozen=True)
class ShownSealed:
    """An answer that was given without the output and is locked."""

    question: str
    answer: str


def show_criterion(
    criterion: Criterion,
    letter: str,
    rating: Rating | None,
    *,
    part: Part | None = None,
    needs: Sequence[Need] = (),
    is_asked: bool = True,
    order: str = "",
    source: str = "",
    letters: Sequence[str] = (),
    said: Sequence[ShownSaid] = (),
) -> ShownCriterion:
    """One question; `order` shuffles the options of a criterion that wants it, the same way each time.

    `source` is the text that an edit starts from, `letters` are those of the outputs on the screen.
    """
    value = rating.value if rating else ""
    low, high = bounds_of(criterion)
    return ShownCriterion(
        key=criterion.key,
        field_name=field_name(criterion.key, letter, part.key if part else ""),
        letter=letter,
        part=part.key if part else "",
        part_text=part.text if part else "",
        part_start=part.start if part else None,
        part_end=part.end if part else None,
        of_reference=bool(part and part.of_reference),
        question=criterion.question,
        help=criterion.help,
        kind=criterion.kind,
        options=_options(criterion, value, order, letters),
        unit=criterion.unit,
        minimum=low,
        maximum=high,
        cannot_judge=criterion.allows_cannot_judge,
        asks_reason=criterion.asks_reason,
        required=criterion.is_required,
        value=value,
        cannot_judge_chosen=bool(rating and rating.cannot_judge),
        reason=rating.reason if rating else "",
        saved_at=time_format(localtime(rating.at), "H:i:s") if rating else "",
        needs=tuple(needs),
        closing=Question(criterion).closing,
        is_asked=is_asked,
        source=source,
        letters=tuple(letters),
        basis=_basis(rating),
        said=tuple(said),
    )


def _basis(rating: Rating | None) -> str:
    """The token of the answer that stands; an answer that was taken back is none."""
    return rating.token if rating and (rating.value or rating.cannot_judge) else ""


def show_question(
    question: Question,
    rating: Rating | None,
    *,
    is_asked: bool,
    order: str,
    source: str = "",
    letters: Sequence[str] = (),
    said: Sequence[ShownSaid] = (),
) -> ShownCriterion:
    """A question of a presentation as it stands; `said` is what readers answered, where that is shown."""
    return show_criterion(
        question.criterion,
        question.letter,
        rating,
        part=question.part,
        needs=question.needs,
        is_asked=is_asked,
        order=order,
        source=source,
        letters=letters,
        said=said,
    )


def entries_of(shown: Sequence[ShownCriterion]) -> tuple[Entry, ...]:
    """The questions of one pane, pieces of a text gathered under their criterion."""
    entries: dict[str, Entry] = {}
    for each in shown:
        if not each.part:
            entries[each.field_name] = each
            continue
        name = field_name(each.key, each.letter)
        known = entries.get(name)
        rows = (*known.rows, each) if isinstance(known, ShownGroup) else (each,)
        entries[name] = ShownGroup(each.key, each.letter, each.question, each.help, each.options, rows)
    return tuple(entries.values())


def show_sealed(question: Question, rating: Rating | None) -> ShownSealed:
    """A locked answer in words."""
    return ShownSealed(question.criterion.question, words_of(question.criterion, rating))


def words_of(criterion: Criterion, rating: Rating | None) -> str:
    """An answer in words."""
    if rating is None or not (rating.value or rating.cannot_judge):
        return _("not answered")
    if rating.cannot_judge:
        return _("cannot judge")
    if criterion.kind in MARKS | {"text_span"}:
        n = len(json.loads(rating.value))
        return ngettext("%(n)d mark", "%(n)d marks", n) % {"n": n}
    if criterion.kind == "edit":
        return str(json.loads(rating.value)["text"])
    labels = {option.value: option.label for option in _options(criterion, "", "", ())}
    if criterion.kind in LISTS:
        return ", ".join(labels.get(value, value) for value in json.loads(rating.value))
    return f"{labels.get(rating.value) or _number(rating.value)} {criterion.unit}".strip()


def _number(value: str) -> str:
    """A number as the reader's language writes it; anything else as it stands."""
    return value.replace(".", str(get_format("DECIMAL_SEPARATOR"))) if NUMBER.fullmatch(value) else value


def _options(criterion: Criterion, value: str, order: str, letters: Sequence[str]) -> tuple[ShownOption, ...]:
    chosen: list[str] = json.loads(value) if value and criterion.kind in LISTS else [value]
    return tuple(
        ShownOption(
            value=found["value"],
            label=found["label"],
            keycap=_keycap(criterion.kind, place, found["value"]),
            help=found.get("help", ""),
            is_chosen=found["value"] in chosen,
            place=chosen.index(found["value"]) + 1 if found["value"] in chosen else 0,
        )
        for place, found in enumerate(_ordered(criterion, order, _given(criterion, letters)))
    )


def _given(criterion: Criterion, letters: Sequence[str]) -> list[dict[str, str]]:
    """The options of the criterion; those that a kind has by nature where it names none."""
    if criterion.kind == "yes_no":
        return [{"value": "1", "label": _("Yes")}, {"value": "0", "label": _("No")}]
    if criterion.options:
        return [{**option, "value": str(option["value"])} for option in criterion.options]
    if criterion.kind == "ranking":
        label = _("Interpretation %(letter)s")
        return [{"value": letter, "label": label % {"letter": letter}} for letter in letters]
    low, high = bounds_of(criterion)
    if criterion.kind == "confidence" and low is not None and high is not None and high - low < MOST_DIGITS:
        return [{"value": str(each), "label": str(each)} for each in range(int(low), int(high) + 1)]
    return []


def _ordered(criterion: Criterion, order: str, options: list[dict[str, str]]) -> list[dict[str, str]]:
    if not order or not criterion.shuffled:
        return options
    return sorted(options, key=lambda option: _lot(order, criterion.key, option["value"]))


def _lot(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()


def _keycap(kind: str, place: int, value: str) -> str:
    """A scale is pressed by its digit, yes and no by their letters, choices by a, b, c …; beyond that by none."""
    if kind == "likert" and len(value) == 1 and value.isdigit():
        return value
    if kind in BY_DIGIT:
        return DIGIT_KEYS[place] if place < len(DIGIT_KEYS) else ""
    if kind == "yes_no":
        return "y" if value == "1" else "n"
    return LETTER_KEYS[place] if place < len(LETTER_KEYS) else ""
