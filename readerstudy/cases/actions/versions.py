"""An image gets new renditions, and what they replace is forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from readerstudy.cases import store
from readerstudy.cases.models import Image, Rendition, RenditionKind

STORE_LOCK = (
    0x7265_6E64  # an advisory lock of PostgreSQL: rows are added under it together, bytes deleted alone
)


@dataclass(frozen=True, slots=True)
class CleanFile:
    """One finished file of a rendition on local disk, with what its row will say; `frame` as numbered on arrival."""

    kind: RenditionKind
    frame: int
    path: Path
    mime: str
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A clean file whose bytes are in storage under `stored`, and how it was made."""

    clean: CleanFile
    stored: str
    recipe: Mapping[str, Any]


def keep_files(files: Iterable[CleanFile], recipe: Mapping[str, Any]) -> list[StoredFile]:
    """Puts finished files into storage. Whoever gets no row for them calls `forget_files`."""
    return [
        StoredFile(clean, store.keep_rendition(clean.path, sha256=clean.sha256), recipe) for clean in files
    ]


def forget_files(files: Iterable[StoredFile]) -> None:
    """Deletes stored files that no image uses."""
    forget_unused(file.stored for file in files)


def add_renditions(image: Image, files: Iterable[StoredFile]) -> None:
    """Writes the rows of files that belong to the image's present version; call it in a transaction.

    Until that is committed nobody deletes bytes of the store. Bytes that somebody deleted since they were stored,
    because no row knew them yet, are stored once more.
    """
    _hold_store("pg_advisory_xact_lock_shared")
    Rendition.objects.bulk_create(_row(image, _still_stored(file)) for file in files)


def _still_stored(file: StoredFile) -> StoredFile:
    if store.has_rendition(file.stored):
        return file
    return replace(file, stored=store.keep_rendition(file.clean.path, sha256=file.clean.sha256))


def _hold_store(lock: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s)", [STORE_LOCK])


def replace_renditions(
    *, image: Image, files: Iterable[StoredFile], keeps: Collection[str], meta: Mapping[str, Any]
) -> None:
    """Makes the image's next version from these files and, unchanged, its present renditions of the kinds `keeps`.

    Call it in a transaction that holds the image's row. Bytes that are replaced are deleted once it is committed.
    """
    before = list(Rendition.objects.current().filter(image=image))
    image.version, image.meta = image.version + 1, dict(meta)
    image.save(update_fields=["version", "meta"])
    Rendition.objects.bulk_create(_again(image, row) for row in before if row.kind in keeps)
    add_renditions(image, files)
    replaced = sorted({row.stored for row in before})
    transaction.on_commit(partial(forget_unused, replaced))


def forget_unused(names: Iterable[str]) -> None:
    """Deletes rendition bytes to which no current rendition of any image points."""
    for name in names:
        with transaction.atomic():
            _hold_store("pg_advisory_xact_lock")
            if not Rendition.objects.current().filter(stored=name).exists():
                store.forget_rendition(name)


def _row(image: Image, file: StoredFile) -> Rendition:
    clean = file.clean
    return Rendition(
        image=image,
        version=image.version,
        kind=clean.kind,
        frame=clean.frame,
        stored=file.stored,
        mime=clean.mime,
        width=clean.width,
        height=clean.height,
        size=store.rendition_size(file.stored),
        sha256=clean.sha256,
        recipe=dict(file.recipe),
    )


def _again(image: Image, row: Rendition) -> Rendition:
    row.pk, row.version = None, image.version
    row._state.adding = True
    return row
