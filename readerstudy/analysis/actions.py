"""Freezing a report and writing down who looked at an interim one."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.db import connection, transaction

from readerstudy.accounts.models import User
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.evidence import FINAL, Evidence, gather
from readerstudy.analysis.models import InterimLook, Report
from readerstudy.analysis.report import report_of, software_line
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Study

FROZEN = "report.freeze"
LOCKED = frozenset({State.DATA_LOCKED, State.UNBLINDED, State.ARCHIVED})
EXPORTED = "ratings.export"
LOOKED = "report.interim_look"
LOOKS = (FROZEN, EXPORTED, LOOKED)
"""Deeds of who only looks or takes away: they change nothing that a study holds."""
REMEMBERED_SECONDS = 24 * 3600
EVIDENCE_SECONDS = 1800

# Grows with every rating, submission, last answer, verdict, settlement, unblinding and profile; events only get more.
MARK = """
SELECT s.state, s.manifest_sha256,
       (SELECT (count(*), sum(v.event_id), count(r.submitted_at))::text
        FROM studies_membership m JOIN reading_allocation a ON a.seat_id = m.id
        LEFT JOIN reading_reading r ON r.allocation_id = a.id
        LEFT JOIN reading_rating v ON v.allocation_id = a.id
        WHERE m.study_id = s.id),
       (SELECT (count(*), sum(x.id))::text
        FROM studies_arm a JOIN generation_generation g ON g.arm_id = a.id
        JOIN generation_interpretation i ON i.generation_id = g.id
        JOIN generation_refusalverdict x ON x.interpretation_id = i.id
        WHERE a.study_id = s.id),
       (SELECT (count(*), max(e.id))::text
        FROM studies_membership m JOIN reading_exitevent e ON e.seat_id = m.id
        WHERE m.study_id = s.id),
       (SELECT count(*) FROM studies_unblinding u WHERE u.study_id = s.id),
       (SELECT (count(*), count(d.ended_at), count(e.id), max(e.id))::text
        FROM reading_allocationplan p JOIN reading_adjudication d ON d.plan_id = p.id
        LEFT JOIN reading_settlement e ON e.adjudication_id = d.id
        WHERE p.study_id = s.id),
       (SELECT (count(*), max(p.updated_at))::text
        FROM studies_membership m LEFT JOIN accounts_readerprofile p ON p.user_id = m.user_id
        WHERE m.study_id = s.id)
FROM studies_study s WHERE s.id = %s
"""


def freeze_report(*, study: Study, by: User | None) -> Report:
    """The stored report on the data as they are now; computed only if there is none with this input yet.

    `by` is None only for what the system itself does. Reading takes place at one moment of the database and the
    computing outside any transaction, so readers never wait for it.
    """
    evidence = gather(study)
    report = Report.objects.named(evidence.study, evidence.sha256, software_line(), evidence.is_interim)
    return report or _store(evidence, content=report_of(evidence), by=by)


def current_report(*, study: Study, by: User) -> Report:
    """As `standing_report`, and notes that a person looked at it."""
    report = standing_report(study=study, by=by)
    note_look(report=report, by=by)
    return report


def standing_report(*, study: Study, by: User) -> Report:
    """As `freeze_report`, but without reading all ratings again while nothing has changed."""
    name = _mark(study)
    report = Report.objects.filter(study=study, pk=cache.get(name, 0)).select_related("study").first()
    if report is None:
        report = freeze_report(study=study, by=by)
        cache.set(name, report.pk, REMEMBERED_SECONDS)
    return report


@transaction.atomic
def note_look(*, report: Report, by: User, view: str = "") -> InterimLook | None:
    """Writes down that a person saw results before the data were locked, once for each person, report and view.

    None once the data are locked: then there is nothing left that a look could change.
    """
    if report.study.state in LOCKED:
        return None
    seen = InterimLook.objects.filter(report=report, by=by, view=view).first()
    return seen or _look(report, by=by, view=view)


def _look(report: Report, *, by: User, view: str) -> InterimLook:
    study = Study.objects.select_for_update().get(pk=report.study_id)
    number = InterimLook.objects.filter(study=study).count() + 1
    look, is_new = InterimLook.objects.get_or_create(
        report=report, by=by, view=view, defaults={"study": study, "number": number}
    )
    if is_new:
        data = {"input_sha256": report.input_sha256, "number": number, **({"view": view} if view else {})}
        record(LOOKED, by=by, stream=study_stream(study.pk), subject=report.short_name, data=data)
    return look


@transaction.atomic
def note_export(*, study: Study, by: User | None, file: str = "") -> None:
    """Writes down who took which file away; before the study is closed that is an interim look as well.

    `by` is None for who has the machine itself and calls a command there; without `file` it was the ratings' table.
    """
    data = {"interim": study.state not in FINAL, **({"file": file} if file else {})}
    record(EXPORTED, by=by, stream=study_stream(study.pk), subject=study.key, data=data)


@transaction.atomic
def _store(evidence: Evidence, *, content: Content, by: User | None) -> Report:
    report, created = Report.objects.get_or_create(
        study=evidence.study,
        input_sha256=evidence.sha256,
        software=software_line(),
        is_interim=evidence.is_interim,
        defaults={"seed": evidence.inference.seed, "content": content},
    )
    if created:
        stream = study_stream(evidence.study.pk)
        data = {
            "input_sha256": report.input_sha256,
            "interim": report.is_interim,
            "software": report.software,
        }
        record(FROZEN, by=by, stream=stream, subject=report.short_name, data=data)
    return report


def _mark(study: Study) -> str:
    """A short text that differs whenever the data behind a report, or what computes it, may differ."""
    with connection.cursor() as cursor:
        cursor.execute(MARK, [study.pk])
        parts = [study.pk, software_line(), *cursor.fetchone()]
    return "report:" + hashlib.sha256(repr(parts).encode()).hexdigest()


def standing_evidence(study: Study) -> Evidence:
    """Everything a report rests on, as it is now; not read again while nothing has changed."""
    name = f"evidence:{_mark(study)}"
    found: Evidence | None = cache.get(name)
    if found is None:
        found = gather(study)
        cache.set(name, found, EVIDENCE_SECONDS)
    return found
