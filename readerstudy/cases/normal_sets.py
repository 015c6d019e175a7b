"""How far the normalised images of a study are: which there should be, and which of them are there and up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, Count, F, Func, IntegerField, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT, KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from readerstudy.cases.models import (
    OVERLAY,
    Image,
    ImageRules,
    Images,
    Rendition,
    RenditionKind,
    Renditions,
    ShownAs,
    Upload,
    rules_of,
)
from readerstudy.studies.lifecycle import OPEN_TO_CHANGE
from readerstudy.studies.models import Study
from readerstudy.studies.policies import can_change_protocol

NORMAL_KINDS = (RenditionKind.NORMAL, RenditionKind.NORMAL_PREVIEW)


@dataclass(frozen=True, slots=True)
class Wish:
    """How every image of a study is to be normalised."""

    side: int
    colour: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a study's images are normalised, all to the same size in bytes and from the pixels that count."""

    done: int
    total: int

    @property
    def is_complete(self) -> bool:
        return self.done == self.total


def pictures(study: Study) -> Images:
    """What readers look at: the images of the study that are not laid over another one."""
    return Image.objects.of(study).exclude(slot__endswith=OVERLAY)


def key_frame(prefix: str = "") -> Combinable:
    """In SQL what `Image.stored_frame` says of the key frame; `prefix` leads to the image."""
    return _by_order(prefix, _middle(prefix), otherwise=_middle(prefix))


def picture_frame(prefix: str = "") -> Combinable:
    """In SQL the number under which the picture and the preview of an image are stored: 0 but for stacks of files."""
    return _by_order(prefix, _middle(prefix), otherwise=Value(0))


def _middle(prefix: str) -> Combinable:
    return Coalesce(Cast(KeyTextTransform("frames", f"{prefix}meta"), IntegerField()), 1) / 2


def _by_order(prefix: str, shown: Combinable, *, otherwise: Combinable) -> Combinable:
    named = Func(F(f"{prefix}order"), Cast(shown, TextField()), function="jsonb_extract_path_text")
    in_order = Cast(named, IntegerField())
    return Case(When(**{f"{prefix}order": []}, then=otherwise), default=in_order, output_field=IntegerField())


def wish_of(study: Study, rules: ImageRules | None = None) -> Wish | None:
    """In colour for all as soon as one image is; None where the study wants no normalised images.

    Whoever has read the study's rules already hands them over.
    """
    rules = rules or rules_of(study)
    if rules.shown_as != ShownAs.NORMAL:
        return None
    return Wish(side=rules.side, colour=pictures(study).filter(meta__kind="rgb8").exists())


def fitting(study: Study, wish: Wish) -> Renditions:
    """Renditions that are as wished and made from the frame that now counts; their sizes in bytes may differ."""
    found = Rendition.objects.current().filter(image__in=pictures(study), kind__in=NORMAL_KINDS)
    as_wished = found.filter(recipe__normal__side=wish.side, recipe__normal__colour=wish.colour)
    made_from = Cast(KT("recipe__normal__frame"), IntegerField())
    return as_wished.annotate(made_from=made_from).filter(made_from=key_frame("image__"))


def progress(study: Study, rules: ImageRules | None = None) -> Progress | None:
    """None where the study wants no normalised images."""
    wish = wish_of(study, rules)
    if wish is None:
        return None
    sizes = fitting(study, wish).values("kind", "size").annotate(images=Count("pk")).order_by("size")
    at_largest = {row["kind"]: row["images"] for row in sizes}
    return Progress(done=min(at_largest.get(kind, 0) for kind in NORMAL_KINDS), total=pictures(study).count())


def is_due(study: Study) -> bool:
    """Whether a worker should normalise now: something is missing, and nothing that would change the set waits.

    An image that comes later may make every other one anew, so unfinished files, masks and a person's yes come first.
    """
    if not can_change_protocol(study):
        return False
    known = progress(study)
    return known is not None and not known.is_complete and not _is_waited_for(study)


def due_studies() -> list[Study]:
    """Studies that want normalised images and lack some that could be made now."""
    wanting = ImageRules.objects.filter(shown_as=ShownAs.NORMAL, study__state__in=OPEN_TO_CHANGE)
    return [rules.study for rules in wanting.select_related("study").order_by("study") if is_due(rules.study)]


def _is_waited_for(study: Study) -> bool:
    images = Image.objects.of(study)
    return (
        images.unconfirmed().exists()
        or images.being_masked().exists()
        or Upload.objects.of(study).unfinished().exists()
    )


@contextmanager
def alone_with(study: Study) -> Iterator[bool]:
    """Whether nobody else normalises this study; true for one at a time, whatever way that one ends.

    A lock of the database session: it goes when the session does, so that a killed worker leaves none behind.
    """
    name = f"readerstudy.normalise:{study.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_mine = bool(cursor.fetchone()[0])
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
