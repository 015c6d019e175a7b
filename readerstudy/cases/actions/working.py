"""A worker takes uploads and says what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.arrivals import Arrival, add_upload, sentence_for, subject_of
from readerstudy.cases.actions.leftovers import forget_bytes
from readerstudy.cases.actions.mapping import apply_mapping
from readerstudy.cases.actions.placing import NoSeat, Seated, find_seat, put
from readerstudy.cases.actions.versions import StoredFile, forget_files
from readerstudy.cases.mapping import MappingTable
from readerstudy.cases.models import Fate, Image, Upload
from readerstudy.cases.policies import CasesError
from readerstudy.studies.actions import locked
from readerstudy.studies.policies import can_change_protocol

MOST_TRIES = 3
LONGEST_REASON = 400


def take_upload(pk: int, *, seconds: float) -> Upload | None:
    """Claims an upload for `seconds`, or None where somebody has it, it is finished, or it was tried too often."""
    upload = Upload.objects.claim(pk, seconds=seconds)
    if upload is not None and upload.tries > MOST_TRIES:
        refuse_as(upload=upload, code="gave_up")
        return None
    return upload


def keep_hold(upload: Upload, *, seconds: float) -> bool:
    """Prolongs the lease; False where somebody else has taken the upload since."""
    until = timezone.now() + timedelta(seconds=seconds)
    return bool(Upload.objects.held(upload).update(lease_until=until))


@transaction.atomic
def refuse_upload(*, upload: Upload, code: str, reason: str) -> bool:
    """Ends an upload with a reason for its owner; False where somebody else has finished it."""
    if not _finish(upload, fate=Fate.REFUSED, reason_code=code, reason=reason):
        return False
    stream = study_stream(upload.image_set.study_id)
    data = {"upload": upload.pk, "code": code}
    record("upload.refuse", by=None, stream=stream, subject=subject_of(upload), data=data)
    return True


def refuse_as(*, upload: Upload, code: str) -> bool:
    """Refuses for one of this room's own reasons."""
    return refuse_upload(upload=upload, code=code, reason=sentence_for(code))


@transaction.atomic
def unpack_archive(*, upload: Upload, arrivals: Sequence[Arrival]) -> list[Upload] | None:
    """Turns an archive into one upload for each member, all or none; None where it was finished otherwise.

    The caller forgets the arrivals' bytes where None comes back.
    """
    study = locked(upload.image_set.study)
    if not can_change_protocol(study):
        refuse_as(upload=upload, code="study_locked")
        return None
    if not _finish(upload, fate=Fate.UNPACKED):
        return None
    members = [
        add_upload(study=study, image_set=upload.image_set, arrival=arrival, archive=upload)
        for arrival in arrivals
    ]
    data = {"upload": upload.pk, "members": [member.pk for member in members]}
    record("upload.unpack", by=None, stream=study_stream(study.pk), subject=subject_of(upload), data=data)
    return members


def read_table(*, upload: Upload, table: MappingTable) -> bool:
    """Applies a mapping table that came among the files, or refuses it with the reason; False where it was refused
    or finished otherwise."""
    try:
        return _read_table(upload, table)
    except CasesError as error:
        refuse_upload(upload=upload, code="mapping", reason=str(error)[:LONGEST_REASON])
        return False


@transaction.atomic
def _read_table(upload: Upload, table: MappingTable) -> bool:
    study = locked(upload.image_set.study)
    if not can_change_protocol(study):
        refuse_as(upload=upload, code="study_locked")
        return False
    if not _finish(upload, fate=Fate.READ):
        return False
    apply_mapping(study=study, table=table, by=upload.image_set.created_by)
    return True


def store_renditions(*, upload: Upload, meta: Mapping[str, Any], files: Sequence[StoredFile]) -> Image | None:
    """Puts a rendered upload into its case, or its stack, and forgets what came in.

    Returns None where it has no place (the upload is refused) or somebody else finished the upload.
    """
    image = _place(upload, meta, files)
    if image is None:
        forget_files(files)
    return image


@transaction.atomic
def _place(upload: Upload, meta: Mapping[str, Any], files: Sequence[StoredFile]) -> Image | None:
    study = locked(upload.image_set.study)
    if not Upload.objects.held(upload).exists():
        return None
    if not can_change_protocol(study):
        refuse_as(upload=upload, code="study_locked")
        return None
    try:
        seat = find_seat(study, upload, meta)
    except NoSeat as error:
        refuse_as(upload=upload, code=error.code)
        return None
    return _seat(upload, seat, meta, files)


def _seat(upload: Upload, seat: Seated, meta: Mapping[str, Any], files: Sequence[StoredFile]) -> Image:
    image, frame, place = put(seat, meta, files)
    _finish(upload, fate=Fate.RENDERED, image=image, frame=frame, place=place)
    data = {"upload": upload.pk, "image": image.key, "files": len(files), "sha256_in": upload.sha256}
    stream = study_stream(image.case.study_id)
    record("image.render", by=None, stream=stream, subject=image.case.code, data=data)
    return image


def _finish(upload: Upload, *, fate: Fate, **facts: Any) -> bool:
    """Writes the fate if the caller still holds the upload; its bytes go once that is committed."""
    now = timezone.now()
    finished = Upload.objects.held(upload).update(fate=fate, lease_until=None, finished_at=now, **facts)
    if finished:
        transaction.on_commit(partial(forget_bytes, upload.pk))
    return bool(finished)
