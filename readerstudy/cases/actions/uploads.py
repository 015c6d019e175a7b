"""Files come in, and a worker says what became of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases import store
from readerstudy.cases.models import (
    UNFINISHED,
    Case,
    Fate,
    Image,
    ImageSet,
    Rendition,
    RenditionKind,
    Upload,
)
from readerstudy.cases.names import clean_name
from readerstudy.cases.policies import check_can_add_images
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import can_change_protocol

MOST_TRIES = 3
ONE_DROP = timedelta(minutes=30)
STRAY_AFTER = timedelta(hours=2)
KEY_BYTES = 16

REASONS = {
    "empty": gettext_lazy("The file is empty. Copy or export it again."),
    "too_large": gettext_lazy("The file is larger than %(most)d MB, the most this site accepts."),
    "duplicate": gettext_lazy("The same file is already in this study; it is kept once."),
    "study_locked": gettext_lazy(
        "The study was locked before this file was rendered, so it is not part of it."
    ),
    "gave_up": gettext_lazy(
        "Rendering this file was interrupted again and again, so it was given up. Upload it once more; if that "
        "fails too, leave it out."
    ),
    "bytes_lost": gettext_lazy("The uploaded bytes are no longer in storage. Upload the file again."),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file that came in: its name, and its stored bytes or the code (and sentence) that ends it here."""

    name: str
    size: int
    sha256: str = ""
    stored: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CleanFile:
    """One finished file of a rendition on local disk, with what its row will say."""

    kind: RenditionKind
    frame: int
    path: Path
    mime: str
    width: int
    height: int
    sha256: str


# --- Files come in ---------------------------------------------------------------------------------------
@transaction.atomic
def open_image_set(*, study: Study, by: User) -> ImageSet:
    """The set for what `by` uploads now: browsers send one file a request, so a set stays open for a while."""
    study = locked(study)
    check_can_add_images(study)
    since = timezone.now() - ONE_DROP
    latest = ImageSet.objects.filter(study=study, created_by=by, created_at__gt=since).order_by("pk").last()
    return latest or ImageSet.objects.create(study=study, created_by=by)


def receive_upload(*, study: Study, image_set: ImageSet, name: str, content: File[Any], by: User) -> Upload:
    """Takes one file in and rings the worker; empty, oversized and known files end here with their reason.

    Raises `CasesError` where the study no longer takes images.
    """
    check_can_add_images(study)
    arrival = arrive(study=study, name=name, content=content)
    try:
        with transaction.atomic():
            check_can_add_images(locked(study))
            upload = _add_upload(study=study, image_set=image_set, arrival=arrival)
            data = {"upload": upload.pk, "fate": upload.fate, "bytes": upload.size, "sha256": upload.sha256}
            record(
                "upload.receive", by=by, stream=study_stream(study.pk), subject=_subject(upload), data=data
            )
    except BaseException:
        forget_arrivals([arrival])
        raise
    return upload


def arrive(*, study: Study, name: str, content: File[Any]) -> Arrival:
    """Measures a file and stores its bytes, unless it is empty, too large or already here."""
    measured = store.measure(content, most=settings.MAX_UPLOAD_BYTES)
    code = _hopeless(study, measured)
    stored = "" if code else store.keep_incoming(content)
    return Arrival(name=name, size=measured.size, sha256=measured.sha256, stored=stored, code=code)


def forget_arrivals(arrivals: Iterable[Arrival]) -> None:
    """Deletes the bytes of files that got no row after all."""
    for arrival in arrivals:
        if arrival.stored:
            store.forget_incoming(arrival.stored)


def _hopeless(study: Study, measured: store.Measure) -> str:
    if not measured.size:
        return "empty"
    if measured.size > settings.MAX_UPLOAD_BYTES:
        return "too_large"
    return "duplicate" if Upload.objects.of(study).same_as(measured.sha256).exists() else ""


def _add_upload(
    *, study: Study, image_set: ImageSet, arrival: Arrival, archive: Upload | None = None
) -> Upload:
    """Writes the row of a file that came in; call it with the study locked, which makes duplicates certain."""
    code = arrival.code
    if not code and Upload.objects.of(study).same_as(arrival.sha256).exists():
        code = "duplicate"
    fate = Fate.RECEIVED if not code else Fate.DUPLICATE if code == "duplicate" else Fate.REFUSED
    upload = Upload.objects.create(
        image_set=image_set,
        archive=archive,
        original_name=clean_name(arrival.name),
        size=arrival.size,
        sha256=arrival.sha256,
        stored=arrival.stored,
        fate=fate,
        reason_code=code,
        reason=(arrival.reason or _sentence(code)) if code else "",
        finished_at=timezone.now() if code else None,
    )
    if not code:
        _ring(upload)
    elif upload.stored:
        transaction.on_commit(partial(forget_bytes, upload.pk))
    return upload


def _ring(upload: Upload) -> None:
    from readerstudy.cases.tasks import ingest  # the task calls these actions

    ingest.delay_on_commit(upload.pk)  # type: ignore[attr-defined]  # a task within Django; the stubs lack it


def _sentence(code: str) -> str:
    return str(REASONS[code]) % {"most": settings.MAX_UPLOAD_BYTES // (1024 * 1024)}


@transaction.atomic
def erase_names(*, study: Study, by: User) -> int:
    """Forgets every file name of the study; returns how many there were."""
    erased = Upload.objects.of(locked(study)).exclude(original_name="").update(original_name="")
    if erased:
        stream = study_stream(study.pk)
        record("upload.erase_names", by=by, stream=stream, subject=study.key, data={"names": erased})
    return erased


# --- A worker takes them and says what became of them -------------------------------------------------------
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
    if not _finish(upload, fate=Fate.REFUSED, code=code, reason=reason):
        return False
    stream = study_stream(upload.image_set.study_id)
    data = {"upload": upload.pk, "code": code}
    record("upload.refuse", by=None, stream=stream, subject=_subject(upload), data=data)
    return True


def refuse_as(*, upload: Upload, code: str) -> bool:
    """Refuses for one of this room's own `REASONS`."""
    return refuse_upload(upload=upload, code=code, reason=_sentence(code))


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
        _add_upload(study=study, image_set=upload.image_set, arrival=arrival, archive=upload)
        for arrival in arrivals
    ]
    data = {"upload": upload.pk, "members": [member.pk for member in members]}
    record("upload.unpack", by=None, stream=study_stream(study.pk), subject=_subject(upload), data=data)
    return members


def store_renditions(
    *, upload: Upload, meta: Mapping[str, Any], recipe: Mapping[str, Any], files: Iterable[CleanFile]
) -> Image | None:
    """Makes the next case of the study from a rendered upload and forgets what came in.

    Returns None where the study was locked meanwhile (the upload is refused) or somebody else finished the upload.
    """
    kept = [(clean, store.keep_rendition(clean.path, sha256=clean.sha256)) for clean in files]
    with transaction.atomic():
        study = locked(upload.image_set.study)
        if not can_change_protocol(study):
            refuse_as(upload=upload, code="study_locked")
            return None
        if not _finish(upload, fate=Fate.RENDERED):
            return None
        image = _add_image(_next_case(study), upload, meta)
        Rendition.objects.bulk_create(_rendition(image, clean, name, recipe) for clean, name in kept)
        data = {"upload": upload.pk, "image": image.key, "files": len(kept), "sha256_in": upload.sha256}
        record("image.render", by=None, stream=study_stream(study.pk), subject=image.case.code, data=data)
    return image


def _next_case(study: Study) -> Case:
    last = Case.objects.filter(study=study).aggregate(last=models.Max("position"))["last"]
    position = 0 if last is None else int(last) + 1
    return Case.objects.create(study=study, position=position, code=f"C{position + 1:03d}")


def _add_image(case: Case, upload: Upload, meta: Mapping[str, Any]) -> Image:
    return Image.objects.create(
        case=case,
        upload=upload,
        key=secrets.token_hex(KEY_BYTES),
        meta=dict(meta),
        needs_look=list(meta.get("needs_look", [])),
    )


def _rendition(image: Image, clean: CleanFile, stored: str, recipe: Mapping[str, Any]) -> Rendition:
    return Rendition(
        image=image,
        kind=clean.kind,
        frame=clean.frame,
        stored=stored,
        mime=clean.mime,
        width=clean.width,
        height=clean.height,
        size=clean.path.stat().st_size,
        sha256=clean.sha256,
        recipe=dict(recipe),
    )


def _finish(upload: Upload, *, fate: Fate, code: str = "", reason: str = "") -> bool:
    """Writes the fate if the caller still holds the upload; its bytes go once that is committed."""
    finished = Upload.objects.held(upload).update(
        fate=fate, reason_code=code, reason=reason, lease_until=None, finished_at=timezone.now()
    )
    if finished:
        transaction.on_commit(partial(forget_bytes, upload.pk))
    return bool(finished)


def _subject(upload: Upload) -> str:
    return f"upload {upload.pk}"


# --- What came in is forgotten -------------------------------------------------------------------------------
def forget_bytes(pk: int) -> None:
    """Deletes what came in for a finished upload. The row keeps the stored name until the bytes are really gone."""
    upload = Upload.objects.filter(pk=pk).exclude(fate__in=UNFINISHED).exclude(stored="").first()
    if upload:
        store.forget_incoming(upload.stored)
        Upload.objects.filter(pk=pk).update(stored="")


def forget_leftovers() -> None:
    """Deletes bytes that a killed process left behind: of finished uploads, and of files that never got a row."""
    finished = Upload.objects.exclude(fate__in=UNFINISHED).exclude(stored="")
    for pk in finished.values_list("pk", flat=True):
        forget_bytes(pk)
    long_ago = timezone.now() - STRAY_AFTER
    store.forget_half_received(long_ago)
    for stored in store.incoming_before(long_ago):
        if not Upload.objects.filter(stored=stored).exists():
            store.forget_incoming(stored)
