"""What the terms of image sets allow: whether their images may be given to a model, said in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Image, ImageSet, ImageTerms, Recipients
from readerstudy.studies.models import Study
from readerstudy.studies.stations import Line, Sign


@dataclass(frozen=True, slots=True)
class Recipient:
    """A provider that images would be sent to: its name, what people call it, whether it is a server of one's own."""

    connection: str
    label: str
    is_own: bool


def terms_of(image_sets: Iterable[ImageSet]) -> list[tuple[ImageSet, ImageTerms | None]]:
    """Each set with the version of its terms that counts, None where nobody has said a word."""
    found = list(image_sets)
    newest = ImageTerms.objects.filter(image_set__in=found).select_related("stated_by").newest()
    by_set = {terms.image_set_id: terms for terms in newest}
    return [(image_set, by_set.get(image_set.pk)) for image_set in found]


def obstacle_in_terms(study: Study, to: Recipient) -> str:
    """Why the terms keep this study's images from a provider, as a sentence; empty where they do not.

    Every set with an image of the study must allow it, because each model is given each case.
    """
    shown = terms_of(ImageSet.objects.shown(study))
    return next((sentence for each, terms in shown if (sentence := _obstacle(each, terms, to))), "")


def _obstacle(image_set: ImageSet, terms: ImageTerms | None, to: Recipient) -> str:
    told = {"set": image_set.name, "provider": to.label}
    if terms is None or not terms.is_stated:
        return "" if to.is_own else _unstated() % told
    if terms.expires_on and terms.is_expired(timezone.localdate()):
        day = date_format(terms.expires_on)
        return _("The terms of the image set “%(set)s” ended on %(day)s. State the new terms.") % {
            **told,
            "day": day,
        }
    return "" if _allows(terms, to) else _forbidden(terms) % told


def _unstated() -> str:
    return _(
        "Nobody has said on what terms the images of “%(set)s” may be used, so “%(provider)s” gets none of them. State "
        "the terms, or choose a model on an own server."
    )


def _allows(terms: ImageTerms, to: Recipient) -> bool:
    if terms.recipients == Recipients.LISTED:
        return to.is_own or to.connection in terms.providers
    return terms.recipients == Recipients.ANY or (terms.recipients == Recipients.OWN and to.is_own)


def _forbidden(terms: ImageTerms) -> str:
    if terms.recipients == Recipients.NONE:
        return _(
            "The terms of the image set “%(set)s” allow no model at all. Import outputs that were made elsewhere, or "
            "leave out its cases."
        )
    if terms.recipients == Recipients.OWN:
        return _(
            "The terms of the image set “%(set)s” forbid sending its images to vendors, and “%(provider)s” is not "
            "known as an own server. Choose a model on an own server."
        )
    return _(
        "The terms of the image set “%(set)s” do not name “%(provider)s” among the providers that may be sent its "
        "images. Choose one that they name, or leave out its cases."
    )


def look_at_terms(study: Study) -> Iterator[Line]:
    """For the overview: sets whose terms nobody has stated, and those whose terms have ended."""
    url, today = reverse("cases:terms", args=[study.key]), timezone.localdate()
    for image_set, terms in terms_of(ImageSet.objects.shown(study)):
        if terms is None or not terms.is_stated:
            n = images_of(image_set)
            text = ngettext(
                "Nobody has said on what terms the %(n)d image of “%(set)s” may be used; no vendor gets it before.",
                "Nobody has said on what terms the %(n)d images of “%(set)s” may be used; no vendor gets them before.",
                n,
            ) % {"n": n, "set": image_set.name}
            yield Line(Sign.WARN, text, _("State the terms"), url)
        elif terms.expires_on and terms.is_expired(today):
            text = _("The terms of the image set “%(set)s” ended on %(day)s.")
            told = {"set": image_set.name, "day": date_format(terms.expires_on)}
            yield Line(Sign.WARN, text % told, _("State the new terms"), url)


def images_of(image_set: ImageSet) -> int:
    """How many images of the set are in cases that were not left out."""
    mine = Image.objects.filter(uploads__image_set=image_set, case__left_out_at=None)
    return mine.distinct().count()
