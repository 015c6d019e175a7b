"""Allocating 200 readers × 2,000 cases × 2 periods, and storing it, against COPY of the same rows into a bare table.

Starts PostgreSQL as `make demo` does, makes a study of that size, draws its plan, stores it and proves it. Prints JSON.
Run: python -m benchmarks.allocation [--readers 200] [--cases 2000]
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from benchmarks.folder import use_folder_of_its_own

SECTION = {"plan": "crossed", "outputs": "one_at_a_time", "crossover": True}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--readers", type=int, default=200)
    options.add_argument("--cases", type=int, default=2000)
    chosen = options.parse_args()
    use_folder_of_its_own()
    print(json.dumps(measure(chosen.readers, chosen.cases), indent=1))


def measure(readers: int, cases: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded

    if settings.EMBEDDED_DATABASE:
        embedded.hold(settings.VAR)
    call_command("migrate", interactive=False, verbosity=0)
    return time_all(make_study(readers, cases))


def make_study(readers: int, cases: int) -> Any:
    """A study with two arms whose outputs are all there; one statement a table."""
    from readerstudy.accounts.models import User
    from readerstudy.cases.models import Case
    from readerstudy.generation.models import Attempt, Generation, Interpretation
    from readerstudy.studies.models import Design, Membership, Role
    from tests import factories

    study = factories.make_study(title="Benchmark")
    arms = [factories.make_arm(study) for _arm in range(2)]
    Design.objects.create(study=study, document={"allocation": SECTION})
    people = User.objects.bulk_create(User(email=f"r{number}@example.org") for number in range(readers))
    Membership.objects.bulk_create(
        Membership(study=study, user=user, role=Role.READER, seat=seat)
        for seat, user in enumerate(people, start=1)
    )
    rows = Case.objects.bulk_create(
        Case(study=study, position=number, code=f"C{number:04d}") for number in range(cases)
    )
    made = Generation.objects.bulk_create(
        Generation(arm=arm, case=case, stage="done") for arm in arms for case in rows
    )
    calls = Attempt.objects.bulk_create(
        Attempt(generation=row, number=1, key=f"{row.pk:032d}", outcome="answered") for row in made
    )
    Interpretation.objects.bulk_create(
        Interpretation(generation=call.generation, attempt=call, text="Clear.", sha256="0" * 64)
        for call in calls
    )
    return study


def time_all(study: Any) -> dict[str, Any]:
    from django.db import transaction

    from readerstudy.designs.allocation import ALGORITHM
    from readerstudy.reading.allocating_rows import Drawing
    from readerstudy.reading.allocating_store import Names, store
    from readerstudy.reading.balance import proof_of
    from readerstudy.reading.models import AllocationPlan
    from readerstudy.reading.planning import plan_fields
    from readerstudy.studies.models import Design, Membership

    seats = [seat.seat or 0 for seat in Membership.objects.readers(study)]
    fields = plan_fields(study, Design.objects.of(study))
    plan = AllocationPlan(study=study, algorithm=ALGORITHM, seats=max(seats), first=seats, **fields)
    started = time.perf_counter()
    rows = Drawing(plan).rows(seats)
    drawn = time.perf_counter()
    with transaction.atomic():
        plan.save()
        store(plan, rows, Names.of(study))
    stored = time.perf_counter()
    proof = proof_of(plan)
    proved = time.perf_counter()
    bare = bare_copy(len(rows))
    return {
        "readers": len(seats),
        "cases": len(plan.cases),
        "presentations": len(rows),
        "seconds_to_allocate": round(drawn - started, 1),
        "seconds_to_store": round(stored - drawn, 1),
        "seconds_to_prove": round(proved - stored, 1),
        "seconds_of_a_bare_copy": round(bare, 1),
        "store_over_bare": round((stored - drawn) / bare, 1),
        "follows_seed": proof.follows_seed,
        "keeps_promises": proof.balance.keeps_promises,
        "target": "200 readers × 2,000 cases × 2 periods: allocated in at most 20 s, stored in at most 60 s",
    }


def bare_copy(count: int) -> float:
    """Seconds for COPY of as many rows of like width into two tables without any index or reference."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE one (a bigint, b bigint, c bigint, d text, e text, f int, g int)")
        cursor.execute("CREATE TEMP TABLE two (a bigint, b bigint, c bigint, d text, e int)")
        started = time.perf_counter()
        with cursor.copy("COPY one FROM STDIN") as copy:
            for number in range(count):
                copy.write_row((number, 1, number % 2000, "k" * 24, "c" * 24, 1, number))
        with cursor.copy("COPY two FROM STDIN") as copy:
            for number in range(count):
                copy.write_row((number, 1, number % 4000, "A", 0))
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
