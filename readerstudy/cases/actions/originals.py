"""Kept originals are decrypted by the site's staff, or deleted."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.leftovers import STRAY_AFTER
from readerstudy.cases.models import Upload
from readerstudy.cases.originals import FOLDER, OriginalsError, opened, site_key
from readerstudy.cases.streams import forget_stored, stored_before
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one kept original: the number of its upload, and why it was not opened, if so."""

    upload: int
    problem: str = ""


def open_originals(*, study: Study, folder: Path, by: User | None) -> list[Opened]:
    """Decrypts every kept original of the study into `folder`, under the numbers of their uploads.

    A file that cannot be opened is told and the others follow; nothing of it is left in `folder`. Raises
    `OriginalsError` where the site has no key.
    """
    key = site_key()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    uploads = list(Upload.objects.of(study).exclude(kept=""))
    told = [_open_one(upload, folder, key) for upload in uploads]
    data = {
        "opened": sum(not one.problem for one in told),
        "failed": [one.upload for one in told if one.problem],
    }
    record("originals.open", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return told


def _open_one(upload: Upload, folder: Path, key: bytes) -> Opened:
    target, unfinished = folder / f"upload-{upload.pk}", folder / f".upload-{upload.pk}"
    try:
        if _decrypt(upload, unfinished, key) != upload.sha256:
            raise OriginalsError(
                _("This is the original of another upload. Restore the right one from a backup.")
            )
        unfinished.replace(target)
    except OriginalsError as error:
        return Opened(upload.pk, str(error))
    except FileNotFoundError:
        return Opened(upload.pk, _("Its bytes are no longer in storage. Restore them from a backup."))
    finally:
        unfinished.unlink(missing_ok=True)
    return Opened(upload.pk)


def _decrypt(upload: Upload, path: Path, key: bytes) -> str:
    """Writes the original to a file that only this account reads; returns its SHA-256."""
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as clear, default_storage.open(upload.kept) as kept:
        for piece in opened(kept, key):
            digest.update(piece)
            clear.write(piece)
    return digest.hexdigest()


@transaction.atomic
def forget_originals(*, study: Study, by: User | None) -> int:
    """Deletes every kept original of the study for good; returns how many there were."""
    study = locked(study)
    names = list(Upload.objects.of(study).exclude(kept="").values_list("kept", flat=True))
    if names:
        Upload.objects.of(study).exclude(kept="").update(kept="")
        data = {"originals": len(names)}
        record("originals.forget", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
        transaction.on_commit(partial(forget_stored, names))
    return len(names)


def forget_stray_originals() -> None:
    """Deletes encrypted files that a killed worker stored and did not write down, or did not get to delete."""
    strays = set(stored_before(FOLDER, timezone.now() - STRAY_AFTER))
    if strays:
        forget_stored(strays - set(Upload.objects.exclude(kept="").values_list("kept", flat=True)))
