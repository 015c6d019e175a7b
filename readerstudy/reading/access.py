"""The gates of the reading room: people reach what is allocated to them or opened by them; nothing else exists.

Whoever asks for the presentation of somebody else gets 404 as for one that does not exist, and the attempt is audited.
"""

# ruff: noqa: S608  statements are put together from constants alone
from __future__ import annotations

from typing import NoReturn

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from readerstudy.accounts.people import signed_in
from readerstudy.cases.models import Image
from readerstudy.postgres.rows import hold_all, read_one, record_of
from readerstudy.reading.actions import note_stranger
from readerstudy.reading.models import (
    Adjudication,
    AllocatedOutput,
    Allocation,
    CheckMadeOf,
    Ending,
    Rating,
)
from readerstudy.reading.screens import TEXTS_AND_ARMS, hold_outputs, known_allocation
from readerstudy.reading.turns import TURN
from readerstudy.studies.access import access_adjudicator
from readerstudy.studies.models import Membership, Study

GATE = f"""
SELECT to_json(a) AS allocation, to_json(m) AS seat, to_json(s) AS study, to_json(c) AS case, to_json(f) AS reference,
    to_json(l) AS reading, {TURN} AS turn,
    CASE WHEN %(submits)s AND a.kind = 'practice' THEN ({TEXTS_AND_ARMS})
        ELSE (SELECT coalesce(json_agg(json_build_object('output', o) ORDER BY o.side), '[]')
            FROM reading_allocatedoutput o WHERE o.allocation_id = a.id) END AS outputs,
    CASE WHEN %(submits)s THEN (SELECT coalesce(json_agg(t), '[]') FROM reading_rating t
        WHERE t.allocation_id = a.id) END AS ratings
FROM reading_allocation a JOIN studies_membership m ON m.id = a.seat_id JOIN studies_study s ON s.id = m.study_id
JOIN cases_case c ON c.id = a.case_id LEFT JOIN cases_referencestandard f ON f.case_id = c.id
LEFT JOIN reading_reading l ON l.allocation_id = a.id
WHERE a.key = %(reading)s AND s.key = %(study)s AND m.user_id = %(user)s AND m.removed_at IS NULL
    -- the newest plan: what was read in a pilot cannot be reached once the pilot is over
    AND a.plan_id = (SELECT max(p.id) FROM reading_allocationplan p WHERE p.study_id = s.id)
"""


def access_allocation(
    request: HttpRequest, key: str, reading_key: str, *, submits: bool = False
) -> Allocation:
    """The presentation `reading_key` of the signed-in reader in the study `key`, or `Http404`; one statement.

    With all that every request about it needs: seat, study, case, reading, outputs and turn, and its ratings where it
    is to be submitted.
    """
    user = signed_in(request)
    row = read_one(GATE, {"reading": reading_key, "study": key, "user": user.pk, "submits": submits})
    if row is None:
        _refuse(request, Allocation.objects.filter(key=reading_key, seat__study__key=key))
    seat = record_of(Membership, row["seat"])
    seat.study, seat.user = record_of(Study, row["study"]), user
    allocation = known_allocation(seat, row)
    hold_outputs(allocation, row["outputs"])
    if row["ratings"] is not None:
        hold_all(allocation, "ratings", [record_of(Rating, told) for told in row["ratings"]])
    return allocation


def _refuse(request: HttpRequest, asked: QuerySet[Allocation]) -> NoReturn:
    """Not found; if it is somebody else's, the attempt is written down."""
    found = asked.exclude(seat__user=signed_in(request)).select_related("seat").first()
    if found:
        note_stranger(allocation=found, by=signed_in(request))
    raise Http404


def access_subject(
    request: HttpRequest, key: str, reading_key: str, letter: str
) -> tuple[Allocation, AllocatedOutput | None]:
    """What the signed-in reader rates: a lettered output, or without a letter the case or pair; or `Http404`."""
    allocation = access_allocation(request, key, reading_key)
    output = next((each for each in allocation.outputs.all() if each.letter == letter), None)
    if letter and output is None:
        raise Http404
    return allocation, output


def access_image(request: HttpRequest, key: str, case_key: str, slot: str) -> tuple[Image, bool]:
    """A confirmed image of a case that is allocated to the signed-in reader, and whether it is shown blank.

    An attention check with a blank image names its images apart from those of its case. `Http404` where there is none.
    """
    allocation = Allocation.objects.filter(
        case_key=case_key, seat__study__key=key, seat__user=signed_in(request), seat__removed_at=None
    ).first()
    images = Image.objects.confirmed().select_related("case__study")
    image = images.filter(case=allocation.case_id, slot=slot).first() if allocation else None
    if image is None or allocation is None:
        _refuse(request, Allocation.objects.filter(case_key=case_key, seat__study__key=key))
    return image, allocation.check_kind == CheckMadeOf.BLANK


def access_adjudication(request: HttpRequest, key: str, adjudication_key: str) -> Adjudication:
    """An adjudication that the signed-in person opened or was given in the study `key`, or `Http404`."""
    seat = access_adjudicator(request, key)
    found = Adjudication.objects.filter(key=adjudication_key, adjudicator=seat)
    adjudication = found.select_related("plan__study", "case__reference").first()
    if adjudication is None or adjudication.ending == Ending.REASSIGNED:
        raise Http404
    adjudication.adjudicator = seat
    return adjudication


def access_adjudication_image(request: HttpRequest, key: str, case_key: str, slot: str) -> Image:
    """A confirmed image of a case that the signed-in person has to settle, or `Http404`."""
    seat = access_adjudicator(request, key)
    opened = Adjudication.objects.filter(case_key=case_key, adjudicator=seat).first()
    images = Image.objects.confirmed().select_related("case__study")
    image = images.filter(case=opened.case_id, slot=slot).first() if opened else None
    if image is None:
        raise Http404
    return image
