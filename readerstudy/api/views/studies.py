"""The token's study, its report, and the description of the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.accounts.models import User
from readerstudy.analysis.actions import current_report
from readerstudy.api.authentication import StudyTokenAuthentication
from readerstudy.api.schema import answers, document
from readerstudy.api.serializers.studies import (
    OwnStudiesSerializer,
    ReportSerializer,
    StudyDetailSerializer,
)
from readerstudy.api.views.base import ApiView, StudyView, shaped
from readerstudy.cases.fates import tally
from readerstudy.cases.models import Case, Image
from readerstudy.reading.models import Rating
from readerstudy.studies.models import Arm, Criterion, Membership, Study
from readerstudy.studies.stations import readiness


class ListStudies(StudyView):
    endpoint = "list_studies"

    @extend_schema(
        operation_id="show_own_study",
        summary="Your study",
        tags=["studies"],
        responses=answers({200: OwnStudiesSerializer}),
    )
    def get(self, request: Request) -> Response:
        """The one study of the token, and the token's role in it."""
        study = self.study
        own = {name: getattr(study, name) for name in ("key", "title", "state", "is_demo")}
        return shaped(OwnStudiesSerializer, {"results": [{**own, "role": self.token.membership.role}]})


class ShowStudy(StudyView):
    endpoint = "show_study"

    @extend_schema(
        operation_id="show_study",
        summary="State and readiness",
        tags=["studies"],
        responses=answers({200: StudyDetailSerializer}),
    )
    def get(self, request: Request, key: str) -> Response:
        """State, counts, and each sentence of the readiness list; a `bad` one keeps the study from starting."""
        names = (
            "key",
            "title",
            "state",
            "is_demo",
            "question",
            "protocol_version",
            "manifest_sha256",
            "locked_at",
        )
        told = {name: getattr(self.study, name) for name in names}
        lines = readiness(self.study)
        return shaped(StudyDetailSerializer, {**told, "counts": _counts(self.study), "readiness": lines})


def _counts(study: Study) -> dict[str, int]:
    files, images = tally(study), Image.objects.of(study)
    return {
        "files": files.total,
        "files_unfinished": files.unfinished,
        "files_refused": files.refused,
        "cases": Case.objects.of(study).count(),
        "images": images.count(),
        "images_unconfirmed": images.unconfirmed().count(),
        "arms": Arm.objects.filter(study=study).count(),
        "criteria": Criterion.objects.of(study).count(),
        "readers": Membership.objects.readers(study).count(),
    }


class ShowReport(StudyView):
    endpoint = "show_report"

    @extend_schema(
        operation_id="show_report",
        summary="The report",
        tags=["results"],
        responses=answers({200: ReportSerializer}, HTTPStatus.CONFLICT),
    )
    def get(self, request: Request, key: str) -> Response:
        """The frozen report on the data as they are now; the same data give the same report.

        Asking before the study is closed is written into the audit trail as an interim look. There is none before the
        first rating.
        """
        mine = {"allocation__plan__study": self.study, "allocation__plan__is_pilot": False}
        if not Rating.objects.filter(**mine).exclude(value="").exists():
            raise NotFound(_("There is no report yet, because no reader has given a rating."))
        return shaped(ReportSerializer, current_report(study=self.study, by=self.person))


class SignedInPerson(BaseAuthentication):
    """The person signed in to the pages; for reading the API's description in a browser, and for nothing else."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        user = getattr(request._request, "user", AnonymousUser())
        return (user, None) if isinstance(user, User) and user.is_active else None


class ShowSchema(ApiView):
    """The OpenAPI document. It holds no study's data, yet the site shows nothing to strangers."""

    http_method_names = ["get", "head"]
    authentication_classes = [StudyTokenAuthentication, SignedInPerson]
    permission_classes = [IsAuthenticated]
    renderer_classes = [OpenApiJsonRenderer]
    schema = None

    def get(self, request: Request) -> Response:
        described: dict[str, Any] = document()
        return Response(described)
