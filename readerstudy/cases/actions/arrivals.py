"""Files come in: their bytes are measured and stored, their rows written, the worker called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases import store
from readerstudy.cases.actions.leftovers import forget_bytes
from readerstudy.cases.models import Attestation, Case, Fate, ImageSet, Placement, Transfer, Upload
from readerstudy.cases.names import clean_name
from readerstudy.cases.policies import check_attested, check_can_add_images
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study

ONE_DROP = timedelta(minutes=30)

ATTESTED = gettext_lazy(
    "I attest that names, dates and numbers of patients were removed from these files where they came from, and that "
    "I am allowed to use them for this study."
)
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
    "slot_taken": gettext_lazy(
        "The case to which this file belongs by its folder or the mapping table already has an image in this slot. "
        "Rename the file, or leave the other image out first."
    ),
    "case_used": gettext_lazy(
        "A model was already asked about the case to which this file belongs, so no image can join it. Make a new "
        "study, or name another case."
    ),
    "stack_full": gettext_lazy("The stack to which this slice belongs is as long as this site accepts."),
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


@transaction.atomic
def attest(*, study: Study, by: User) -> Attestation:
    """Stores that `by` answers for what `by` uploads to this study; a second time changes nothing."""
    study = locked(study)
    check_can_add_images(study)
    attestation, is_new = Attestation.objects.get_or_create(
        study=study, by=by, defaults={"sentence": str(ATTESTED)}
    )
    if is_new:
        data = {"sentence": attestation.sentence}
        record("upload.attest", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return attestation


@transaction.atomic
def open_image_set(*, study: Study, by: User) -> ImageSet:
    """The set for what `by` uploads now: the one that receives, else one of their own.

    Browsers send one file a request, so a set of one's own stays open for a while.
    """
    study = locked(study)
    check_can_add_images(study)
    check_attested(study, by)
    if receiving := ImageSet.objects.of(study).filter(receives=True).first():
        return receiving
    since = timezone.now() - ONE_DROP
    begun = models.Q(uploads__isnull=False) | models.Q(terms=None)  # not one that a protocol file only names
    latest = ImageSet.objects.of(study).filter(begun, created_by=by, created_at__gt=since).last()
    return latest or make_image_set(study=study, by=by)


def make_image_set(*, study: Study, by: User, name: str = "") -> ImageSet:
    """A new set; call it with the study locked, so that no two get one name."""
    return ImageSet.objects.create(study=study, created_by=by, name=name or ImageSet.objects.next_name(study))


def receive_upload(*, study: Study, image_set: ImageSet, name: str, content: File[Any], by: User) -> Upload:
    """Takes one file in and rings the worker; empty, oversized and known files end here with their reason.

    Raises `CasesError` where the study no longer takes images, or `by` has attested nothing.
    """
    check_can_add_images(study)
    check_attested(study, by)
    arrival = arrive(study=study, name=name, content=content)
    try:
        with transaction.atomic():
            check_can_add_images(locked(study))
            upload = add_upload(study=study, image_set=image_set, arrival=arrival)
            data = {"upload": upload.pk, "fate": upload.fate, "bytes": upload.size, "sha256": upload.sha256}
            stream = study_stream(study.pk)
            record("upload.receive", by=by, stream=stream, subject=subject_of(upload), data=data)
    except BaseException:
        forget_arrivals([arrival])
        raise
    return upload


@transaction.atomic
def note_known(*, study: Study, asked: Sequence[tuple[str, str]], by: User) -> set[str]:
    """Which of these SHA-256 the study has; a file that is known under another name leaves that name as a duplicate.

    `asked` pairs a hash with its file's path, or with "" where there is nothing to note. Raises `CasesError` where the
    study no longer takes images, or `by` has attested nothing.
    """
    hashes = {sha256 for sha256, _path in asked}
    there = Upload.objects.of(study).same_as_one_of(hashes)
    sizes = dict(there.values_list("sha256", "size"))
    named = {(sha256, clean_name(path)) for sha256, path in asked if sha256 in sizes and clean_name(path)}
    noted = Upload.objects.of(study).filter(sha256__in=sizes).values_list("sha256", "original_name")
    for sha256, name in sorted(named.difference(noted)):
        arrival = Arrival(name=name, size=sizes[sha256], sha256=sha256, code="duplicate")
        add_upload(study=study, image_set=open_image_set(study=study, by=by), arrival=arrival)
    return set(sizes)


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


def add_upload(
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
        reason=(arrival.reason or sentence_for(code)) if code else "",
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


def sentence_for(code: str) -> str:
    """What the file's owner is told for one of this room's own reasons."""
    return str(REASONS[code]) % {"most": settings.MAX_UPLOAD_BYTES // (1024 * 1024)}


def subject_of(upload: Upload) -> str:
    """What the audit calls an upload: its number, never its name."""
    return f"upload {upload.pk}"


@transaction.atomic
def erase_names(*, study: Study, by: User) -> int:
    """Forgets every name that files, folders and mapping tables brought; returns how many files had one."""
    study = locked(study)
    erased = Upload.objects.of(study).exclude(original_name="").update(original_name="")
    folders = Case.objects.filter(study=study).exclude(folder="").update(folder="")
    lines, _rows = Placement.objects.filter(study=study).delete()
    Transfer.objects.filter(study=study).exclude(original_name="").update(original_name="")
    if erased or folders or lines:
        data = {"names": erased, "folders": folders, "placements": lines}
        stream = study_stream(study.pk)
        record("upload.erase_names", by=by, stream=stream, subject=study.key, data=data)
    return erased
