"""How far readers are, and what they said."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.analysis.blinding import ShownArms
from readerstudy.analysis.table import COUNTED, LongTable
from readerstudy.api.pages import LongPages, page_of
from readerstudy.api.schema import answers
from readerstudy.api.serializers.readings import (
    RatingPageSerializer,
    RatingSerializer,
    ReadingProgressSerializer,
)
from readerstudy.api.views.base import StudyView, shaped
from readerstudy.api.views.images import CURSOR
from readerstudy.reading.board import board_of
from readerstudy.reading.models import Rating
from readerstudy.studies.models import Criterion, Role, Study

PROGRESS = {
    "results": [
        {
            "reader": "R01",
            "is_simulated": False,
            "consented_at": "2026-11-20T08:30:00Z",
            "allocated": 120,
            "submitted": 37,
            "last_rating_at": "2026-11-22T14:02:11Z",
        }
    ]
}


class ReadingsProgress(StudyView):
    endpoint = "readings_progress"

    @extend_schema(
        operation_id="show_readings_progress",
        summary="How far readers are",
        tags=["results"],
        responses=answers({200: ReadingProgressSerializer}),
        examples=[OpenApiExample("One reader", value=PROGRESS, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, key: str) -> Response:
        """Each reader by pseudonym; with a reader's token, that reader alone."""
        rows, own = board_of(self.study), self.token.membership
        if own.role == Role.READER:
            rows = [row for row in rows if row.membership.pk == own.pk]
        return shaped(ReadingProgressSerializer, {"results": rows})


class ListRatings(StudyView):
    endpoint = "list_ratings"

    @extend_schema(
        operation_id="list_ratings",
        summary="Ratings in pages",
        tags=["results"],
        parameters=[CURSOR],
        responses=answers({200: RatingPageSerializer}),
    )
    def get(self, request: Request, key: str) -> Response:
        """Every rating that stands, under the names of the long table's columns, in the order first given.

        Planned readings without a rating, verdicts and strata are in `ratings.csv`.
        """
        shown = ShownArms.of(self.study)
        return page_of(_standing(self.study), request, shape=lambda row: _shaped(row, shown), pages=LongPages)


def _standing(study: Study) -> QuerySet[Rating]:
    """The ratings that the long table shows, with all they name."""
    rows = Rating.objects.filter(
        allocation__seat__study=study,
        allocation__case__left_out_at=None,
        allocation__plan__is_pilot=False,
        allocation__kind__in=COUNTED,
        criterion__in=Criterion.objects.of(study),
    )
    return rows.select_related(
        "criterion", "event", "output__arm", "allocation__case", "allocation__seat__user"
    )


def _shaped(rating: Rating, shown: ShownArms) -> dict[str, Any]:
    """A rating under the name or the code that its arm has now."""
    if rating.output is not None:
        rating.output.arm = shown.arm(rating.output.arm_id)
    data: dict[str, Any] = RatingSerializer(rating).data
    untold = {"output_simulated": shown.tells_simulated, "output_recorded": shown.tells_recorded}
    return data | {name: None for name, is_told in untold.items() if not is_told}


class DownloadRatings(StudyView):
    endpoint = "download_ratings"

    @extend_schema(
        operation_id="download_ratings",
        summary="The long table as CSV",
        tags=["results"],
        responses=answers(
            {
                (200, "text/csv"): OpenApiResponse(
                    OpenApiTypes.STR, description="One row a reader, case, arm, criterion and repeat."
                )
            }
        ),
    )
    def get(self, request: Request, key: str) -> StreamingHttpResponse:
        """The bytes of the report page's download, streamed: planned readings without a rating included."""
        table = LongTable.of(self.study)
        response = StreamingHttpResponse(table.csv(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.study.key}-ratings.csv"'
        return response
