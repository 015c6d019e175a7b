"""Model outputs: ask for them, watch them come, try failed ones again."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.analysis.blinding import ShownArms
from readerstudy.api.schema import answers
from readerstudy.api.serializers.outputs import AddedSerializer, OutputProgressSerializer, RetriedSerializer
from readerstudy.api.views.base import StudyView, shaped
from readerstudy.generation import actions
from readerstudy.generation.running.progress import progress_of
from readerstudy.studies.models import Role


class Generations(StudyView):
    endpoint = "generations"

    @extend_schema(
        operation_id="show_outputs_progress",
        summary="Progress of each arm",
        tags=["outputs"],
        responses=answers({200: OutputProgressSerializer}),
    )
    def get(self, request: Request, key: str) -> Response:
        """How many outputs each arm wants and has, how many were refused or failed and why, and the pace.

        A researcher gets the totals alone until the study is unblinded.
        """
        progress = progress_of(self.study)
        if self.token.membership.role != Role.COORDINATOR and ShownArms.of(self.study).is_blinded:
            progress = replace(progress, arms=())  # what an arm still lacks would tell which it is
        return shaped(OutputProgressSerializer, progress)

    @extend_schema(
        operation_id="start_generations",
        summary="Ask for every missing output",
        tags=["outputs"],
        request=None,
        responses=answers({202: AddedSerializer}, HTTPStatus.CONFLICT),
    )
    def post(self, request: Request, key: str) -> Response:
        """Queues one output for each case and model arm that has none. A second call adds none."""
        added = actions.queue_generations(study=self.study, by=self.person)
        return shaped(AddedSerializer, {"added": added}, status=202)


class RetryGenerations(StudyView):
    endpoint = "retry_generations"

    @extend_schema(
        operation_id="retry_generations",
        summary="Try failed outputs again",
        tags=["outputs"],
        request=None,
        responses=answers({202: RetriedSerializer}, HTTPStatus.CONFLICT),
    )
    def post(self, request: Request, key: str) -> Response:
        """Puts failed outputs back into the queue; what is done stays done."""
        retried = actions.retry_failed(study=self.study, by=self.person)
        return shaped(RetriedSerializer, {"retried": retried}, status=202)
