"""Texts that people write for a human arm: whose turn which case is, and what a writer is shown. Writes nothing.

A writer knows a human arm by its number alone: no arm's name, no label, and nothing that anybody else wrote is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.cases.models import OVERLAY, Case, Image, ShownAs, rules_of
from readerstudy.cases.viewing import size_shown
from readerstudy.generation.models import Draft, RecordedOutput
from readerstudy.studies.models import Arm, ArmKind, Study


@dataclass(frozen=True, slots=True)
class Series:
    """One human arm as a writer knows it: its number, how many cases it has and how many have their text."""

    number: int
    arm: Arm
    total: int
    written: int
    drafts: int

    @property
    def is_complete(self) -> bool:
        return self.written >= self.total


@dataclass(frozen=True, slots=True)
class Picture:
    """One image of a case with the addresses from which the viewer fetches it."""

    label: str
    meta_url: str
    full_url: str
    preview_url: str
    overlay_url: str
    width: int
    height: int


def series_of(study: Study, writer: User) -> list[Series]:
    """The human arms of a study by number, with what `writer` has begun."""
    arms = Arm.objects.filter(study=study, kind=ArmKind.HUMAN).order_by("position")
    return [_series(number, arm, writer) for number, arm in enumerate(arms, start=1)]


def _series(number: int, arm: Arm, writer: User) -> Series:
    cases = cases_of(arm)
    return Series(
        number=number,
        arm=arm,
        total=cases.count(),
        written=cases.filter(_written(arm)).count(),
        drafts=Draft.objects.filter(arm=arm, by=writer).exclude(text="").count(),
    )


def cases_of(arm: Arm) -> QuerySet[Case]:
    """The cases that need a text: those of the study with images, all of which a person has confirmed."""
    unconfirmed = Image.objects.filter(case=OuterRef("pk"), confirmed_at=None)
    pictured = Image.objects.filter(case=OuterRef("pk"))
    return Case.objects.read(arm.study).filter(Exists(pictured), ~Exists(unconfirmed))


def next_case(arm: Arm, writer: User) -> Case | None:
    """The next case without a text: one the writer has begun, else one nobody has begun, else any; None at the end."""
    waiting = cases_of(arm).exclude(pk__in=cases_of(arm).filter(_written(arm)))
    drafts = Draft.objects.filter(arm=arm, case=OuterRef("pk")).exclude(text="")
    begun = waiting.filter(Exists(drafts.filter(by=writer))).first()
    return begun or waiting.exclude(Exists(drafts)).first() or waiting.first()


def is_written(arm: Arm, case: Case) -> bool:
    """Whether the case has its text in this arm."""
    return RecordedOutput.objects.filter(arm=arm, case=case).exists()


def _written(arm: Arm) -> Exists:
    return Exists(RecordedOutput.objects.filter(arm=arm, case=OuterRef("pk")))


def draft_of(arm: Arm, case: Case, writer: User) -> str:
    """What the writer has typed for this case so far."""
    draft = Draft.objects.filter(arm=arm, case=case, by=writer).first()
    return draft.text if draft else ""


def pictures_of(case: Case) -> tuple[Picture, ...]:
    """The confirmed images of a case as readers see them, each with what is laid over it."""
    images = list(Image.objects.confirmed().filter(case=case).order_by("slot"))
    shown_as = shown_as_of(case.study)
    return tuple(_picture(image, images, shown_as) for image in images if not image.overlays)


def shown_as_of(study: Study) -> ShownAs:
    """How this study shows images to people."""
    return ShownAs(rules_of(study).shown_as)


def _picture(image: Image, images: Sequence[Image], shown_as: ShownAs) -> Picture:
    width, height = size_shown(image, shown_as)
    has_overlay = any(each.slot == f"{image.slot}{OVERLAY}" for each in images)
    return Picture(
        label=_label(image.slot),
        meta_url=_url(image, image.slot, "meta"),
        full_url=_url(image, image.slot, "full-0").replace("full-0", "full-{frame}"),
        preview_url=_url(image, image.slot, "preview"),
        overlay_url=_url(image, f"{image.slot}{OVERLAY}", "overlay") if has_overlay else "",
        width=width,
        height=height,
    )


def _url(image: Image, slot: str, product: str) -> str:
    return reverse("generation:writing_image", args=[image.case.study.key, image.case.code, slot, product])


def _label(slot: str) -> str:
    known = {"current": _("Current"), "prior": _("Prior"), "left": _("Left"), "right": _("Right")}
    return known.get(slot, slot.replace("-", " "))
