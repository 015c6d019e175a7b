"""What gives strata away without a look at the picture: size, shape, depth, format and file size.

Computed twice: as readers and models get the images under the study's present rules, and as they are in full range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db import connection
from django.db.models import F, Max, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import ImageRules, RenditionKind, ShownAs, as_label, rules_of
from readerstudy.cases.normal_sets import picture_frame, pictures
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.inference import seed_from
from readerstudy.stats.separation import Separation, comparable, separation
from readerstudy.studies.models import Study

REMEMBERED_SECONDS = 24 * 3600
MOST_VALUES = 12
WAY = 1  # of computing; a higher number forgets what is remembered

PROPERTIES: dict[str, str | Promise] = {
    "width": _("Width in pixels"),
    "height": _("Height in pixels"),
    "aspect": _("Width ÷ height of the picture"),
    "longest": _("Longest side in pixels"),
    "pixels": _("Megapixels"),
    "bits": _("Bits per value"),
    "colour": _("In colour"),
    "frames": _("Frames"),
    "bytes": _("Bytes that a reader gets"),
    "sent": _("Bytes that a model gets"),
    "preview": _("Bytes of the preview"),
    "enlarged": _("Enlarged by the factor"),
}

SIZES = ("full", "display", "preview", "normal", "normal_preview", "display_width", "display_height")

# Everything that `tells_of` depends on, beside the rules.
MARK = """
SELECT md5(coalesce(string_agg(
    concat_ws('|', i.id, i.case_id, i.slot, i.version, i.meta->>'frames', c.strata::text, r.label), ' ' ORDER BY i.id
), ''))
FROM cases_image i JOIN cases_case c ON c.id = i.case_id LEFT JOIN cases_referencestandard r ON r.case_id = c.id
WHERE c.study_id = %s AND c.left_out_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the ends of one property among the images of one value."""

    median: float
    low: float
    high: float
    mean: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How well the properties tell values apart in one way of showing; `spreads` has a row for each property."""

    found: Separation
    spreads: tuple[tuple[Spread, ...], ...]

    def varies(self, at: int) -> bool:
        """Whether the property is not the same for all images."""
        row = self.spreads[at]
        return min(spread.low for spread in row) < max(spread.high for spread in row)


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody might guess: a stratum, or the label of the reference standard where `name` is empty.

    `values` are those with enough cases, each with how many; `rare` counts those with too few, which are left out.
    """

    name: str
    values: tuple[tuple[str, int], ...]
    rare: int
    now: Comparison
    whole: Comparison


@dataclass(frozen=True, slots=True)
class Tells:
    """What the page and the station say. `passed_over` names strata that cannot be compared."""

    shown_as: ShownAs
    images: int
    targets: tuple[Target, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def clear(self) -> list[Target]:
        """What is given away under the present rules."""
        return [target for target in self.targets if target.now.found.is_clear]


@dataclass(frozen=True, slots=True)
class _Row:
    """One image as the query tells it."""

    case: int
    strata: dict[str, str]
    reference: str
    width: int
    height: int
    bits: int
    is_colour: bool
    frames: int
    sent_size: tuple[int, int]
    sizes: dict[str, int]


_Numbers = tuple[float, ...]


def tells_of(study: Study, rules: ImageRules | None = None) -> Tells:
    """What the images' properties give away, remembered for as long as neither images, labels nor rules change."""
    rules = rules or rules_of(study)
    name = f"cases.tells:{WAY}:{study.pk}:{rules.shown_as}:{rules.side}:{_mark(study)}"
    known: Tells | None = cache.get(name)
    if known is None:
        known = _compute(study, rules)
        cache.set(name, known, REMEMBERED_SECONDS)
    return known


def _mark(study: Study) -> str:
    with connection.cursor() as cursor:
        cursor.execute(MARK, [study.pk])
        return str(cursor.fetchone()[0])


def _compute(study: Study, rules: ImageRules) -> Tells:
    rows, shown_as = _rows(study), ShownAs(rules.shown_as)
    whole = _table(rows, _in_full)
    now = whole if shown_as == ShownAs.FULL else _table(rows, _way_of(rules, rows))
    names = ["", *sorted({name for row in rows for name in row.strata})]
    targets, passed_over = [], []
    for name in names:
        target = _target(name, rows, now, whole, seed=seed_from(study.key, name))
        if target:
            targets.append(target)
        elif name:
            passed_over.append(name)
    return Tells(shown_as, len(rows), tuple(targets), tuple(passed_over))


def _target(
    name: str, rows: Sequence[_Row], now: FloatArray, whole: FloatArray, *, seed: int
) -> Target | None:
    """None where fewer than two values have enough cases, or so many that they are no groups."""
    labels = [str(row.strata.get(name, "")).strip() if name else row.reference for row in rows]
    given = [at for at, label in enumerate(labels) if label]
    values = comparable([labels[at] for at in given], [rows[at].case for at in given])
    if not 2 <= len(values) <= MOST_VALUES:
        return None
    used = [at for at in given if labels[at] in values]
    told, cases = [labels[at] for at in used], [rows[at].case for at in used]
    counts = {
        value: len({case for case, label in zip(cases, told, strict=True) if label == value})
        for value in values
    }
    before = _compare(whole[used], told, cases, values, seed)
    after = before if now is whole else _compare(now[used], told, cases, values, seed)
    rare = len({labels[at] for at in given}) - len(values)
    return Target(name, tuple(counts.items()), rare, after, before)


def _compare(
    table: FloatArray, labels: Sequence[str], cases: Sequence[int], values: Sequence[str], seed: int
) -> Comparison:
    found = separation(table, labels, cases, seed=seed)
    of_value = [table[np.array([label == value for label in labels])] for value in values]
    spreads = tuple(tuple(_spread(part[:, column]) for part in of_value) for column in range(table.shape[1]))
    return Comparison(found, spreads)


def _spread(numbers: FloatArray) -> Spread:
    return Spread(
        float(np.median(numbers)), float(numbers.min()), float(numbers.max()), float(numbers.mean())
    )


# --- The properties, one row for each image -------------------------------------------------------------------
def _table(rows: Sequence[_Row], way: Callable[[_Row], _Numbers]) -> FloatArray:
    return np.array([way(row) for row in rows], dtype=np.float64).reshape(len(rows), len(PROPERTIES))


def _in_full(row: _Row) -> _Numbers:
    sizes = row.sizes
    depth = (row.bits, row.is_colour, row.frames)
    return (*_shape(row.width, row.height), *depth, sizes["full"], sizes["display"], sizes["preview"], 1.0)


def _as_sent(row: _Row) -> _Numbers:
    sizes = row.sizes
    return (
        *_shape(*row.sent_size),
        8,
        row.is_colour,
        1,
        sizes["display"],
        sizes["display"],
        sizes["preview"],
        1.0,
    )


def _way_of(rules: ImageRules, rows: Sequence[_Row]) -> Callable[[_Row], _Numbers]:
    if rules.shown_as == ShownAs.SENT:
        return _as_sent
    side, is_colour = rules.side, any(row.is_colour for row in rows)
    is_made = all(row.sizes["normal"] for row in rows)

    def normalised(row: _Row) -> _Numbers:
        """As stored; until all are, as they will be: of one size. The black rims keep telling the picture's shape, and
        a picture that was enlarged is softer than one that was not."""
        sizes = (row.sizes["normal"], row.sizes["normal_preview"]) if is_made else (0, 0)
        aspect, enlarged = row.width / row.height, max(1.0, side / max(row.width, row.height))
        square = (side, side, aspect, side, side * side)
        return (*square, 8, is_colour, 1, sizes[0], sizes[0], sizes[1], enlarged)

    return normalised


def _shape(width: int, height: int) -> _Numbers:
    return width, height, width / height if height else 0.0, max(width, height), width * height


def _rows(study: Study) -> list[_Row]:
    """Every image with the bytes of its renditions: one query, whatever the number of images and frames."""
    found = (
        pictures(study)
        .annotate(picture_at=picture_frame())
        .annotate(
            full=Sum("renditions__size", filter=_current(RenditionKind.FULL), default=0),
            display=_largest("size", _picture(RenditionKind.DISPLAY)),
            display_width=_largest("width", _picture(RenditionKind.DISPLAY)),
            display_height=_largest("height", _picture(RenditionKind.DISPLAY)),
            preview=_largest("size", _picture(RenditionKind.PREVIEW)),
            normal=_largest("size", _current(RenditionKind.NORMAL)),
            normal_preview=_largest("size", _current(RenditionKind.NORMAL_PREVIEW)),
        )
    )
    facts = {name: F(f"meta__{name}") for name in ("width", "height", "bits", "kind", "frames")}
    asked = found.values("case_id", "case__strata", "case__reference__label", *SIZES, **facts)
    return [_row(told) for told in asked]


def _current(kind: RenditionKind) -> Q:
    return Q(renditions__version=F("version"), renditions__kind=kind)


def _picture(kind: RenditionKind) -> Q:
    return _current(kind) & Q(renditions__frame=F("picture_at"))


def _largest(name: str, of: Q) -> Max:
    return Max(f"renditions__{name}", filter=of, default=0)


def _row(told: Mapping[str, Any]) -> _Row:
    return _Row(
        case=told["case_id"],
        strata=told["case__strata"],
        reference=as_label(told["case__reference__label"] or ""),
        width=told["width"],
        height=told["height"],
        bits=told["bits"],
        is_colour=told["kind"] == "rgb8",
        frames=told["frames"] or 1,
        sent_size=(told["display_width"], told["display_height"]),
        sizes={name: told[name] for name in SIZES},
    )
