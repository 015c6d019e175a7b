"""Statements that every call needs, built once: Django takes ten times longer to build one than PostgreSQL to run it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


def fetch(model: type[Row], pk: object) -> Row:
    """The row with this number, as `objects.get(pk=…)` gives it."""
    return model._base_manager.raw(_fetching(model), [pk])[0]


def insert(row: models.Model) -> None:
    """Writes a new row and gives it its number, as `save(force_insert=True)` does."""
    sql, fields = _inserting(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


def change(model: type[models.Model], pk: object, values: Mapping[str, Any]) -> None:
    """Sets these fields of the row with this number, as `filter(pk=…).update(…)` does; `values` are no expressions."""
    sql = _changing(model, tuple(values))
    prepared = [
        model._meta.get_field(name).get_db_prep_save(value, connection)  # type: ignore[union-attr]  a column's field
        for name, value in values.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*prepared, pk])


def run(sql: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row that a statement returns, None where it returns none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


@cache
def _fetching(model: type[models.Model]) -> str:
    return f"SELECT * FROM {model._meta.db_table} WHERE id = %s"  # noqa: S608  our own names, here and below


@cache
def _inserting(model: type[models.Model]) -> tuple[str, tuple[models.Field[Any, Any], ...]]:
    fields = tuple(
        field for field in model._meta.concrete_fields if not field.primary_key and not field.generated
    )
    columns, marks = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks}) RETURNING id", fields  # noqa: S608


@cache
def _changing(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{model._meta.get_field(name).column}" = %s' for name in names)  # type: ignore[union-attr]
    return f"UPDATE {model._meta.db_table} SET {columns} WHERE id = %s"  # noqa: S608
