"""Statements that every call needs, built once: Django takes ten times longer to build one than PostgreSQL to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)
Column = models.Field[Any, Any]


def fetch(model: type[Row], pk: int | None) -> Row:
    """The row with this number, as `objects.get(pk=…)` gives it."""
    found = find(model, "WHERE id = %s", [pk])
    if found is None:
        raise ObjectDoesNotExist(model._meta.label)
    return found


def find(model: type[Row], rest: str, values: Sequence[Any]) -> Row | None:
    """The first row that a SELECT with this rest finds, None where there is none."""
    return first_of(model, _selecting(model, rest), values)


def find_all(model: type[Row], rest: str, values: Sequence[Any]) -> list[Row]:
    """Every row that a SELECT with this rest finds."""
    with connection.cursor() as cursor:
        cursor.execute(_selecting(model, rest), values)
        return [_row(model, found) for found in cursor.fetchall()]


def first_of(model: type[Row], sql: str, values: Sequence[Any]) -> Row | None:
    """The first row of a statement that gives `columns_of(model)`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchone()
    return None if found is None else _row(model, found)


def _selecting(model: type[models.Model], rest: str) -> str:
    return f"SELECT {columns_of(model)} FROM {model._meta.db_table} {rest}"  # noqa: S608  our own words


def _row(model: type[Row], found: Sequence[Any]) -> Row:
    read = list(found)
    for place, field in _converted(model):
        read[place] = field.from_db_value(read[place], None, connection)
    return model.from_db(connection.alias, [field.attname for field in _columns(model)], read)


def insert(row: models.Model) -> None:
    """Writes a new row and gives it its number, as `save(force_insert=True)` does."""
    sql, fields = _inserting(type(row))
    values: list[Any] = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


def insert_where(row: models.Model, condition: str, values: Mapping[str, Any]) -> bool:
    """Writes a new row in the same statement as `condition`, where that returns a row; returns whether it did.

    `condition` may write; its `values` have names that no column of the new row has behind `new_`.
    """
    sql, fields = _inserting_where(type(row), condition)
    new = {
        f"new_{field.column}": field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field in fields
    }
    found = run(sql, {**values, **new})
    if found is None:
        return False
    row.pk, row._state.adding, row._state.db = found[0], False, connection.alias
    return True


def change(model: type[models.Model], pk: int, values: Mapping[str, Any]) -> None:
    """Sets these fields of the row with this number, as `filter(pk=…).update(…)` does; `values` are no expressions."""
    sql, fields = _changing(model, tuple(values))
    prepared = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, values.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*prepared, pk])


def run(sql: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row that a statement returns, None where it returns none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cast("tuple[Any, ...] | None", cursor.fetchone())


@cache
def columns_of(model: type[models.Model]) -> str:
    """The columns of a model's own table, as SQL, in the order of its fields."""
    return ", ".join(f'"{field.column}"' for field in _columns(model))


@cache
def _columns(model: type[models.Model]) -> tuple[Column, ...]:
    return tuple(model._meta.concrete_fields)


@cache
def _converted(model: type[models.Model]) -> tuple[tuple[int, Any], ...]:
    """Fields that make something of what the database gives, such as JSON, with their places."""
    return tuple(
        (place, field) for place, field in enumerate(_columns(model)) if hasattr(field, "from_db_value")
    )


@cache
def _inserting(model: type[models.Model]) -> tuple[str, tuple[Column, ...]]:
    fields = tuple(field for field in _columns(model) if not field.primary_key and not field.generated)
    names, marks = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks}) RETURNING id", fields  # noqa: S608


@cache
def _inserting_where(model: type[models.Model], condition: str) -> tuple[str, tuple[Column, ...]]:
    _sql, fields = _inserting(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(f"%(new_{field.column})s" for field in fields)
    into = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {marks} FROM allowed RETURNING id"  # noqa: S608
    return f"WITH allowed AS ({condition}) {into}", fields


@cache
def _changing(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, tuple[Column, ...]]:
    fields = tuple(cast(Column, model._meta.get_field(name)) for name in names)
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f"UPDATE {model._meta.db_table} SET {columns} WHERE id = %s", fields  # noqa: S608  our own names
