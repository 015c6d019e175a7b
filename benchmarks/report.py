"""The whole report on 100,000 ratings and the CSV export of 1,000,000, beside PostgreSQL's own COPY of the same rows.

Rows are made in bulk by SQL in a database of their own. Memory is the most the process holds while it works, above what
it held just before. Prints JSON. Run: python -m benchmarks.report [--ratings 1000000]
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.folder import use_folder_of_its_own

if TYPE_CHECKING:
    from django.db.models import Model

    from readerstudy.studies.models import Study

ARMS, CRITERIA = 2, 4
REPORT_RATINGS, REPORT_READERS, REPORT_SECONDS = 100_000, 10, 10.0
EXPORT_READERS, EXPORT_SECONDS, EXPORT_MEGABYTES = 20, 60.0, 100.0
TEXT = "The lungs are clear. " * 20 + "\nClassification: normal"
PAGE_BYTES, LOOK_SECONDS = 4096, 0.01
OTHERS = ("events.csv", "wide/criterion-0.csv", "allocation.csv", "tables.xlsx", "everything.zip")

READINGS = (
    """
    FROM reading_allocationplan p, studies_membership m, cases_case c, studies_arm a
    WHERE p.study_id = {study} AND m.study_id = {study} AND m.role = 'reader' AND c.study_id = {study}
      AND a.study_id = {study}
    """,
    "FROM studies_membership m WHERE m.study_id = {study} AND m.role = 'reader'",
    "FROM reading_allocation a JOIN reading_session s USING (seat_id) JOIN studies_membership m ON m.id = a.seat_id "
    "WHERE m.study_id = {study}",
    """
    FROM reading_allocation a
    JOIN studies_membership m ON m.id = a.seat_id AND m.study_id = {study}
    JOIN generation_generation g ON g.case_id = a.case_id AND g.arm_id = split_part(a.key, '-', 3)::bigint
    JOIN generation_interpretation i ON i.generation_id = g.id
    """,
)
RATED = """
    FROM reading_allocatedoutput o
    JOIN reading_allocation a ON a.id = o.allocation_id
    JOIN studies_membership m ON m.id = a.seat_id AND m.study_id = {study}
    JOIN studies_rubric r ON r.study_id = m.study_id
    JOIN studies_criterion k ON k.rubric_id = r.id
    CROSS JOIN LATERAL (SELECT least(5, greatest(1,
        1 + (a.case_id * 7 + o.arm_id) % 5 + (o.id * 31 + k.id) % 3 - 1)) AS score) x
"""
STANDING = RATED + " JOIN reading_ratingevent e ON e.output_id = o.id AND e.criterion_id = k.id"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ratings", type=int, default=1_000_000)
    chosen = options.parse_args()
    use_folder_of_its_own()
    print(json.dumps(measure(ratings=chosen.ratings), indent=1))


def measure(*, ratings: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded

    if settings.EMBEDDED_DATABASE:
        embedded.hold(settings.VAR)
    call_command("migrate", interactive=False, verbosity=0)
    report(make_study(readers=2, ratings=200))  # what is imported on first use is not part of the work
    # The export comes first, while this process has never held anything big.
    exported = export(make_study(readers=EXPORT_READERS, ratings=ratings))
    return {"report": report(make_study(readers=REPORT_READERS, ratings=REPORT_RATINGS)), "export": exported}


def report(study: Study) -> dict[str, Any]:
    """The report from the first query to the stored row, then its nine files."""
    from readerstudy.analysis import exports
    from readerstudy.analysis.actions import freeze_report

    frozen, spent = measured(lambda: freeze_report(study=study, by=None))
    page, shown = measured(lambda: exports.as_html(frozen))
    _copied, bare = measured(lambda: copy(study))
    return {
        "ratings": frozen.content["counts"]["ratings"],
        "seconds": spent.seconds,
        "target_seconds": REPORT_SECONDS,
        "megabytes_above_idle": spent.megabytes,
        "seconds_bare_copy_of_the_rows": bare.seconds,
        "ratio_to_bare_copy": round(spent.seconds / bare.seconds, 1),
        "seconds_html_with_figures": shown.seconds,
        "kilobytes_html": len(page) // 1000,
    }


def export(study: Study) -> dict[str, Any]:
    """The ratings as the view streams them, against PostgreSQL's CSV of the same rows."""
    from readerstudy.analysis.exports.catalogue import streamed

    size, spent = measured(lambda: sum(len(portion) for portion in streamed(study, "ratings.csv")))
    copied, bare = measured(lambda: copy(study))
    return {
        "ratings": rows_of(study),
        "seconds": spent.seconds,
        "target_seconds": EXPORT_SECONDS,
        "megabytes_above_idle": spent.megabytes,
        "target_megabytes": EXPORT_MEGABYTES,
        "megabytes_written": round(size / 1e6, 1),
        "seconds_bare_copy": bare.seconds,
        "megabytes_bare_copy": round(copied / 1e6, 1),
        "ratio_to_bare_copy": round(spent.seconds / bare.seconds, 1),
        "others": {name: taken_away(study, name) for name in OTHERS},
    }


def taken_away(study: Study, name: str) -> dict[str, float]:
    """What another file of the same ratings costs."""
    from readerstudy.analysis.exports.catalogue import streamed

    size, spent = measured(lambda: sum(len(portion) for portion in streamed(study, name)))
    return {
        "seconds": spent.seconds,
        "megabytes_above_idle": spent.megabytes,
        "megabytes_written": round(size / 1e6, 1),
    }


def copy(study: Study) -> int:
    """The bytes of PostgreSQL's own CSV of the long table's rows, thrown away as they come."""
    from django.db import connection
    from psycopg.sql import SQL, Literal

    from readerstudy.analysis.table import ROWS
    from readerstudy.studies.models import Criterion

    criteria = list(Criterion.objects.of(study).values_list("pk", flat=True))
    arms = list(study.arms.values_list("pk", flat=True))
    names = {
        name: Literal(told) for name, told in (("study", study.pk), ("criteria", criteria), ("arms", arms))
    }
    text = ROWS.replace("{", "{{").replace("}", "}}")
    for name in names:
        text = text.replace(f"%({name})s", f"{{{name}}}")
    query = SQL(text)
    with (
        connection.cursor() as cursor,
        cursor.copy(SQL("COPY ({}) TO STDOUT WITH CSV").format(query.format(**names))) as rows,
    ):
        return sum(len(part) for part in rows)


def make_study(*, readers: int, ratings: int) -> Study:
    """A running study in which every reader has rated every output on every question."""
    from django.db import connection

    from readerstudy.studies.actions import lock_protocol, move_study
    from readerstudy.studies.lifecycle import State
    from tests import factories

    study = factories.make_study(title="Benchmark", positive_label="abnormal")
    for _arm in range(ARMS):
        factories.make_arm(study)
    for number in range(CRITERIA):
        factories.make_criterion(study, key=f"criterion-{number}")
    for _reader in range(readers):
        factories.make_reader(study)
    make_outputs(study, cases=ratings // (readers * ARMS * CRITERIA))
    study = lock_protocol(study=study, manifest_sha256="0" * 64, by=None)
    study = move_study(study=study, then=State.RUNNING, by=study.created_by)
    make_readings(study, readers=readers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return study


def make_outputs(study: Study, *, cases: int) -> None:
    """Cases with references, and for each arm an output; every twentieth is a refusal."""
    from readerstudy.cases.models import Case, ReferenceStandard
    from readerstudy.generation.models import Attempt, Generation, Interpretation, RefusalVerdict

    rows = Case.objects.bulk_create(
        Case(study=study, position=place, code=f"C{place:05d}", strata={"site": "north"})
        for place in range(cases)
    )
    ReferenceStandard.objects.bulk_create(
        ReferenceStandard(study=study, case=case, label=("normal", "abnormal")[case.position % 2])
        for case in rows
    )
    generations = Generation.objects.bulk_create(
        Generation(arm=arm, case=case, stage="done") for arm in study.arms.all() for case in rows
    )
    attempts = Attempt.objects.bulk_create(
        Attempt(generation=row, number=1, key=f"bench-{row.pk}", outcome="answered") for row in generations
    )
    texts = Interpretation.objects.bulk_create(
        Interpretation(generation=attempt.generation, attempt=attempt, text=TEXT, sha256="0" * 64)
        for attempt in attempts
    )
    RefusalVerdict.objects.bulk_create(
        RefusalVerdict(
            interpretation=text,
            verdict="answer" if place % 20 else "full_refusal",
            declined=place % 20 == 0,
            signal="rule",
        )
        for place, text in enumerate(texts)
    )


def make_readings(study: Study, *, readers: int) -> None:
    """Every reader's allocations, readings, rating events and ratings, by one statement a table."""
    from readerstudy.reading.models import (
        AllocatedOutput,
        Allocation,
        AllocationPlan,
        Rating,
        RatingEvent,
        Reading,
        Session,
    )

    AllocationPlan.objects.create(
        study=study, seed=1, algorithm="benchmark", seats=readers, cases=[], arms=[]
    )
    allocations, sessions, readings, outputs = (source.format(study=study.pk) for source in READINGS)
    insert(
        Allocation,
        allocations,
        plan_id="p.id",
        seat_id="m.id",
        case_id="c.id",
        position="row_number() OVER (PARTITION BY m.id ORDER BY a.id, c.id)",
        key="m.id || '-' || c.id || '-' || a.id",
        case_key="m.id || '-' || c.id",
    )
    insert(Session, sessions, seat_id="m.id")
    insert(Reading, readings, allocation_id="a.id", session_id="s.id", shown_at="now()", submitted_at="now()")
    insert(
        AllocatedOutput,
        outputs,
        allocation_id="a.id",
        arm_id="g.arm_id",
        interpretation_id="i.id",
        letter="'A'",
    )
    given = {
        "allocation_id": "a.id",
        "output_id": "o.id",
        "criterion_id": "k.id",
        "value": "x.score::text",
        "score": "x.score",
        "at": "now()",
    }
    token, by = "gen_random_uuid()", "m.user_id"
    insert(RatingEvent, RATED.format(study=study.pk), **given, token=token, by_id=by, protocol_version="1")
    insert(Rating, STANDING.format(study=study.pk), **given, event_id="e.id")


def insert(model: type[Model], source: str, **columns: str) -> None:
    """Rows of a model from an SQL source; a column without an expression gets the default of its field."""
    from django.db import connection

    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    others = [field for field in fields if field.column not in columns]
    defaults = [field.get_db_prep_save(field.get_default(), connection) for field in others]
    names = ", ".join([*columns, *(field.column for field in others)])
    values = ", ".join([*columns.values(), *("%s" for _field in others)])
    statement = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} {source.replace('%', '%%')}"
    with connection.cursor() as cursor:
        cursor.execute(statement, defaults)


def rows_of(study: Study) -> int:
    from readerstudy.reading.models import Rating

    return Rating.objects.filter(allocation__seat__study=study).count()


@dataclass(frozen=True)
class Spent:
    seconds: float
    megabytes: float


def measured(work: Callable[[], Any]) -> tuple[Any, Spent]:
    """What the work gives, its seconds, and the most memory held meanwhile above that held before."""
    done, most, idle = threading.Event(), [0], resident_bytes()

    def watch() -> None:
        while not done.wait(LOOK_SECONDS):
            most[0] = max(most[0], resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        result = work()
    finally:
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
    return result, Spent(round(seconds, 2), round(max(most[0] - idle, 0) / 1e6, 1))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


if __name__ == "__main__":
    main()
