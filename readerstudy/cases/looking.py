"""What a coordinator needs to look at one image: where it stands among the others, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from readerstudy.cases.forms import Scope
from readerstudy.cases.models import Image, Images, Mask
from readerstudy.cases.policies import CasesError, check_unused
from readerstudy.studies.models import Study
from readerstudy.studies.policies import can_change_protocol


@dataclass(frozen=True, slots=True)
class Walk:
    """The way from image to image, risky ones first. Keys of images; empty where there is none.

    `undecided`: the next one that waits for a yes or no, from here to the end and then from the beginning. `left`: how
    many wait, this one included.
    """

    number: int
    total: int
    left: int
    before: str
    after: str
    undecided: str

    @property
    def following(self) -> str:
        """Where one goes without deciding."""
        return self.undecided or self.after


def walk_from(study: Study, key: str = "") -> Walk:
    """The way on from the image `key`, or from the beginning."""
    masked = set(Image.objects.of(study).being_masked().values_list("key", flat=True))
    rows = list(Image.objects.of(study).in_order_of_risk().values_list("key", "confirmed_at"))
    keys = [each for each, _at in rows]
    at = keys.index(key) if key in keys else -1
    waiting = [each for each, confirmed in rows[at + 1 :] + rows[: max(at, 0)] if confirmed is None]
    return Walk(
        number=at + 1,
        total=len(keys),
        left=sum(confirmed is None for _key, confirmed in rows),
        before=keys[at - 1] if at > 0 else "",
        after=keys[at + 1] if at + 1 < len(keys) else "",
        undecided=next((each for each in waiting if each not in masked), "")
        or (waiting[0] if waiting else ""),
    )


@dataclass(frozen=True, slots=True)
class Masking:
    """What stands in the way of looking at an image: boxes that are not burned in yet. `failure` is a sentence."""

    waits: bool = False
    failure: str = ""
    boxes: int = 0


def masking_of(image: Image) -> Masking:
    undone: list[Mask] = list(image.masks.undone().order_by("pk"))
    return Masking(
        waits=any(not mask.failure for mask in undone),
        failure=next((mask.failure for mask in undone if mask.failure), ""),
        boxes=sum(len(mask.boxes) for mask in undone),
    )


def why_it_stays(image: Image) -> str:
    """The sentence that says why the image can no longer be masked or its yes taken back; empty where it can."""
    if not can_change_protocol(image.case.study):
        return _("This study is locked: its images no longer change.")
    try:
        check_unused([image])
    except CasesError as error:
        return str(error)
    return ""


def images_in(scope: str, image: Image) -> Images:
    """The images that boxes drawn on this one are meant for."""
    if scope == Scope.SERIES:
        return Image.objects.of_its_series(image)
    if scope == Scope.ALIKE:
        return Image.objects.alike(image)
    return Image.objects.filter(pk=image.pk)
