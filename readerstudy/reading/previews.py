"""What a plan would give, before anything is drawn: its promises, tables and what it asks of each reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.designs.allocation import ALGORITHM
from readerstudy.designs.comparisons import rounds_in
from readerstudy.designs.plan import PlanError
from readerstudy.designs.rows import Presentation
from readerstudy.reading.allocating_rows import Drawing
from readerstudy.reading.balance import Balance, balance_of_rows
from readerstudy.reading.models import AllocationPlan
from readerstudy.reading.planning import USUAL, hidden_refusals, plan_fields
from readerstudy.stats.power import Burden, Load, burden
from readerstudy.stats.power.burden import DEFAULT_SECONDS
from readerstudy.studies.models import Arm, Criterion, Design, Membership, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.loads import pace_of, presses_for

LIVE_PRESENTATIONS = 30_000
"""A preview of more than these takes seconds, so it is left to the balance page."""
USUAL_READERS, USUAL_CASES = 2, 40
FEWEST_MEASURED = 10
LONGEST_SECONDS = 600.0
MEASURED = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (
    ORDER BY coalesce(r.active_seconds, least(extract(epoch FROM r.submitted_at - r.shown_at), %s)))
FROM reading_reading r JOIN reading_allocation a ON a.id = r.allocation_id
JOIN reading_allocationplan p ON p.id = a.plan_id
JOIN studies_membership s ON s.id = a.seat_id JOIN accounts_user u ON u.id = s.user_id
WHERE p.study_id = %s AND NOT u.is_simulated AND r.submitted_at IS NOT NULL
"""


@dataclass(frozen=True)
class Asked:
    """What the plan asks of its readers; `measured` counts the readings that the seconds come from, 0 if assumed."""

    burden: Burden
    measured: int


@dataclass(frozen=True)
class Preview:
    """A plan with the readers, cases and arms that are there; `assumed` says in sentences what is not there yet.

    `obstacle` is why the plan cannot be drawn; `is_large` that it was not, because that takes longer than a page.
    """

    presentations: int = 0
    assumed: tuple[str, ...] = ()
    balance: Balance | None = None
    asked: Asked | None = None
    obstacle: str = ""
    is_large: bool = False


def preview_of(
    study: Study,
    section: Mapping[str, Any] | None = None,
    *,
    design: Design | None = None,
    most: int | None = LIVE_PRESENTATIONS,
) -> Preview:
    """What a section gives, that of the study without one; `most` presentations are drawn, None for any number.

    Whoever has read the design already hands it over.
    """
    design = design or Design.objects.of(study)
    try:
        plan, assumed = _supposed(study, design, section)
        drawing = Drawing(plan)
        expected = len(plan.first) * len(plan.cases) * rounds_in(drawing.plan.comparison, len(plan.arms))
        if most is not None and expected > most:
            return Preview(presentations=expected, assumed=assumed, is_large=True)
        rows = drawing.rows(plan.first)
    except (StudyError, PlanError) as error:
        return Preview(obstacle=str(error))
    balance = balance_of_rows(drawing, rows, plan.first, names=arm_names(study))
    return Preview(len(rows), assumed, balance, asked_of(study, drawing, rows, design))


def asked_of(study: Study, drawing: Drawing, rows: Iterable[Presentation], design: Design) -> Asked | None:
    """Minutes and sittings of each reader of these rows; None where there are none."""
    counts = Counter((row.reader, row.period, len(row.arms)) for row in rows)
    if not counts:
        return None
    document = _document(study, design)
    presses = {each: presses_for(document, outputs=max(each, 1)) for _reader, _period, each in counts}
    measured, seconds = measured_seconds(study)
    pace = replace(pace_of(document), seconds=seconds)
    days = drawing.plan.washout_days if drawing.plan.crossover else 0
    return Asked(burden(_loads(counts, presses), pace, washout_days=days), measured)


def measured_seconds(study: Study) -> tuple[int, float]:
    """How many readings of people were timed, and their median seconds; (0, 60) before there are enough.

    Simulated readers answer at once; they say nothing of how long doctors take.
    """
    with connection.cursor() as cursor:
        cursor.execute(MEASURED, [LONGEST_SECONDS, study.pk])
        count, median = cursor.fetchone()
    return (count, float(median)) if count >= FEWEST_MEASURED else (0, DEFAULT_SECONDS)


def arm_names(study: Study) -> dict[str, str]:
    """The names of the arms by their position as the designs write it."""
    arms = Arm.objects.filter(study=study)
    return {str(position): name for position, name in arms.values_list("position", "name")}


def obstacle_of(study: Study, design: Design) -> str:
    """Why the study's plan cannot be drawn from what is there; empty where it can, or would take long to try."""
    return preview_of(study, design=design).obstacle


def _loads(counts: Mapping[tuple[int, int, int], int], presses: Mapping[int, int]) -> Iterable[Load]:
    total: Counter[tuple[int, int]] = Counter()
    pressed: Counter[tuple[int, int]] = Counter()
    for (reader, period, outputs), count in counts.items():
        total[reader, period] += count
        pressed[reader, period] += count * presses[outputs]
    for (reader, period), count in total.items():
        yield Load(reader=reader, period=period, presentations=count, presses=pressed[reader, period])


def _document(study: Study, design: Design) -> Document:
    """As much of the protocol as tells how long a presentation takes."""
    asked = Criterion.objects.of(study).values("kind", "applies_to", "options")
    return Document({"criteria": list(asked), "phases": design.section("phases")})


def _supposed(
    study: Study, design: Design, section: Mapping[str, Any] | None
) -> tuple[AllocationPlan, tuple[str, ...]]:
    """An unsaved plan of the readers and cases that are there, or of as many as are expected."""
    fields = plan_fields(study, design, None if section is None else {**USUAL, **section})
    readers = [seat.seat or 0 for seat in Membership.objects.readers(study)]
    cases: list[str] = fields["cases"]
    assumed = []
    if not fields["arms"]:
        raise StudyError(_("No arm is defined, so there is nothing to allocate. Add the arms first."))
    if not readers:
        count = design.section("readers").get("count", USUAL_READERS)
        readers = list(range(1, count + 1))
        told = ngettext(
            "no reader is invited; supposed is %(n)d", "no reader is invited; supposed are %(n)d", count
        )
        assumed.append(told % {"n": count})
    if not cases:
        count = design.section("cases").get("count", USUAL_CASES)
        cases = [f"C{number:04d}" for number in range(1, count + 1)]
        told = ngettext("no case is there; supposed is %(n)d", "no case is there; supposed are %(n)d", count)
        assumed.append(told % {"n": count})
    hidden = [pair for pair in hidden_refusals(study) if pair[0] in set(cases)]
    fields |= {"cases": cases, "excluded": hidden}
    plan = AllocationPlan(study=study, algorithm=ALGORITHM, seats=max(readers), first=readers, **fields)
    return plan, tuple(assumed)
