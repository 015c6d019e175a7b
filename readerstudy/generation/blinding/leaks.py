"""What gives the arms of a study away in their texts: names, habits of form, lengths, and style as a whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from readerstudy.generation.blinding.levelled import (
    ArmTexts,
    Levelled,
    Levelling,
    arms_of,
    level_all,
    levelling_of,
    open_texts,
)
from readerstudy.generation.models import FrozenOutput
from readerstudy.providers.texts import FEATURES, Kind, language_of, scan, style
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import seed_from
from readerstudy.stats.separation import separation
from readerstudy.studies.models import Study

LABELS: dict[Kind, str | Promise] = {
    Kind.NAME: gettext_lazy("names of models or makers"),
    Kind.SELF: gettext_lazy("speaks of itself as a machine"),
    Kind.REASONING: gettext_lazy("tags of thinking or chat"),
    Kind.OPENING: gettext_lazy("a set phrase at the beginning"),
    Kind.CLOSING: gettext_lazy("an offer at the end"),
    Kind.HEADING: gettext_lazy("headings"),
    Kind.EMPHASIS: gettext_lazy("bold or italics"),
    Kind.BULLET: gettext_lazy("bullets"),
    Kind.TABLE: gettext_lazy("tables"),
    Kind.FENCE: gettext_lazy("blocks of code"),
    Kind.LATEX: gettext_lazy("formulas"),
    Kind.EMOJI: gettext_lazy("emoji"),
    Kind.INVISIBLE: gettext_lazy("invisible characters"),
}
MOST_TEXTS_FOR_STYLE = 150
KEPT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Found:
    """In how many texts of an arm something occurs, as they came and as readers see them."""

    kind: Kind
    raw: int
    shown: int


@dataclass(frozen=True, slots=True)
class ArmLeaks:
    """What the scan found in one arm. Lengths are medians in characters; `languages` counts texts."""

    name: str
    texts: int
    found: tuple[Found, ...]
    raw_length: float
    shown_length: float
    languages: tuple[tuple[str, int], ...]
    telling: int


@dataclass(frozen=True, slots=True)
class Style:
    """How well style tells the arms apart: all features together and the strongest one."""

    together: Estimate
    strongest: Estimate
    feature: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class Leaks:
    """The scan of a study. `length_ratio` is that of the longest to the shortest arm, by shown text; None below two."""

    arms: tuple[ArmLeaks, ...]
    kinds: tuple[Kind, ...]
    length_ratio: float | None
    raw_style: Style | None
    shown_style: Style | None
    read_for_style: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was found, and in how many texts of each arm."""

    label: str
    cells: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    raw: str
    shown: str


def leaks_of(study: Study) -> Leaks:
    """The scan of every text, frozen or not; kept for an hour while rules and texts stay the same."""
    arms = arms_of(study)
    key = _key(study, arms)
    known: Leaks | None = cache.get(key)
    if known is None:
        known = _scan(study, arms)
        cache.set(key, known, KEPT_SECONDS)
    return known


def table_of(leaks: Leaks) -> list[Row]:
    """What the page shows: a row for each kind that was found anywhere, a cell for each arm."""
    return [Row(str(LABELS[kind]), tuple(_cell(arm, kind) for arm in leaks.arms)) for kind in leaks.kinds]


def _cell(arm: ArmLeaks, kind: Kind) -> Found:
    return next((found for found in arm.found if found.kind == kind), Found(kind, 0, 0))


def _key(study: Study, arms: Iterable[ArmTexts]) -> str:
    frozen = FrozenOutput.objects.of(study).count()
    parts = [str(frozen), *(f"{each.arm.pk}:{each.arm.name}:{each.fingerprint}" for each in arms)]
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"generation.leaks.{study.pk}.{digest}"


def _scan(study: Study, arms: Sequence[ArmTexts]) -> Leaks:
    levelling = levelling_of(study)
    texts = {each.arm.name: _texts(study, each, levelling) for each in arms}
    scanned = tuple(_arm_leaks(name, rows, levelling) for name, rows in texts.items() if rows)
    seen = {found.kind for arm in scanned for found in arm.found}
    lengths = [arm.shown_length for arm in scanned if arm.shown_length]
    return Leaks(
        arms=scanned,
        kinds=tuple(kind for kind in Kind if kind in seen),
        length_ratio=max(lengths) / min(lengths) if len(lengths) > 1 else None,
        raw_style=_style(study, texts, lambda text: text.raw),
        shown_style=_style(study, texts, lambda text: text.shown),
        read_for_style=MOST_TEXTS_FOR_STYLE,
    )


def _texts(study: Study, arm: ArmTexts, levelling: Levelling) -> list[_Text]:
    frozen = FrozenOutput.objects.of(study).filter(arm=arm.arm).exclude(interpretation=None).order_by("pk")
    texts = [_Text(raw, shown) for raw, shown in frozen.values_list("interpretation__text", "shown__text")]
    opened: list[Levelled] = level_all(levelling, open_texts(study, arm.arm))
    return texts + [_Text(each.interpretation.text, each.shown) for each in opened]


def _arm_leaks(name: str, texts: Sequence[_Text], levelling: Levelling) -> ArmLeaks:
    raw: Counter[Kind] = Counter()
    shown: Counter[Kind] = Counter()
    telling = 0
    for text in texts:
        raw.update({finding.kind for finding in scan(text.raw, levelling.names)})
        left = scan(text.shown, levelling.names)
        shown.update({finding.kind for finding in left})
        telling += sum(finding.is_telling for finding in left)
    return ArmLeaks(
        name=name,
        texts=len(texts),
        found=tuple(Found(kind, raw[kind], shown[kind]) for kind in Kind if raw[kind] or shown[kind]),
        raw_length=float(median(len(text.raw) for text in texts)),
        shown_length=float(median(len(text.shown) for text in texts)),
        languages=tuple(Counter(language_of(text.raw) for text in texts if text.raw.strip()).most_common()),
        telling=telling,
    )


def _style(study: Study, texts: dict[str, list[_Text]], part: Callable[[_Text], str]) -> Style | None:
    """How well the arms are told apart; None where fewer than two arms have texts.

    Each text is a unit of its own, so that shuffling the arms over the texts is the null hypothesis.
    """
    rows = [(name, style(part(text))) for name, each in texts.items() for text in each[:MOST_TEXTS_FOR_STYLE]]
    labels = [name for name, _features in rows]
    if len(set(labels)) < 2:
        return None
    table = np.array([features for _name, features in rows], dtype=np.float64)
    found = separation(table, labels, range(len(rows)), seed=seed_from(study.key, "style"))
    strongest = FEATURES[int(np.argmax(found.single))]
    return Style(found.combined, found.best, strongest, found.is_clear)
