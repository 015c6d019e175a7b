"""Three drawings of how a study went: the flow of cases and readers, who was to read what, and when they sat down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from readerstudy.analysis.exports.methods.parts import Drawing as Named
from readerstudy.analysis.exports.tables import Source, fetched
from readerstudy.analysis.figures.svg import INK, MUTED, SERIES, SMALL, WIDTH, Drawing, Form, drawn, short
from readerstudy.cases.models import Case
from readerstudy.generation.models import Interpretation
from readerstudy.reading.models import Reading, Session

READ, WAITING, HIDDEN, NOTHING = "read", "planned", "hidden", ""
LEFT, TOP, ROW = 54.0, 44.0, 22.0
BOX, GAP = 46.0, 26.0
WASH = "#eef3f7"

CELLS = """
SELECT s.seat, c.id, bool_and(r.submitted_at IS NOT NULL), false
FROM reading_allocation a
JOIN reading_allocationplan p ON p.id = a.plan_id AND NOT p.is_pilot
JOIN studies_membership s ON s.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id
LEFT JOIN reading_reading r ON r.allocation_id = a.id
WHERE p.study_id = %(study)s AND a.kind IN ('main', 'repeat')
  AND NOT EXISTS (SELECT FROM reading_allocation n WHERE n.succeeds_id = a.id)
GROUP BY s.seat, c.id
UNION ALL
SELECT s.seat, h.case_id, false, true
FROM reading_hiddenoutput h
JOIN reading_allocationplan p ON p.id = h.plan_id AND NOT p.is_pilot
JOIN studies_membership s ON s.id = h.seat_id
WHERE p.study_id = %(study)s
ORDER BY 1, 2, 4
"""


@dataclass(frozen=True)
class Step:
    """One box of the flow: its words, and what leaves the flow there."""

    words: str
    leaves: str = ""


def flow_steps(source: Source) -> tuple[list[Step], list[Step]]:
    """The flow of cases with their outputs, and that of readers."""
    study, table = source.study, source.long
    every, out = (
        Case.objects.filter(study=study),
        Case.objects.filter(study=study, left_out_at__isnull=False).count(),
    )
    texts = Interpretation.objects.filter(
        generation__arm__study=study, generation__case__in=table.cases, generation__replicate=1
    )
    declined = sum(
        table.verdicts[pk].declined for pk in texts.values_list("pk", flat=True) if pk in table.verdicts
    )
    mine = Reading.objects.filter(allocation__plan__study=study, allocation__plan__is_pilot=False)
    readers = list(table.readers.values())
    rating = len({reader for reader, _criterion in table.with_ratings})
    cases = [
        Step(_("Cases that came in: %d") % every.count(), _("Left out: %d") % out if out else ""),
        Step(
            _("Cases compared: %d") % len(table.cases),
            _("For practice, checks or prompts: %d") % (every.count() - out - len(table.cases))
            if every.count() - out - len(table.cases)
            else "",
        ),
        Step(
            _("Outputs of %(arms)d arms: %(n)d") % {"arms": len(source.arms), "n": texts.count()},
            _("Refusals among them: %d") % declined if declined else "",
        ),
    ]
    consented = sum(reader.consented_at is not None for reader in readers)
    people = [
        Step(
            _("Readers invited: %d") % len(readers),
            _("Without consent: %d") % (len(readers) - consented)
            if consented and consented < len(readers)
            else "",
        ),
        Step(
            _("Readers who rated: %d") % rating,
            _("Left: %d") % sum(reader.removed_at is not None for reader in readers)
            if any(reader.removed_at for reader in readers)
            else "",
        ),
        Step(_("Readings opened: %d") % mine.count(), ""),
        Step(_("Readings submitted: %d") % mine.filter(submitted_at__isnull=False).count(), ""),
    ]
    return cases, people


def draw_flow(steps: tuple[list[Step], list[Step]]) -> Drawing:
    """Two columns of boxes from top to bottom; what leaves stands beside its box."""
    height = TOP + max(map(len, steps)) * (BOX + GAP)
    sheet = Drawing(height, _("Flow of cases and readers"))
    for column, (heading, boxes) in enumerate(zip((_("Cases"), _("Readers")), steps, strict=True)):
        x, width = column * (WIDTH / 2 + 8), WIDTH / 2 - 16
        sheet.text(x, 14, heading, weight="bold")
        for place, step in enumerate(boxes):
            y = TOP + place * (BOX + GAP)
            _step(sheet, x, y, width, step)
            if place:
                _arrow(sheet, x + 110, y - GAP, y)
    return sheet


def _step(sheet: Drawing, x: float, y: float, width: float, step: Step) -> None:
    inner = 220.0
    sheet.box(x, y, inner, BOX, fill=WASH)
    for x1, y1, x2, y2 in (
        (x, y, x + inner, y),
        (x, y + BOX, x + inner, y + BOX),
        (x, y, x, y + BOX),
        (x + inner, y, x + inner, y + BOX),
    ):
        sheet.line(x1, y1, x2, y2, color=INK)
    sheet.text(x + 12, y + BOX / 2, step.words)
    if step.leaves:
        sheet.line(x + inner, y + BOX / 2, x + inner + 14, y + BOX / 2, color=INK)
        sheet.text(
            x + inner + 18,
            y + BOX / 2,
            short(step.leaves, int((width - inner - 18) / 6)),
            size=SMALL,
            color=MUTED,
        )


def _arrow(sheet: Drawing, x: float, top: float, bottom: float) -> None:
    sheet.line(x, top, x, bottom, color=INK)
    sheet.line(x - 4, bottom - 6, x, bottom, color=INK)
    sheet.line(x + 4, bottom - 6, x, bottom, color=INK)


Matrix = tuple[list[str], list[list[str]]]


def matrix_of(source: Source) -> Matrix:
    """The readers' pseudonyms, and for each what becomes of every case, in the order of the study."""
    places = {pk: place for place, pk in enumerate(source.long.cases)}
    readers = {reader.seat or 0: reader.pseudonym for reader in source.long.readers.values()}
    rows = {seat: [NOTHING] * len(places) for seat in readers}
    for seat, case, is_read, is_hidden in fetched(CELLS, {"study": source.study.pk}):
        if case in places and rows[seat][places[case]] == NOTHING:
            rows[seat][places[case]] = HIDDEN if is_hidden else READ if is_read else WAITING
    return list(readers.values()), list(rows.values())


def draw_matrix(matrix: Matrix) -> Drawing:
    """One row a reader, one column a case; neighbours that are alike are drawn as one."""
    readers, rows = matrix
    height = TOP + max(len(rows), 1) * ROW + 34
    sheet = Drawing(height, _("Assignment matrix"))
    looks = {READ: (SERIES[0], ""), WAITING: ("#c9ced3", ""), HIDDEN: ("#ffffff", "////")}
    x = 0.0
    for state, words in (
        (READ, _("read")),
        (WAITING, _("planned, not submitted")),
        (HIDDEN, _("only hidden refusals")),
    ):
        sheet.box(x, 8, 14, 14, fill=looks[state][0], hatch=looks[state][1], edge=MUTED)
        sheet.text(x + 20, 15, words, size=SMALL)
        x += 40 + 7.2 * len(words)
    cases = len(rows[0]) if rows else 0
    width = (WIDTH - LEFT) / max(cases, 1)
    for place, (name, states) in enumerate(zip(readers, rows, strict=True)):
        y = TOP + place * ROW
        sheet.text(0, y + ROW / 2, name, size=SMALL)
        for state, start, length in _runs(states):
            if state:
                fill, hatch = looks[state]
                gap = 1.0 if width > 4 else 0.0
                sheet.box(
                    LEFT + start * width,
                    y + 2,
                    max(length * width - gap, 0.4),
                    ROW - 4,
                    fill=fill,
                    hatch=hatch,
                    edge=MUTED,
                )
    sheet.text(
        LEFT, height - 12, _("Cases 1 to %d, in the order of the study") % cases, size=SMALL, color=MUTED
    )
    return sheet


def _runs(states: list[str]) -> Iterator[tuple[str, int, int]]:
    start = 0
    for state, group in groupby(states):
        length = len(list(group))
        yield state, start, length
        start += length


Sitting = tuple[str, datetime, datetime]


def sittings_of(source: Source) -> list[Sitting]:
    """Reader, beginning and end of each sitting, by reader and time."""
    rows = (
        Session.objects.filter(seat__study=source.study)
        .select_related("seat")
        .order_by("seat__seat", "started_at")
    )
    return [
        (row.seat.pseudonym, row.started_at, max(row.ended_at or row.last_seen_at, row.last_seen_at))
        for row in rows
    ]


def draw_timeline(sittings: list[Sitting]) -> Drawing:
    """One row a reader, one bar a sitting, over the days of the study."""
    readers = list(dict.fromkeys(name for name, _begin, _end in sittings))
    height = TOP + max(len(readers), 1) * ROW + 34
    sheet = Drawing(height, _("Timeline of sittings"))
    if not sittings:
        sheet.text(0, TOP, _("Nobody has sat down to read yet."), color=MUTED)
        return sheet
    first, last = min(begin for _name, begin, _end in sittings), max(end for _name, _begin, end in sittings)
    span = max((last - first).total_seconds(), 3600.0)

    def place(at: datetime) -> float:
        return LEFT + (at - first).total_seconds() / span * (WIDTH - LEFT)

    for name, begin, end in sittings:
        y = TOP + readers.index(name) * ROW
        sheet.line(LEFT, y + ROW - 1, WIDTH, y + ROW - 1)
        sheet.text(0, y + ROW / 2, name, size=SMALL)
        sheet.box(place(begin), y + 4, max(place(end) - place(begin), 2.0), ROW - 8, fill=SERIES[0])
    for share, align in ((0.0, "left"), (0.5, "center"), (1.0, "right")):
        at = first + timedelta(seconds=span * share)
        words = date_format(at, "j M Y, H:i" if span < 5 * 86400 else "j M Y") + (
            " UTC" if span < 5 * 86400 else ""
        )
        sheet.text(place(at), height - 12, words, size=SMALL, color=MUTED, align=align)
    return sheet


def drawings_of(source: Source) -> tuple[Named, ...]:
    """The three drawings with their content in words."""
    cases, people = flow_steps(source)
    readers, rows = matrix_of(source)
    counts = "; ".join(
        f"{name} {sum(state == READ for state in states)}" for name, states in zip(readers, rows, strict=True)
    )
    sittings = sittings_of(source)
    told = "; ".join(
        f"{name} {len(list(group))}" for name, group in groupby(sittings, key=lambda each: each[0])
    )
    flow = ". ".join(" — ".join(filter(None, (step.words, step.leaves))) for step in (*cases, *people))
    return (
        Named("flow", _("Flow of cases and readers"), f"{flow}."),
        Named("assignment", _("Assignment matrix"), _("Cases read by each reader: %s.") % counts),
        Named("timeline", _("Timeline of sittings"), _("Sittings of each reader: %s.") % told),
    )


DRAW: dict[str, Callable[[Source], tuple[Callable[..., Drawing], object]]] = {
    "flow": lambda source: (draw_flow, flow_steps(source)),
    "assignment": lambda source: (draw_matrix, matrix_of(source)),
    "timeline": lambda source: (draw_timeline, sittings_of(source)),
}


def picture(source: Source, name: str, *, form: Form = "svg") -> bytes:
    """A drawing as a file."""
    draw, content = DRAW[name](source)
    return drawn(draw, content, form=form)
