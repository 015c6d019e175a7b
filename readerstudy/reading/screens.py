"""One presentation with everything that stands on its reader's screen, read by one statement.

So the next case costs as many statements whatever the study asks and shows. Nothing of an output is read before the
unaided answer of a staged case is locked.
"""

# ruff: noqa: S608  statements are put together from constants alone
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readerstudy.cases.models import Case, Image, ReferenceStandard
from readerstudy.generation.models import Extraction, FrozenOutput, Interpretation, ShownText
from readerstudy.postgres.rows import hold, hold_all, read_one, record_of, record_or_none
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating, Reading
from readerstudy.reading.path.sittings import BUSY, LONGEST_READING_SECONDS, Busy
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.turns import TURN
from readerstudy.reading.visibility import Progress
from readerstudy.studies.models import Arm, Membership

PROGRESS = f"""
SELECT count(*) FILTER (WHERE m.kind <> 'practice') AS total,
    count(l.submitted_at) FILTER (WHERE m.kind <> 'practice') AS submitted,
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY least(extract(epoch FROM l.submitted_at - l.shown_at), {LONGEST_READING_SECONDS}))
        FILTER (WHERE l.submitted_at IS NOT NULL) AS seconds_each,
    count(*) FILTER (WHERE m.kind = 'practice') AS practice,
    count(l.submitted_at) FILTER (WHERE m.kind = 'practice') AS practised
FROM reading_allocation m
-- the limit keeps PostgreSQL from reading through the readings of everybody for those of one
LEFT JOIN LATERAL (SELECT r.* FROM reading_reading r WHERE r.allocation_id = m.id LIMIT 1) l ON true
WHERE m.seat_id = %(seat)s AND m.plan_id = (SELECT max(p.id) FROM reading_allocationplan p WHERE p.study_id = %(study)s)
"""

OUTPUTS = """
SELECT coalesce(json_agg(json_build_object('output', o, 'interpretation', i, 'frozen', z, 'shown', w, 'extraction', e
    {also}) ORDER BY o.side), '[]')
FROM reading_allocatedoutput o JOIN generation_interpretation i ON i.id = o.interpretation_id
LEFT JOIN generation_frozenoutput z ON z.interpretation_id = i.id LEFT JOIN generation_showntext w ON w.id = z.shown_id
LEFT JOIN generation_extraction e ON e.interpretation_id = i.id {joins}
WHERE o.allocation_id = a.id
"""
TEXTS = OUTPUTS.format(also="", joins="")
TEXTS_AND_ARMS = OUTPUTS.format(also=", 'arm', y", joins="JOIN studies_arm y ON y.id = o.arm_id")

UNREAD = """
SELECT {columns} FROM reading_allocation x
WHERE x.plan_id = {of}.plan_id AND x.seat_id = {of}.seat_id
    AND (SELECT xl.submitted_at FROM reading_reading xl WHERE xl.allocation_id = x.id) IS NULL
    AND NOT EXISTS (SELECT FROM reading_allocation y WHERE y.succeeds_id = x.id) AND {where}
ORDER BY x.position LIMIT 1
"""

SCREEN = f"""
SELECT to_json(a) AS allocation, to_json(c) AS case, to_json(f) AS reference, to_json(l) AS reading, {
    TURN
} AS turn,
    (SELECT to_json(g) FROM ({PROGRESS}) g) AS progress,
    (SELECT to_json(b) FROM ({BUSY}) b) AS busy,
    (SELECT json_build_object('key', p.key, 'submitted_at', pl.submitted_at)
        FROM reading_allocation p LEFT JOIN reading_reading pl ON pl.allocation_id = p.id
        WHERE p.plan_id = a.plan_id AND p.seat_id = a.seat_id AND p.position = a.position - 1
            AND (p.kind = 'practice') = (a.kind = 'practice')
            AND NOT EXISTS (SELECT FROM reading_allocation y WHERE y.succeeds_id = p.id)) AS previous,
    n.case_id AS next_case, n.case_key AS next_case_key,
    (SELECT coalesce(json_agg(i ORDER BY i.slot), '[]') FROM cases_image i
        WHERE i.case_id IN (a.case_id, n.case_id)) AS images,
    CASE WHEN %(staged)s AND l.unaided_at IS NULL THEN '[]' ELSE ({TEXTS}) END AS outputs,
    (SELECT coalesce(json_agg(json_build_object('rating', t,
            'token', (SELECT e.token FROM reading_ratingevent e WHERE e.id = t.event_id))), '[]')
        FROM reading_rating t WHERE t.allocation_id = a.id) AS ratings
FROM reading_allocation a JOIN cases_case c ON c.id = a.case_id
LEFT JOIN cases_referencestandard f ON f.case_id = c.id LEFT JOIN reading_reading l ON l.allocation_id = a.id
LEFT JOIN LATERAL ({
    UNREAD.format(
        columns="x.case_id, x.case_key",
        of="a",
        where="x.position > a.position AND (x.kind = 'practice') = (a.kind = 'practice')",
    )
}) n ON true
WHERE a.id = {{which}}
"""
THIS = SCREEN.format(which="%(allocation)s")
NEXT = SCREEN.format(
    which=f"""(
    SELECT coalesce(
        ({UNREAD.format(columns="x.id", of="before", where="x.position > before.position AND x.kind <> 'practice'")}),
        ({UNREAD.format(columns="x.id", of="before", where="x.kind <> 'practice'")}))
    FROM reading_allocation before WHERE before.id = %(allocation)s)"""
)


@dataclass(frozen=True)
class Previous:
    """The presentation before this one: its key, and when it was finished if it is."""

    key: str
    submitted_at: datetime | None


@dataclass(frozen=True)
class Screen:
    """A presentation as its reader meets it.

    `images` are by the key of their case, and hold those of `next_case` as well, which the browser fetches ahead under
    `next_case_key`. `busy` says what was read in this sitting; `ratings` know the tokens of their events.
    """

    allocation: Allocation
    progress: Progress
    previous: Previous | None
    next_case: int | None
    next_case_key: str | None
    images: Mapping[int, Sequence[Image]]
    outputs: Sequence[AllocatedOutput]
    ratings: Sequence[Rating]
    busy: Busy | None


def screen_of(seat: Membership, allocation: Allocation) -> Screen:
    """The screen of this presentation."""
    screen = _read(THIS, seat, allocation)
    if screen is None:
        raise Allocation.DoesNotExist(f"There is no presentation {allocation.pk}.")
    return screen


def screen_after(seat: Membership, allocation: Allocation) -> Screen | None:
    """The screen of the next unread presentation after this one, else of the first one left behind; None at the end."""
    return _read(NEXT, seat, allocation)


def progress_of(seat: Membership) -> Progress:
    """How far the reader is with all presentations."""
    return Progress(**(read_one(PROGRESS, {"seat": seat.pk, "study": seat.study_id}) or {}))


def known_outputs(told: Sequence[Mapping[str, Any]]) -> list[AllocatedOutput]:
    """Outputs out of rows of `OUTPUTS`, or of bare ones."""
    return [_output(row) for row in told]


def _read(statement: str, seat: Membership, allocation: Allocation) -> Screen | None:
    staged = frozen_of(seat.study).is_staged
    parameters = {"allocation": allocation.pk, "seat": seat.pk, "study": seat.study_id, "staged": staged}
    row = read_one(statement, parameters)
    return None if row is None else _screen(seat, row)


def _screen(seat: Membership, row: Mapping[str, Any]) -> Screen:
    shown = known_allocation(seat, row)
    images: dict[int, list[Image]] = {row["allocation"]["case_id"]: [], row["next_case"]: []}
    for told in row["images"]:
        images[told["case_id"]].append(record_of(Image, told))
    return Screen(
        allocation=shown,
        progress=Progress(**row["progress"]),
        previous=_previous(row["previous"]),
        next_case=row["next_case"],
        next_case_key=row["next_case_key"],
        images=images,
        outputs=known_outputs(row["outputs"]),
        ratings=[_rating(told) for told in row["ratings"]],
        busy=Busy(**row["busy"]) if row["busy"] else None,
    )


def known_allocation(seat: Membership, row: Mapping[str, Any]) -> Allocation:
    """The presentation of a row, with its seat, case, reference standard, reading and turn."""
    allocation, case = record_of(Allocation, row["allocation"]), record_of(Case, row["case"])
    hold(case, "reference", record_or_none(ReferenceStandard, row["reference"]))
    hold(allocation, "reading", record_or_none(Reading, row["reading"]))
    allocation.seat, allocation.case, allocation.turn = seat, case, row["turn"]
    return allocation


def _previous(told: Mapping[str, Any] | None) -> Previous | None:
    if told is None:
        return None
    at = told["submitted_at"]
    return Previous(told["key"], datetime.fromisoformat(at) if at else None)


def _rating(told: Mapping[str, Any]) -> Rating:
    rating = record_of(Rating, told["rating"])
    rating.token = told["token"]
    return rating


def _output(row: Mapping[str, Any]) -> AllocatedOutput:
    output = record_of(AllocatedOutput, row["output"])
    if "interpretation" in row:
        interpretation = record_of(Interpretation, row["interpretation"])
        frozen = record_or_none(FrozenOutput, row["frozen"])
        if frozen is not None:
            hold(frozen, "shown", record_or_none(ShownText, row["shown"]))
        hold(interpretation, "frozen", frozen)
        hold(interpretation, "extraction", record_or_none(Extraction, row["extraction"]))
        output.interpretation = interpretation
    if "arm" in row:
        output.arm = record_of(Arm, row["arm"])
    return output


def hold_outputs(allocation: Allocation, told: Sequence[Mapping[str, Any]]) -> None:
    """Lets a presentation know its outputs."""
    outputs = known_outputs(told)
    for output in outputs:
        hold(output, "allocation", allocation)
    hold_all(allocation, "outputs", outputs)
    allocation.holds_texts = bool(told) and all("interpretation" in row for row in told)
