"""Files come in, their fates, the yes of a person who has looked, and labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.api.errors import NotRight
from readerstudy.api.pages import page_of
from readerstudy.api.schema import answers
from readerstudy.api.serializers.images import (
    ConfirmedSerializer,
    ConfirmRequestSerializer,
    FileFilterSerializer,
    FilePageSerializer,
    FileSerializer,
    ImageFilterSerializer,
    ImagePageSerializer,
    ImageSerializer,
    LabelsRequestSerializer,
    LabelsSerializer,
    MarksRequestSerializer,
    MarksSerializer,
    MaskedSerializer,
    MaskRequestSerializer,
    ReceivedSerializer,
    UploadRequestSerializer,
)
from readerstudy.api.views.base import StudyView, checked, shaped
from readerstudy.cases import actions
from readerstudy.cases.fates import files_of, tell, tell_one
from readerstudy.cases.labels import MOST_BYTES, read_labels
from readerstudy.cases.matching import Plan
from readerstudy.cases.models import Fate, Image, Upload
from readerstudy.cases.policies import check_can_label
from readerstudy.cases.reference_marks import read_marks
from readerstudy.cases.tables import Problem, Unreadable
from readerstudy.studies.models import Study

PROBLEMS_SHOWN = 100
CURSOR = OpenApiParameter("cursor", str, description="From `next` or `previous` of another page.")


RECEIVED = {
    "files": [
        {
            "id": 412,
            "name": "left/scan1.dcm",
            "fate": "received",
            "reason": "",
            "reason_code": "",
            "case": "",
            "archive": None,
            "bytes": 524288,
            "received_at": "2026-11-22T14:02:11Z",
            "finished_at": None,
        }
    ]
}
STORED = {
    "dry_run": False,
    "rows": 24,
    "stored": 1,
    "changes": [{"line": 2, "case": "C001", "changed": ["reference", "sex"]}],
}


MASKED = {"images": ["0f3a9c3c5b0e4d0c8f2a6f7d1b2c3d4e"], "boxes": [[0, 0, 320, 48]]}


class Uploads(StudyView):
    endpoint = "uploads"
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="list_files",
        summary="What became of each file",
        tags=["images"],
        parameters=[
            CURSOR,
            OpenApiParameter("fate", str, enum=Fate.values, description="Only files of this fate."),
        ],
        responses=answers({200: FilePageSerializer}, HTTPStatus.UNPROCESSABLE_ENTITY),
    )
    def get(self, request: Request, key: str) -> Response:
        """The report on every file, in the order in which they came: its fate, and why if it was refused."""
        fate = checked(FileFilterSerializer, request.query_params).get("fate", "")
        files = files_of(self.study, fate=fate)
        return page_of(files, request, shape=lambda upload: FileSerializer(tell_one(upload)).data)

    @extend_schema(
        operation_id="upload_files",
        summary="Upload files",
        tags=["images"],
        request={"multipart/form-data": UploadRequestSerializer},
        responses=answers(
            {201: ReceivedSerializer}, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, body=True
        ),
        examples=[OpenApiExample("One file", value=RECEIVED, response_only=True, status_codes=["201"])],
    )
    def post(self, request: Request, key: str) -> Response:
        """Takes files in; a worker renders them, so ask for their fates afterwards.

        Files that are empty, too large or already here end at once. Sending a file again does no harm: the same bytes
        are kept once.
        """
        sent = checked(UploadRequestSerializer, request.data)
        if sent["attested"]:
            actions.attest(study=self.study, by=self.person)
        image_set = actions.open_image_set(study=self.study, by=self.person)
        uploads: list[Upload] = [
            actions.receive_upload(
                study=self.study, image_set=image_set, name=name, content=file, by=self.person
            )
            for name, file in zip(sent["path"], sent["file"], strict=True)
        ]
        return shaped(ReceivedSerializer, {"files": tell(uploads)}, status=201)


class ListImages(StudyView):
    endpoint = "list_images"

    @extend_schema(
        operation_id="list_images",
        summary="Images and whether somebody has looked",
        tags=["images"],
        parameters=[
            CURSOR,
            OpenApiParameter("confirmed", bool, description="Only confirmed or unconfirmed ones."),
        ],
        responses=answers({200: ImagePageSerializer}, HTTPStatus.UNPROCESSABLE_ENTITY),
    )
    def get(self, request: Request, key: str) -> Response:
        """The images of the study; those of cases that were left out are not among them."""
        images = Image.objects.of(self.study).select_related("case")
        wanted = checked(ImageFilterSerializer, request.query_params.dict()).get("confirmed")
        if wanted is not None:
            images = images.filter(confirmed_at__isnull=not wanted)
        return page_of(images, request, shape=lambda image: ImageSerializer(image).data)


class ConfirmImages(StudyView):
    endpoint = "confirm_images"

    @extend_schema(
        operation_id="confirm_images",
        summary="Confirm that images show no name, date or number",
        tags=["images"],
        request=ConfirmRequestSerializer,
        responses=answers(
            {200: ConfirmedSerializer}, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, body=True
        ),
        examples=[
            OpenApiExample("All that wait", value={"all": True, "i_have_looked": True}, request_only=True),
            OpenApiExample(
                "Some",
                value={"images": ["0f3a9c3c5b0e4d0c8f2a6f7d1b2c3d4e"], "i_have_looked": True},
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request, key: str) -> Response:
        """Stores that a person has looked at these images. Confirming twice changes nothing."""
        asked = checked(ConfirmRequestSerializer, request.data)
        images = Image.objects.of(self.study)
        chosen = list(images.unconfirmed() if asked["all"] else self._named(asked["images"]))
        confirmed = actions.confirm_images(images=chosen, by=self.person)
        return shaped(
            ConfirmedSerializer, {"confirmed": confirmed, "unconfirmed": images.unconfirmed().count()}
        )

    def _named(self, keys: list[str]) -> list[Image]:
        return named_images(
            self.study,
            keys,
            lambda missing: ngettext(
                "%(n)d of these keys is no image of this study. Nothing was confirmed.",
                "%(n)d of these keys are no images of this study. Nothing was confirmed.",
                missing,
            ),
        )


def named_images(study: Study, keys: list[str], refusal: Callable[[int], str]) -> list[Image]:
    """The study's images with these keys; raises `NotRight` with the sentence for how many there are not."""
    found = list(Image.objects.of(study).filter(key__in=keys))
    if missing := len(set(keys)) - len(found):
        told = refusal(missing) % {"n": missing}
        raise NotRight(told, {"images": [told]})
    return found


class MaskImages(StudyView):
    endpoint = "mask_images"

    @extend_schema(
        operation_id="mask_images",
        summary="Burn boxes into images",
        tags=["images"],
        request=MaskRequestSerializer,
        responses=answers(
            {202: MaskedSerializer}, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, body=True
        ),
        examples=[OpenApiExample("One box in the top left corner", value=MASKED, request_only=True)],
    )
    def post(self, request: Request, key: str) -> Response:
        """A worker burns the boxes into every frame; what lay under them is gone for good.

        A person then has to look at each of these images and confirm it. List the images to see the `version` grow.
        """
        asked = checked(MaskRequestSerializer, request.data)
        images = named_images(
            self.study,
            asked["images"],
            lambda missing: ngettext(
                "%(n)d of these keys is no image of this study. Nothing is masked.",
                "%(n)d of these keys are no images of this study. Nothing is masked.",
                missing,
            ),
        )
        masking = actions.mask_images(images=images, boxes=asked["boxes"], by=self.person)
        unconfirmed = Image.objects.of(self.study).unconfirmed().count()
        return shaped(MaskedSerializer, {"masking": masking, "unconfirmed": unconfirmed}, status=202)


class ImportLabels(StudyView):
    endpoint = "import_labels"
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="import_labels",
        summary="Store a table of labels",
        tags=["images"],
        request={"multipart/form-data": LabelsRequestSerializer},
        responses=answers(
            {200: LabelsSerializer}, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, body=True
        ),
        examples=[OpenApiExample("One case changed", value=STORED, response_only=True, status_codes=["200"])],
    )
    def post(self, request: Request, key: str) -> Response:
        """Reference standards, clinical texts and strata, one row a case; all of it or nothing.

        With `dry_run` it tells what would change. Every line that does not fit is named in `fields`. Sending the same
        table twice changes nothing.
        """
        sent = checked(LabelsRequestSerializer, request.data)
        check_can_label(self.study)
        table = read_labels(sent["file"].read(MOST_BYTES + 1))
        plan = actions.plan_import(self.study, table)
        _check_fits(plan)
        stored = (
            0 if sent["dry_run"] else actions.import_labels(study=self.study, table=table, by=self.person)
        )
        told = {
            "dry_run": sent["dry_run"],
            "rows": len(plan.changes),
            "stored": stored,
            "changes": plan.changing,
        }
        return shaped(LabelsSerializer, told)


class ImportMarks(StudyView):
    endpoint = "import_marks"
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="import_marks",
        summary="Store reference marks",
        tags=["images"],
        request={"multipart/form-data": MarksRequestSerializer},
        responses=answers(
            {200: MarksSerializer}, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, body=True
        ),
        examples=[OpenApiExample("Two cases", value={"stored": 2}, response_only=True, status_codes=["200"])],
    )
    def post(self, request: Request, key: str) -> Response:
        """Boxes, points and outlines of the reference standard; all of them or nothing. Labels stay as they are."""
        sent = checked(MarksRequestSerializer, request.data)
        check_can_label(self.study)
        try:
            table = read_marks(sent["file"].read(MOST_BYTES + 1))
        except Unreadable as error:
            _refuse(error.problems)
        _refuse(actions.problems_of_marks(self.study, table))
        stored = actions.import_marks(study=self.study, table=table, by=self.person)
        return shaped(MarksSerializer, {"stored": stored})


def _check_fits(plan: Plan) -> None:
    _refuse(plan.problems)


def _refuse(problems: Sequence[Problem]) -> None:
    """Raises `NotRight` with every problem of a file; nothing where there is none."""
    if not problems:
        return
    shown = [str(problem) for problem in problems[:PROBLEMS_SHOWN]]
    count = len(problems)
    told = ngettext(
        "Nothing was written, because the table has %(n)d problem.",
        "Nothing was written, because the table has %(n)d problems.",
        count,
    ) % {"n": count}
    if count > PROBLEMS_SHOWN:
        told += " " + _("The first %(shown)d are shown.") % {"shown": PROBLEMS_SHOWN}
    raise NotRight(told, {"file": shown})
