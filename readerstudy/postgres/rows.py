"""Several rows of several tables by one prepared statement, as JSON, and back into records.

The requests that readers wait for read one presentation with all that belongs to it. One statement for each table would
be ten round trips; building each with the ORM costs more than PostgreSQL needs to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, models

from readerstudy.postgres.base import DatabaseWrapper

Record = TypeVar("Record", bound=models.Model)
Row = Mapping[str, Any]


def read_one(statement: str, parameters: Row) -> dict[str, Any] | None:
    """The first row by the names of its columns; None where there is none."""
    with cast(DatabaseWrapper, connection).prepared_cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
        return (
            None
            if row is None
            else dict(zip((column.name for column in cursor.description), row, strict=True))
        )


def record_of(model: type[Record], row: Row) -> Record:
    """The record whose columns `to_json` has told."""
    fields = _fields(model)
    values = [read(row[column]) for _name, column, read in fields]
    return model.from_db(DEFAULT_DB_ALIAS, [name for name, _column, _read in fields], values)


def record_or_none(model: type[Record], row: Row | None) -> Record | None:
    return None if row is None else record_of(model, row)


def hold(owner: models.Model, name: str, related: models.Model | None) -> None:
    """Lets a record know the one record that a relation from either side leads to, or that there is none."""
    field: Any = owner._meta.get_field(name)
    field.set_cached_value(owner, related)


def hold_all(owner: models.Model, name: str, related: Sequence[models.Model]) -> None:
    """Lets a record know all that a relation leads to, as `prefetch_related` does."""
    found = getattr(owner, name).all()
    found._result_cache, found._prefetch_done = list(related), True
    owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = found


def holds(owner: models.Model, name: str) -> bool:
    """Whether all that a relation leads to is known."""
    return name in owner.__dict__.get("_prefetched_objects_cache", {})


def forget(owner: models.Model, name: str) -> None:
    """What the relation leads to has changed; it is read anew."""
    owner.__dict__.get("_prefetched_objects_cache", {}).pop(name, None)


@cache
def _fields(model: type[models.Model]) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    return tuple((field.attname, str(field.column), _reader(field)) for field in model._meta.concrete_fields)


def _reader(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    return _moment if isinstance(field, models.DateTimeField) else _as_it_is


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _as_it_is(value: Any) -> Any:
    return value
