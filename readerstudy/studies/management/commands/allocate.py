"""`manage.py allocate`: who would read what, from a protocol file alone; no database, no study."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.plan import Plan, PlanError
from readerstudy.designs.promises import Promise, promises
from readerstudy.designs.rows import Presentation
from readerstudy.designs.tables import Table, as_csv, balance_tables
from readerstudy.studies.protocol import Document, ProtocolError, read
from readerstudy.studies.protocol.allocating import arms_of, cases_of, plan_of_document


class Command(BaseCommand):
    help = "Prints who would read what under a protocol file. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("protocol", type=Path, help="a protocol file (study.yaml)")
        parser.add_argument("--readers", type=int, help="how many readers; else what the file says")
        parser.add_argument("--seed", type=int, help="the seed; else what the file says, else 0")
        parser.add_argument("--cases", type=int, help="how many cases, where the file does not list them")
        parser.add_argument("--csv", action="store_true", help="print every row as CSV (the default)")
        parser.add_argument(
            "--check", action="store_true", help="print what is balanced; fails where it is not"
        )

    def handle(self, *, protocol: Path, **options: Any) -> None:
        document = _document(protocol)
        plan, cases, arms = (
            plan_of_document(document),
            cases_of(document, options["cases"]),
            arms_of(document),
        )
        readers = _readers(document, options["readers"])
        rows = _rows(plan, _seed(document, options["seed"]), readers, cases, arms)
        if options["csv"] or not options["check"]:
            self.stdout.write(as_csv(rows), ending="")
        if options["check"]:
            self._check(rows, promises(plan, rows, readers=readers, cases=cases, arms=arms), arms)

    def _check(self, rows: Sequence[Presentation], found: Sequence[Promise], arms: Sequence[str]) -> None:
        for table in balance_tables(rows, arms):
            self.stdout.write(_aligned(table))
        shown = tuple((each.name, each.promised, each.found, "yes" if each.kept else "NO") for each in found)
        self.stdout.write(_aligned(Table("Promises", ("margin", "promised", "found", "kept"), shown)))
        broken = [each.name for each in found if not each.kept]
        if broken:
            raise CommandError(_("The plan breaks its promise: %(names)s.") % {"names": "; ".join(broken)})


def _document(path: Path) -> Document:
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise CommandError(
            _("“%(path)s” cannot be read: %(why)s.") % {"path": path, "why": error.strerror}
        ) from None
    except ProtocolError as error:
        raise CommandError("\n".join(f"{path}, {problem}" for problem in error.problems)) from None


def _readers(document: Document, asked: int | None) -> range:
    count = asked if asked is not None else document.data.get("readers", {}).get("count")
    if count is None:
        raise CommandError(_("The file does not say how many readers there are. Add --readers."))
    return range(1, count + 1)


def _seed(document: Document, asked: int | None) -> int:
    return asked if asked is not None else int(document.data["allocation"].get("seed", 0))


def _rows(
    plan: Plan, seed: int, readers: range, cases: Sequence[str], arms: Sequence[str]
) -> list[Presentation]:
    try:
        return allocate(plan, seed=seed, people=People(tuple(readers)), batches=[cases], arms=arms)
    except PlanError as error:
        raise CommandError(str(error)) from None


def _aligned(table: Table) -> str:
    lines = [table.head, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.head))]
    told = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "\n".join([table.title, *(f"  {line}" for line in told), ""])
