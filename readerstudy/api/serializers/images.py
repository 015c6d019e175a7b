"""Shapes of files, images and labels."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from readerstudy.cases.matching import Change
from readerstudy.cases.models import Fate, Image
from readerstudy.cases.policies import MOST_BOXES

MOST_FILES = 100
MOST_IMAGES = 10_000
MOST_PIXELS = 100_000  # of a side; no image is larger
NO_FILE = gettext_lazy("No file arrived. Send at least one as the multipart field “file”.")
NOT_LOOKED = gettext_lazy("Send true only after a person has looked at every one of these images.")


class UploadRequestSerializer(serializers.Serializer[Any]):
    file = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, use_url=False),
        allow_empty=False,
        max_length=MOST_FILES,
        error_messages={"required": NO_FILE, "empty": NO_FILE},
        help_text="One or many files: DICOM, PNG, JPEG, WebP, TIFF, or a zip of them.",
    )
    path = serializers.ListField(
        child=serializers.CharField(allow_blank=True, max_length=1000),
        required=False,
        help_text="The files' paths in their folder, one for each file in the same order.",
    )

    attested = serializers.BooleanField(
        default=False,
        help_text="True attests, once for each person and study, that names, dates and numbers of patients were "
        "removed from these files where they came from, and that you may use them.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        paths = attrs.setdefault("path", [file.name for file in attrs["file"]])
        if len(paths) != len(attrs["file"]):
            raise serializers.ValidationError({"path": [_("Send one path for each file, or none at all.")]})
        return attrs


class FileSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="upload.pk")
    name = serializers.CharField(help_text="As it came; only coordinators see it.")
    fate = serializers.ChoiceField(Fate.choices, source="upload.fate")
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it was refused or set aside, as a sentence."
    )
    reason_code = serializers.CharField(source="upload.reason_code", allow_blank=True)
    case = serializers.CharField(
        allow_blank=True, help_text="The case it became; empty until it is rendered."
    )
    archive = serializers.IntegerField(
        source="upload.archive_id", allow_null=True, help_text="The id of the archive it was in."
    )
    bytes = serializers.IntegerField(source="upload.size")
    received_at = serializers.DateTimeField(source="upload.received_at")
    finished_at = serializers.DateTimeField(source="upload.finished_at", allow_null=True)


class ReceivedSerializer(serializers.Serializer[Any]):
    files = FileSerializer(many=True)


class FilePageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = FileSerializer(many=True)


class FileFilterSerializer(serializers.Serializer[Any]):
    fate = serializers.ChoiceField(Fate.choices, required=False)


class ImageSerializer(serializers.Serializer[Image]):
    key = serializers.CharField()
    case = serializers.CharField(source="case.code")
    slot = serializers.CharField()
    frames = serializers.IntegerField()
    width = serializers.IntegerField(source="meta.width", help_text="In pixels, as boxes count them.")
    height = serializers.IntegerField(source="meta.height")
    version = serializers.IntegerField(help_text="Grows by one with each mask that was burned in.")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    needs_look = serializers.SerializerMethodField()

    def get_needs_look(self, image: Image) -> list[str]:
        """Why a name or number is likely to be part of the picture, as sentences."""
        return [str(reason["sentence"]) for reason in image.needs_look]


class ImagePageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ImageSerializer(many=True)


class ImageFilterSerializer(serializers.Serializer[Any]):
    confirmed = serializers.BooleanField(required=False)


class ConfirmRequestSerializer(serializers.Serializer[Any]):
    images = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        allow_empty=False,
        max_length=MOST_IMAGES,
        help_text="Keys of the images that were looked at.",
    )
    all = serializers.BooleanField(default=False, help_text="Every image that is not confirmed yet.")
    i_have_looked = serializers.BooleanField(help_text="Must be true: a person has looked at every one.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["i_have_looked"]:
            raise serializers.ValidationError({"i_have_looked": [NOT_LOOKED]})
        if attrs["all"] == ("images" in attrs):
            raise serializers.ValidationError(
                {"images": [_("Send either the keys of images or “all”: true, one of the two.")]}
            )
        return attrs


class ConfirmedSerializer(serializers.Serializer[Any]):
    confirmed = serializers.IntegerField(help_text="Images that were not confirmed before.")
    unconfirmed = serializers.IntegerField(help_text="Images that still wait for somebody to look.")


class MaskRequestSerializer(serializers.Serializer[Any]):
    images = serializers.ListField(
        child=serializers.CharField(max_length=32),
        allow_empty=False,
        max_length=MOST_IMAGES,
        help_text="Keys of the images into which the boxes are burned.",
    )
    boxes = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(min_value=0, max_value=MOST_PIXELS), min_length=4, max_length=4
        ),
        allow_empty=False,
        max_length=MOST_BOXES,
        help_text="Left, top, right and bottom of each in pixels of the image; right and bottom lie just outside.",
    )


class MaskedSerializer(serializers.Serializer[Any]):
    masking = serializers.IntegerField(help_text="Images that a worker now masks; nobody has confirmed them.")
    unconfirmed = serializers.IntegerField(help_text="Images that still wait for somebody to look.")


class LabelsRequestSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        allow_empty_file=True,
        use_url=False,
        error_messages={"required": NO_FILE},
        help_text="A CSV table: `case` or `file`, `reference`, `clinical_text`; other columns are strata.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Tells what would change and writes nothing.")


class MarksRequestSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        allow_empty_file=True,
        use_url=False,
        error_messages={"required": NO_FILE},
        help_text="COCO JSON, or a CSV table with one row a mark: `case`, `points`, and if wanted `slot`, `frame`, "
        "`label`.",
    )


class MarksSerializer(serializers.Serializer[Any]):
    stored = serializers.IntegerField(help_text="Cases whose reference marks were changed.")


class ChangeSerializer(serializers.Serializer[Change]):
    line = serializers.IntegerField()
    case = serializers.CharField(source="code")
    changed = serializers.SerializerMethodField()

    def get_changed(self, change: Change) -> list[str]:
        """`reference`, `clinical_text` or names of strata, sorted."""
        return sorted(change.changed)


class LabelsSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    rows = serializers.IntegerField()
    stored = serializers.IntegerField(help_text="Cases whose labels were changed; 0 in a dry run.")
    changes = ChangeSerializer(many=True)
