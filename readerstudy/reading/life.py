"""What the reading room has to do with the life of a study: draw, name what is frozen, count what was given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import connection, transaction

from readerstudy.accounts.models import User
from readerstudy.reading.actions import draw_plan
from readerstudy.reading.manifest import digest, manifest
from readerstudy.reading.models import AllocatedOutput, AllocationPlan, PresentationKind, Rating, Reading
from readerstudy.studies import above
from readerstudy.studies.above import Given, Seen
from readerstudy.studies.copying import leave
from readerstudy.studies.models import Study

ROWS_AT_ONCE = 5000
PRACTISED = {"allocation__kind": PresentationKind.PRACTICE}

# Everything that readers gave and people judged, in an order that does not depend on the database.
DATA = """
SELECT 'rating', m.seat, a.position, coalesce(o.letter, ''), k.key, e.part, e.value, e.cannot_judge, e.reason,
       e.protocol_version, audit_instant(e.at)
FROM reading_ratingevent e JOIN reading_allocation a ON a.id = e.allocation_id
JOIN reading_allocationplan p ON p.id = a.plan_id JOIN studies_membership m ON m.id = a.seat_id
LEFT JOIN reading_allocatedoutput o ON o.id = e.output_id JOIN studies_criterion k ON k.id = e.criterion_id
WHERE p.study_id = %(study)s AND NOT p.is_pilot
UNION ALL
SELECT 'exit', m.seat, 0, '', k.key, '', e.value, e.cannot_judge, e.reason, e.protocol_version, audit_instant(e.at)
FROM reading_exitevent e JOIN reading_allocationplan p ON p.id = e.plan_id
JOIN studies_membership m ON m.id = e.seat_id JOIN studies_criterion k ON k.id = e.criterion_id
WHERE p.study_id = %(study)s AND NOT p.is_pilot
UNION ALL
SELECT 'settlement', 0, 0, coalesce(o.letter, ''), e.key, c.code || ' ' || d.screen || ' ' || d.key || ' ' || e.part,
       e.value, e.cannot_judge, e.reason, e.protocol_version, audit_instant(e.at)
FROM reading_settlement e JOIN reading_adjudication d ON d.id = e.adjudication_id
JOIN reading_allocationplan p ON p.id = d.plan_id JOIN cases_case c ON c.id = d.case_id
LEFT JOIN reading_adjudicatedoutput o ON o.id = e.output_id
WHERE p.study_id = %(study)s AND NOT p.is_pilot
UNION ALL
SELECT 'adjudication', 0, 0, '', d.key, c.code || ' ' || d.screen, d.ending, false, d.reason, d.protocol_version,
       audit_instant(coalesce(d.ended_at, d.opened_at))
FROM reading_adjudication d JOIN reading_allocationplan p ON p.id = d.plan_id JOIN cases_case c ON c.id = d.case_id
WHERE p.study_id = %(study)s AND NOT p.is_pilot
UNION ALL
SELECT 'verdict', g.replicate, r.position, '', c.code, '', v.verdict, v.declined, '', 0, audit_instant(v.created_at)
FROM generation_refusalverdict v JOIN generation_interpretation i ON i.id = v.interpretation_id
JOIN generation_generation g ON g.id = i.generation_id JOIN studies_arm r ON r.id = g.arm_id
JOIN cases_case c ON c.id = g.case_id
WHERE r.study_id = %(study)s
ORDER BY 1, 2, 3, 4, 5, 6, 11, 7
"""


class _ReadingRoom:
    """Answers the questions of `studies.above`."""

    def draw(self, study: Study, *, by: User | None, pilot_cases: int | None) -> None:
        draw_plan(study=study, by=by, pilot_cases=pilot_cases)

    def manifest_sha256(self, study: Study) -> str:
        plan = AllocationPlan.objects.locked(study)
        return digest(manifest(study, plan)) if plan else ""

    def data_sha256(self, study: Study) -> str:
        """SHA-256 over one line a row of `DATA`, read in portions."""
        found = hashlib.sha256()
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(DATA, {"study": study.pk})
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                found.update("".join(f"{row!r}\n" for row in rows).encode())
        return found.hexdigest()

    def given(self, study: Study) -> Given:
        """Practice is nobody's data."""
        mine = {"allocation__plan__study": study, "allocation__plan__is_pilot": False}
        readings = Reading.objects.filter(**mine, submitted_at__isnull=False).exclude(**PRACTISED).count()
        return Given(readings, Rating.objects.filter(**mine).exclude(**PRACTISED).count())

    def seen(self, study: Study, case_code: str) -> Sequence[Seen]:
        outputs = AllocatedOutput.objects.filter(
            allocation__plan=AllocationPlan.objects.locked(study), allocation__case__code=case_code
        )
        ordered = outputs.select_related("allocation__seat", "arm").order_by(
            "allocation__seat__seat", "allocation__position", "side"
        )
        return [
            Seen(row.allocation.seat.pseudonym, row.allocation.position, row.letter, row.arm.name)
            for row in ordered
        ]


above.register(_ReadingRoom())
leave(reading__AllocationPlan="drawn for the other study's readers and cases")
