"""Image sets and the terms of their use."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.api.schema import answers
from readerstudy.api.serializers.terms import ImageSetSerializer, ImageSetsSerializer, TermsRequestSerializer
from readerstudy.api.views.base import StudyView, checked, shaped
from readerstudy.cases import actions
from readerstudy.cases.models import ImageSet, ImageTerms, Recipients
from readerstudy.cases.terms import images_of, terms_of

STATED = {
    "name": "Open archive",
    "source": "An open archive of chest radiographs",
    "licence": "CC BY 4.0",
    "models": "any",
}


class ImageSets(StudyView):
    endpoint = "image_sets"

    @extend_schema(
        operation_id="list_image_sets",
        summary="Image sets and their terms",
        tags=["images"],
        responses=answers({200: ImageSetsSerializer}),
    )
    def get(self, request: Request, key: str) -> Response:
        """Each set of the study with the version of its terms that counts."""
        found = [_shown(*pair) for pair in terms_of(ImageSet.objects.of(self.study))]
        return shaped(ImageSetsSerializer, {"image_sets": found})

    @extend_schema(
        operation_id="state_terms",
        summary="State the terms of an image set",
        tags=["images"],
        request=TermsRequestSerializer,
        responses=answers(
            {200: ImageSetSerializer}, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, body=True
        ),
        examples=[OpenApiExample("Images under an open licence", value=STATED, request_only=True)],
    )
    def post(self, request: Request, key: str) -> Response:
        """Writes the next version of the terms of the set with this name, or makes a set of that name."""
        asked = checked(TermsRequestSerializer, request.data)
        known = ImageSet.objects.of(self.study).filter(name=asked["name"]).first()
        terms = actions.state_terms(
            study=self.study,
            image_set=known,
            name=asked["name"],
            receives=asked.get("receives"),
            fields=_fields(asked),
            by=self.person,
        )
        return shaped(ImageSetSerializer, _shown(terms.image_set, terms))


def _fields(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": asked["source"],
        "licence": asked["licence"],
        "recipients": asked["models"],
        "providers": asked["providers"],
        "expires_on": asked.get("expires"),
    }


def _shown(image_set: ImageSet, terms: ImageTerms | None) -> dict[str, Any]:
    return {
        "name": image_set.name,
        "images": images_of(image_set),
        "receives": image_set.receives,
        "version": terms.number if terms else 0,
        "source": terms.source if terms else "",
        "licence": terms.licence if terms else "",
        "models": terms.recipients if terms else Recipients.UNSTATED,
        "providers": terms.providers if terms else [],
        "expires": terms.expires_on if terms else None,
        "stated_at": terms.stated_at if terms else None,
    }
