"""What coordinators are told about each file: its fate, the reason, the case it became; and whether work goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.cases.models import UNFINISHED, Fate, Upload, Uploads
from readerstudy.studies.models import Study

QUIET = timedelta(minutes=2)
STATES = {
    Fate.RENDERED: "done",
    Fate.UNPACKED: "done",
    Fate.READ: "done",
    Fate.DUPLICATE: "known",
    Fate.REFUSED: "refused",
}


@dataclass(frozen=True, slots=True)
class FileFate:
    """One line of the list of files. `state` is the mark beside it: done, known, refused or (while waiting) empty."""

    name: str
    state: str
    fate: str
    reason: str
    case: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class Tally:
    """How many files of a study met which fate. `stalled`: files wait, and for a while nobody has taken any."""

    total: int
    unfinished: int
    rendered: int
    refused: int
    duplicate: int
    unpacked: int
    stalled: bool

    @property
    def finished(self) -> int:
        return self.total - self.unfinished


def tally(study: Study) -> Tally:
    rows = Upload.objects.of(study).order_by().values_list("fate").annotate(n=Count("pk"))
    counts: dict[str, int] = dict(rows)
    return Tally(
        total=sum(counts.values()),
        unfinished=sum(counts.get(fate, 0) for fate in UNFINISHED),
        rendered=counts.get(Fate.RENDERED, 0),
        refused=counts.get(Fate.REFUSED, 0),
        duplicate=counts.get(Fate.DUPLICATE, 0),
        unpacked=counts.get(Fate.UNPACKED, 0),
        stalled=_is_stalled(study),
    )


def _is_stalled(study: Study) -> bool:
    now = timezone.now()
    uploads = Upload.objects.of(study)
    waits = uploads.filter(fate=Fate.RECEIVED, received_at__lt=now - QUIET).exists()
    moves = Upload.objects.filter(finished_at__gt=now - QUIET) | Upload.objects.filter(
        fate=Fate.WORKING, lease_until__gt=now
    )
    return waits and not moves.exists()


def files_of(study: Study, *, fate: str = "") -> Uploads:
    """The study's uploads, newest first; of one fate if it names one."""
    uploads = Upload.objects.of(study).select_related("image__case").order_by("-pk")
    return uploads.filter(fate=fate) if fate in Fate.values else uploads


def to_mention(study: Study) -> Uploads:
    """What a coordinator should know of beside the images themselves: files that wait or did not become a case."""
    return files_of(study).exclude(fate__in=[Fate.RENDERED, Fate.UNPACKED, Fate.READ])


def tell(uploads: Iterable[Upload]) -> list[FileFate]:
    return [tell_one(upload) for upload in uploads]


def tell_one(upload: Upload) -> FileFate:
    return FileFate(
        name=upload.original_name or _("File %(number)d (its name was erased)") % {"number": upload.pk},
        state=STATES.get(Fate(upload.fate), ""),
        fate=str(upload.get_fate_display()),
        reason=upload.reason,
        case=upload.image.case.code if upload.image else "",
        upload=upload,
    )
