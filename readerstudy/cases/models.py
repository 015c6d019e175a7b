"""What readers look at, and how it came in.

An *upload* is one file a coordinator sent. A worker turns it into an *image* with its *renditions* and puts the image
into a *case*. Only renditions ever leave: the upload's name stays on the upload row, which coordinators alone see, and
its bytes are deleted once the renditions exist.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.matching import KnownCase
from readerstudy.studies.models import Study


class ImageSet(models.Model):
    """Files that came in together."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="image_sets")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("image set")
        verbose_name_plural = _("image sets")

    def __str__(self) -> str:
        return f"image set {self.pk}"


class Cases(models.QuerySet["Case"]):
    def of(self, study: Study) -> Cases:
        """The cases that readers and models get, in order; those a coordinator left out are not among them."""
        return self.filter(study=study, left_out_at=None).order_by("position")

    def without_reference(self) -> Cases:
        return self.filter(reference=None)

    def known(self, study: Study) -> list[KnownCase]:
        """The study's cases with their labels and every name under which their files came in."""
        names = _names_of_cases(study)
        return [
            KnownCase(
                code=case.code,
                names=tuple(names[case.pk]),
                reference=case.reference.label if hasattr(case, "reference") else "",
                clinical_text=case.clinical_text,
                strata=case.strata,
            )
            for case in self.of(study).select_related("reference")
        ]


class Case(models.Model):
    """What a reader reads at once. Its code is a number of ours, never a file's name."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="cases")
    position = models.PositiveIntegerField(editable=False)
    code = models.CharField(_("case"), max_length=20, editable=False)
    clinical_text = models.TextField(_("clinical text"), blank=True)
    strata = models.JSONField(_("strata"), default=dict)
    left_out_at = models.DateTimeField(_("left out"), null=True, editable=False)
    left_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = Cases.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "position"], name="cases_one_case_per_position"),
            models.UniqueConstraint(fields=["study", "code"], name="cases_codes_differ"),
            models.CheckConstraint(
                condition=models.Q(left_out_at=None, left_out_by=None)
                | models.Q(left_out_at__isnull=False, left_out_by__isnull=False),
                name="cases_left_out_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ReferenceStandard(models.Model):
    """The truth about a case, hidden from readers and vendors."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="reference")
    label = models.CharField(_("reference label"), max_length=80)

    class Meta:
        verbose_name = _("reference standard")
        verbose_name_plural = _("reference standards")
        constraints = [
            models.CheckConstraint(condition=~models.Q(label=""), name="cases_a_reference_has_a_label")
        ]

    def __str__(self) -> str:
        return f"{self.case}: {self.label}"


class Fate(models.TextChoices):
    RECEIVED = "received", _("received")
    WORKING = "working", _("being rendered")
    RENDERED = "rendered", _("rendered")
    UNPACKED = "unpacked", _("unpacked")
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
        return self.filter(sha256=sha256, fate__in=[*UNFINISHED, Fate.RENDERED, Fate.UNPACKED]).exclude(
            models.Q(members__fate=Fate.REFUSED)
        )

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
    sha256 = models.CharField(max_length=64, blank=True)
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
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}"


def _names_of_cases(study: Study) -> dict[int, list[str]]:
    """For each case the names its files came with, those of later duplicates included."""
    names, cases = defaultdict[int, list[str]](list), {}
    rendered = Image.objects.of(study).values_list("case", "upload__sha256", "upload__original_name")
    for case, sha256, name in rendered:
        cases[sha256] = case
        names[case] += [name] if name else []
    duplicates = Upload.objects.of(study).filter(fate=Fate.DUPLICATE).exclude(original_name="")
    for sha256, name in duplicates.values_list("sha256", "original_name"):
        if sha256 in cases:
            names[cases[sha256]].append(name)
    return names


SAYS_NOTHING = "burned_in_text_unknown"  # the mildest reason to look: most files do not declare it


class Images(models.QuerySet["Image"]):
    def of(self, study: Study) -> Images:
        """Images of the cases that are not left out, in case order."""
        return self.filter(case__study=study, case__left_out_at=None).order_by("case__position", "slot")

    def left_out(self, study: Study) -> Images:
        return self.filter(case__study=study, case__left_out_at__isnull=False).order_by(
            "case__position", "slot"
        )

    def unconfirmed(self) -> Images:
        return self.filter(confirmed_at=None)

    def in_order_of_looking(self) -> Images:
        """What nobody has confirmed comes first, and of that what is most likely to show a name."""
        calm = models.Case(
            models.When(needs_look=[], then=2),
            models.When(needs_look__1__isnull=True, needs_look__0__code=SAYS_NOTHING, then=1),
            default=0,
        )
        confirmed = models.Q(confirmed_at__isnull=False)
        return self.order_by(
            models.ExpressionWrapper(confirmed, output_field=models.BooleanField()),
            calm,
            "case__position",
            "slot",
        )


class Image(models.Model):
    """One image of a case, in a named slot; a person confirms that no identifier is written in its pixels."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="images")
    slot = models.CharField(max_length=20, default="current")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="image")
    key = models.CharField(max_length=32, unique=True, editable=False)
    meta = models.JSONField(
        default=dict, help_text="Allow-listed facts about the pixels; see imaging/rendition.py."
    )
    needs_look = models.JSONField(default=list, help_text="Why burned-in text is likely.")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = Images.as_manager()

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        constraints = [
            models.UniqueConstraint(fields=["case", "slot"], name="cases_one_image_per_slot"),
            models.CheckConstraint(
                condition=models.Q(confirmed_at=None, confirmed_by=None)
                | models.Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="cases_confirmed_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.slot}"

    @property
    def warnings(self) -> list[str]:
        """Sentences that say why this very image is likely to show a name."""
        return [reason["sentence"] for reason in self.needs_look if reason["code"] != SAYS_NOTHING]


class RenditionKind(models.TextChoices):
    FULL = "full", _("lossless frame")
    DISPLAY = "display", _("8-bit image for a model")
    PREVIEW = "preview", _("small preview")


class Rendition(models.Model):
    """One clean file made from an upload. Never changed: a new mask or window makes a new one."""

    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="renditions")
    kind = models.CharField(max_length=8, choices=RenditionKind.choices)
    frame = models.PositiveIntegerField(default=0)
    stored = models.CharField(max_length=255)
    mime = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    recipe = models.JSONField(default=dict, help_text="How it was made: decoder, versions, window.")

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = [
            models.UniqueConstraint(fields=["image", "kind", "frame"], name="cases_one_rendition_per_frame")
        ]

    def __str__(self) -> str:
        return f"{self.image} {self.kind} {self.frame}"
