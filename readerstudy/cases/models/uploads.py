"""Files as they came in, and what became of each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import count

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Study


class ImageSets(models.QuerySet["ImageSet"]):
    def of(self, study: Study) -> ImageSets:
        return self.filter(study=study).order_by("pk")

    def shown(self, study: Study) -> ImageSets:
        """The sets with an image of a case that was not left out: those that a model could be given."""
        there = models.Q(uploads__image__isnull=False, uploads__image__case__left_out_at=None)
        return self.of(study).filter(there).distinct()

    def next_name(self, study: Study) -> str:
        """A name for a set that nobody has named."""
        names = set(self.filter(study=study).values_list("name", flat=True))
        return next(name for number in count(1) if (name := f"Images {number}") not in names)


class ImageSet(models.Model):
    """Files that came in together, on the same terms. A set that receives gets all files that come in."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="image_sets")
    name = models.CharField(_("name"), max_length=80)
    receives = models.BooleanField(_("gets the files that come in"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ImageSets.as_manager()

    class Meta:
        verbose_name = _("image set")
        verbose_name_plural = _("image sets")
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="cases_image_sets_names_differ"),
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(receives=True), name="cases_one_image_set_receives"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="cases_an_image_set_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Fate(models.TextChoices):
    RECEIVED = "received", _("received")
    WORKING = "working", _("being rendered")
    RENDERED = "rendered", _("rendered")
    UNPACKED = "unpacked", _("unpacked")
    READ = "read", _("read as a table")
    DUPLICATE = "duplicate", _("already here")
    REFUSED = "refused", _("refused")


UNFINISHED = (Fate.RECEIVED, Fate.WORKING)


class Uploads(models.QuerySet["Upload"]):
    def of(self, study: Study) -> Uploads:
        return self.filter(image_set__study=study).order_by("pk")

    def waiting(self, at: datetime | None = None) -> Uploads:
        """Uploads a worker should take: new ones, and those whose worker has not been heard of since its lease."""
        at = at or timezone.now()
        return self.filter(models.Q(fate=Fate.RECEIVED) | models.Q(fate=Fate.WORKING, lease_until__lt=at))

    def unfinished(self) -> Uploads:
        return self.filter(fate__in=UNFINISHED)

    def refused(self) -> Uploads:
        return self.filter(fate=Fate.REFUSED)

    def same_as(self, sha256: str) -> Uploads:
        """Uploads that already brought these bytes in, or are about to.

        A file that was refused may be tried again, and so may an archive with a refused member.
        """
        return self.same_as_one_of([sha256])

    def same_as_one_of(self, hashes: Collection[str]) -> Uploads:
        """The same for many SHA-256 at once."""
        there = [*UNFINISHED, Fate.RENDERED, Fate.UNPACKED]
        return self.filter(sha256__in=hashes, fate__in=there).exclude(models.Q(members__fate=Fate.REFUSED))

    def bytes_to_render(self) -> int:
        """How many bytes wait for a worker."""
        return int(self.unfinished().aggregate(total=models.Sum("size"))["total"] or 0)

    def claim(self, pk: int, *, seconds: float) -> Upload | None:
        """Takes the upload for `seconds`, unless somebody else has it or it is finished: one UPDATE decides."""
        now = timezone.now()
        taken = (
            self.waiting(now)
            .filter(pk=pk)
            .update(
                fate=Fate.WORKING,
                lease_until=now + timedelta(seconds=seconds),
                tries=models.F("tries") + 1,
            )
        )
        return self.select_related("image_set__study").get(pk=pk) if taken else None

    def held(self, upload: Upload) -> Uploads:
        """The upload's row while the worker that claimed `upload` still has it; nobody else's."""
        return self.filter(pk=upload.pk, fate=Fate.WORKING, tries=upload.tries)


class Upload(models.Model):
    """One file that came in, and what became of it."""

    image_set = models.ForeignKey(ImageSet, on_delete=models.PROTECT, related_name="uploads")
    archive = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="members")
    original_name = models.CharField(_("file"), max_length=255, help_text=_("Only coordinators see it."))
    size = models.BigIntegerField(_("bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    image = models.ForeignKey(
        "cases.Image",
        on_delete=models.PROTECT,
        null=True,
        related_name="uploads",
        help_text="The image it became, or became a frame of.",
    )
    frame = models.PositiveIntegerField(
        default=0, help_text="The image's frame that it is, as numbered on arrival."
    )
    place = models.JSONField(
        default=dict, help_text="Where a slice lies in its stack: position, number and values; see stacks.py."
    )
    kept = models.CharField(
        max_length=255, blank=True, help_text="Name in storage of the encrypted original."
    )
    stored = models.CharField(
        max_length=255, blank=True, help_text="Name in storage while the bytes are kept."
    )
    fate = models.CharField(_("fate"), max_length=10, choices=Fate.choices, default=Fate.RECEIVED)
    reason_code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    objects = Uploads.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        indexes = [
            models.Index(
                fields=["fate", "lease_until"],
                condition=models.Q(fate__in=["received", "working"]),
                name="cases_waiting_uploads",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(fate__in=Fate.values), name="cases_known_fate"),
            models.CheckConstraint(
                condition=~models.Q(fate="refused") | ~models.Q(reason=""),
                name="cases_a_refusal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(fate="working") | models.Q(lease_until__isnull=False),
                name="cases_work_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(fate="rendered") | models.Q(image__isnull=False),
                name="cases_what_is_rendered_is_an_image",
            ),
            models.UniqueConstraint(fields=["image", "frame"], name="cases_one_upload_per_frame"),
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}"
