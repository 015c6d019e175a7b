"""Freezing a report and writing down who looked at an interim one."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.db import connection, transaction

from readerstudy.accounts.models import User
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.evidence import FINAL, Evidence, gather
from readerstudy.analysis.models import Report
from readerstudy.analysis.report import report_of, software_line
from readerstudy.audit.models import Event
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.models import Study

FROZEN = "report.freeze"
EXPORTED = "ratings.export"
LOOKED = "report.interim_look"
REMEMBERED_SECONDS = 24 * 3600

# Grows with every rating, submission, verdict, settlement and profile; ids of ratings' events only ever rise.
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
    """As `freeze_report`, but without reading all ratings again while nothing has changed; notes an interim look."""
    name = _mark(study)
    report = Report.objects.filter(study=study, pk=cache.get(name, 0)).first()
    if report is None:
        report = freeze_report(study=study, by=by)
        cache.set(name, report.pk, REMEMBERED_SECONDS)
    note_look(report=report, by=by)
    return report


@transaction.atomic
def note_look(*, report: Report, by: User) -> None:
    """Writes down that a person saw results before the study was closed, once for each person and report."""
    if not report.is_interim:
        return
    subject, stream = report.short_name, study_stream(report.study_id)
    if Event.objects.filter(stream=stream, verb=LOOKED, actor=by, subject=subject).exists():
        return
    record(LOOKED, by=by, stream=stream, subject=subject, data={"input_sha256": report.input_sha256})


@transaction.atomic
def note_export(*, study: Study, by: User) -> None:
    """Writes down who took the ratings away; before the study is closed that is an interim look as well."""
    data = {"interim": study.state not in FINAL}
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
