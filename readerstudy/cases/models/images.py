"""Images of cases, and a person's yes to each."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models.cases import Case
from readerstudy.studies.models import Study

FIRST_SLOT = "current"
OVERLAY = "-overlay"  # a slot "current-overlay" holds what is laid over the image in the slot "current"
SAYS_NOTHING = "burned_in_text_unknown"  # the mildest reason to look: most files do not declare it


_ONLY_SAYS_NOTHING = models.Q(needs_look__1__isnull=True, needs_look__0__code=SAYS_NOTHING)
_UNCONFIRMED = models.Q(confirmed_at=None)
_RISKY = ~models.Q(needs_look=[]) & ~_ONLY_SAYS_NOTHING


class Images(models.QuerySet["Image"]):
    def of(self, study: Study) -> Images:
        """Images of the cases that are not left out, in case order."""
        return self.filter(case__study=study, case__left_out_at=None).order_by("case__position", "slot")

    def left_out(self, study: Study) -> Images:
        return self.filter(case__study=study, case__left_out_at__isnull=False).order_by(
            "case__position", "slot"
        )

    def unconfirmed(self) -> Images:
        return self.filter(_UNCONFIRMED)

    def confirmed(self) -> Images:
        return self.filter(~_UNCONFIRMED)

    def risky(self) -> Images:
        """Those that have a reason of their own to show a name, not only a file that says nothing of it."""
        return self.filter(_RISKY)

    def tallied(self) -> dict[str, int]:
        """How many there are under `all`, `unconfirmed`, `risky` and `confirmed`, in one query."""
        counts: dict[str, int] = self.order_by().aggregate(
            all=models.Count("pk"),
            unconfirmed=models.Count("pk", filter=_UNCONFIRMED),
            risky=models.Count("pk", filter=_RISKY),
            confirmed=models.Count("pk", filter=~_UNCONFIRMED),
        )
        return counts

    def being_masked(self) -> Images:
        """Those with boxes that are not burned in yet, so that nobody can look at the result."""
        return self.filter(models.Exists(Mask.objects.undone().filter(image=models.OuterRef("pk"))))

    def of_its_series(self, image: Image) -> Images:
        """The image and those of its study that came in the same series, in the same size."""
        rest = models.Q(series=image.series) & _size_of(image) if image.series else models.Q()
        return (
            self.of(image.case.study).filter(models.Q(pk=image.pk) | rest)
            if rest
            else self.filter(pk=image.pk)
        )

    def alike(self, image: Image) -> Images:
        """The image and those of its study, not confirmed yet, that came in the same size and kind of file."""
        source = image.meta.get("source_format")
        same = models.Q(meta__source_format=source) if source else models.Q(meta__source_format__isnull=True)
        rest = models.Q(confirmed_at=None) & _size_of(image) & same
        return self.of(image.case.study).filter(models.Q(pk=image.pk) | rest)

    def in_order_of_risk(self) -> Images:
        """What is most likely to show a name comes first; looking at it does not move it."""
        calm = models.Case(
            models.When(needs_look=[], then=2), models.When(_ONLY_SAYS_NOTHING, then=1), default=0
        )
        return self.order_by(calm, "case__position", "slot")

    def in_order_of_looking(self) -> Images:
        """What nobody has confirmed comes first, and of that what is most likely to show a name."""
        confirmed = models.Q(confirmed_at__isnull=False)
        wrapped = models.ExpressionWrapper(confirmed, output_field=models.BooleanField())
        return self.order_by(wrapped, *self.in_order_of_risk().query.order_by)


def _size_of(image: Image) -> models.Q:
    return models.Q(meta__width=image.meta["width"], meta__height=image.meta["height"])


class Image(models.Model):
    """One image of a case, in a named slot; a person confirms that no identifier is written in its pixels."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="images")
    slot = models.CharField(max_length=40, default=FIRST_SLOT)
    key = models.CharField(max_length=32, unique=True, editable=False)
    meta = models.JSONField(
        default=dict, help_text="Allow-listed facts about the pixels; see imaging/rendition.py."
    )
    needs_look = models.JSONField(default=list, help_text="Why burned-in text is likely.")
    version = models.PositiveSmallIntegerField(
        default=1, help_text="Which of its renditions count: a mask makes new ones."
    )
    series = models.CharField(max_length=32, blank=True, help_text="Keyed hash of the series it came from.")
    stack = models.CharField(
        max_length=32,
        blank=True,
        help_text="Keyed hash that its slices share; empty where it is no stack of files.",
    )
    order = models.JSONField(
        default=list, help_text="Frames as shown, by their number on arrival; empty: as they are numbered."
    )
    frame_values = models.JSONField(
        default=list, help_text="Scale and offset of each frame as shown; empty: the same for all."
    )
    day = models.IntegerField(null=True, help_text="Its day by a clock with a secret beginning.")
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
            models.CheckConstraint(condition=~models.Q(slot=""), name="cases_a_slot_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(confirmed_at=None, confirmed_by=None)
                | models.Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="cases_confirmed_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.slot}"

    @property
    def overlays(self) -> str:
        """The slot over which this image is laid; empty where it is an image by itself."""
        return self.slot.removesuffix(OVERLAY) if self.slot.endswith(OVERLAY) else ""

    @property
    def frames(self) -> int:
        return int(self.meta.get("frames", 1))

    @property
    def key_frame(self) -> int:
        """The frame that previews and models show, as readers count: the middle one."""
        return self.frames // 2 if self.frames > 1 else 0

    def stored_frame(self, shown: int) -> int | None:
        """The number under which the frame that readers count as `shown` is stored; None where there is none."""
        if not 0 <= shown < self.frames:
            return None
        return int(self.order[shown]) if self.order else shown

    def shown_frame(self, stored: int) -> int:
        """The place that readers count for the frame stored under this number."""
        return self.order.index(stored) if self.order else stored

    @property
    def state(self) -> str:
        """Changes whenever its pixels do: what was looked at is confirmed, and nothing that came since."""
        return f"{self.version}-{self.frames}"

    @property
    def warnings(self) -> list[str]:
        """Sentences that say why this very image is likely to show a name."""
        return [reason["sentence"] for reason in self.needs_look if reason["code"] != SAYS_NOTHING]


class Masks(models.QuerySet["Mask"]):
    def undone(self) -> Masks:
        """Wishes that stand: waiting, under way or given up."""
        return self.filter(done_at=None)

    def done(self) -> Masks:
        return self.filter(done_at__isnull=False)

    def failed(self) -> Masks:
        return self.undone().exclude(failure="")

    def waiting(self, at: datetime | None = None) -> Masks:
        """Those a worker should take: new ones, and those whose worker has not been heard of since its lease."""
        free = models.Q(lease_until=None) | models.Q(lease_until__lt=at or timezone.now())
        return self.undone().filter(free, failure="")

    def held(self, mask: Mask) -> Masks:
        """The mask's row while the worker that claimed `mask` still has it; nobody else's."""
        return self.undone().filter(pk=mask.pk, failure="", tries=mask.tries, lease_until__isnull=False)


class Mask(models.Model):
    """Boxes that a coordinator had burned into an image: a wish until a worker has made the new renditions."""

    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="masks")
    boxes = models.JSONField(
        help_text="[left, top, right, bottom] in pixels of the image, the last two exclusive."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=400, blank=True)

    objects = Masks.as_manager()

    class Meta:
        verbose_name = _("mask")
        verbose_name_plural = _("masks")
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=models.Q(done_at=None, failure=""),
                name="cases_waiting_masks",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(boxes=[]), name="cases_a_mask_has_a_box"),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(failure=""), name="cases_a_mask_is_done_or_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"mask {self.pk}"
