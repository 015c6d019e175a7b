"""What a table of an export is, and what all tables of one export share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.db import connection, transaction
from django.utils.functional import Promise

from readerstudy.analysis import cells
from readerstudy.analysis.blinding import ShownArms
from readerstudy.analysis.codebook import Column
from readerstudy.analysis.table import LongTable
from readerstudy.studies.models import Criterion, Membership, Role, Study

ROWS_AT_ONCE = 2000
LETTERS = {Role.COORDINATOR: "C", Role.RESEARCHER: "S", Role.ADJUDICATOR: "A", Role.WRITER: "W"}


@dataclass(frozen=True)
class Source:
    """One study and the names of what its tables point at; read once for all files of an export."""

    study: Study

    @cached_property
    def long(self) -> LongTable:
        return LongTable.of(self.study)

    @property
    def shown(self) -> ShownArms:
        return self.long.blinding

    @property
    def is_blinded(self) -> bool:
        return self.shown.is_blinded

    @cached_property
    def arms(self) -> dict[int, str]:
        """The name or code of each arm as a cell, by primary key, in the order of the report."""
        return {arm.pk: cells.text(arm.name) for arm in self.shown.arms}

    @cached_property
    def criteria(self) -> dict[int, Criterion]:
        """All questions that were ever asked in this study, those after the last case included."""
        found = Criterion.objects.filter(rubric__study=self.study).order_by(
            "rubric__version", "phase", "position"
        )
        return {row.pk: row for row in found}

    @cached_property
    def people(self) -> dict[int, str]:
        """The pseudonym of everybody who ever took part, by the key of the account.

        Readers are R01, R02 …; others C coordinator, S statistician or researcher, A adjudicator, W writer, numbered in
        the order in which they came. Who has several roles goes by the first of them, a reader always as reader.
        """
        found: dict[int, str] = {}
        rows = list(Membership.objects.filter(study=self.study).order_by("added_at", "pk"))
        for row in rows:
            if row.role == Role.READER:
                found[row.user_id] = row.pseudonym
        counts = dict.fromkeys(LETTERS, 0)
        for row in rows:
            if row.user_id not in found:
                role = Role(row.role)
                counts[role] += 1
                found[row.user_id] = f"{LETTERS[role]}{counts[role]:02d}"
        return found

    def person(self, pk: int | None) -> str:
        """The pseudonym of an account; empty for the system itself and for who is no member."""
        return self.people.get(pk or 0, "")

    def unblinded(self, cell: str) -> str:
        """The cell, or an empty one while the study is blinded: it could tell which arm is which."""
        return "" if self.is_blinded else cell


Rows = Callable[[Source], Iterator[list[str]]]


@dataclass(frozen=True)
class ExportTable:
    """One table: its file's name, one sentence that says what it is for, its columns, and how its rows are made.

    Rows are finished cells in a fixed order, made one by one.
    """

    name: str
    purpose: str | Promise
    columns: Callable[[Source], Sequence[Column]]
    rows: Rows
    group: str = "study"

    def csv(self, source: Source) -> Iterator[bytes]:
        """The table as CSV, in portions of `ROWS_AT_ONCE` rows."""
        yield cells.write([[column.name for column in self.columns(source)]])
        portion: list[list[str]] = []
        for row in self.rows(source):
            portion.append(row)
            if len(portion) == ROWS_AT_ONCE:
                yield cells.write(portion)
                portion = []
        if portion:
            yield cells.write(portion)


def fixed(*columns: Column) -> Callable[[Source], Sequence[Column]]:
    """Columns that are the same for every study."""
    return lambda _source: columns


def moment(at: datetime | None) -> str:
    """A moment as ISO 8601 in UTC, with microseconds; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fetched(sql: str, wanted: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query through a server-side cursor: no more than `ROWS_AT_ONCE` are in memory at once."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, wanted)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows
