"""How the image sets of a protocol file become rows with stated terms, and how those read in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from readerstudy.accounts.models import User
from readerstudy.cases.actions.terms import state_terms
from readerstudy.cases.models import ImageSet, ImageTerms, Recipients
from readerstudy.cases.terms import terms_of
from readerstudy.studies.models import Study
from readerstudy.studies.protocol.case_tables import canonical_image_set


def store_image_sets(study: Study, told: Sequence[Mapping[str, Any]], by: User) -> None:
    """States the terms of each set, of a new one where the study has none of that name.

    What is stated already as the file says it is not stated again. A set that never got a file and that the file lacks
    has no stated terms any more; sets with files stay, as their images do. A set that is alone gets the files.
    """
    there = {image_set.name: image_set for image_set in ImageSet.objects.of(study)}
    stated = {each["name"]: each for each in told_image_sets(study)}
    for each in told:
        if stated.get(each["name"]) != each:
            image_set = there.get(each["name"])
            name = "" if image_set else each["name"]
            state_terms(study=study, image_set=image_set, name=name, fields=_fields(each), by=by)
    gone = ImageSet.objects.of(study).filter(name__in=stated.keys() - {each["name"] for each in told})
    for image_set in gone.filter(uploads=None):
        state_terms(study=study, image_set=image_set, receives=False, fields={}, by=by)
    if len(told) == 1 and not ImageSet.objects.of(study).filter(receives=True).exists():
        ImageSet.objects.of(study).filter(name=told[0]["name"]).update(receives=True)


def told_image_sets(study: Study) -> list[dict[str, Any]]:
    """The sets whose terms are stated, in the form of a protocol file, in order."""
    found = terms_of(ImageSet.objects.of(study))
    return [_told(image_set, terms) for image_set, terms in found if terms and terms.is_stated]


def _told(image_set: ImageSet, terms: ImageTerms) -> dict[str, Any]:
    return canonical_image_set(
        {
            "name": image_set.name,
            "source": terms.source,
            "licence": terms.licence,
            "models": str(terms.recipients),
            "providers": terms.providers,
            "expires": terms.expires_on.isoformat() if terms.expires_on else "",
        }
    )


def _fields(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "source": told.get("source", ""),
        "licence": told.get("licence", ""),
        "recipients": Recipients(told["models"]),
        "providers": told.get("providers", []),
        "expires_on": date.fromisoformat(told["expires"]) if "expires" in told else None,
    }
