"""Shapes of readings and ratings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from readerstudy.reading.models import Rating
from readerstudy.studies.models import Kind


class ReaderProgressSerializer(serializers.Serializer[Any]):
    reader = serializers.CharField(source="membership.pseudonym")
    is_simulated = serializers.BooleanField(source="membership.user.is_simulated", help_text="No person.")
    consented_at = serializers.DateTimeField(source="membership.consented_at", allow_null=True)
    allocated = serializers.IntegerField(source="total", help_text="Presentations planned for this reader.")
    submitted = serializers.IntegerField(help_text="Presentations the reader has finished.")
    last_rating_at = serializers.DateTimeField(source="last_seen", allow_null=True)


class ReadingProgressSerializer(serializers.Serializer[Any]):
    results = ReaderProgressSerializer(many=True)


class RatingSerializer(serializers.Serializer[Rating]):
    """The columns of the long table, by the same names, for each rating that stands."""

    reader = serializers.CharField(source="allocation.seat.pseudonym")
    case = serializers.CharField(source="allocation.case.code")
    arm = serializers.CharField(
        source="output.arm.name",
        default="",
        help_text="Empty where the question is about the case or a pair.",
    )
    criterion = serializers.CharField(source="criterion.key")
    part = serializers.CharField(
        allow_blank=True, help_text="The piece of the text that was judged, such as s3; empty for the whole."
    )
    kind = serializers.ChoiceField(Kind.choices, source="criterion.kind")
    value = serializers.CharField(
        allow_blank=True, help_text="Empty where it was withdrawn or cannot be judged."
    )
    score = serializers.FloatField(allow_null=True)
    acceptable = serializers.SerializerMethodField()
    cannot_judge = serializers.BooleanField()
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it cannot be judged, where that is asked."
    )
    letter = serializers.CharField(
        source="output.letter", default="", help_text="Under which the reader saw the output."
    )
    position = serializers.IntegerField(source="allocation.position")
    period = serializers.IntegerField(source="allocation.period")
    rated_at = serializers.DateTimeField(source="at")
    protocol_version = serializers.IntegerField(source="event.protocol_version")
    reader_simulated = serializers.BooleanField(source="allocation.seat.user.is_simulated")
    output_simulated = serializers.BooleanField(
        source="output.arm.is_simulated", default=None, allow_null=True
    )
    output_recorded = serializers.BooleanField(source="output.arm.is_recorded", default=None, allow_null=True)

    def get_acceptable(self, rating: Rating) -> bool | None:
        """Whether the score meets the cut that the protocol declares; null where it declares none."""
        return None if rating.score is None else rating.criterion.is_acceptable(rating.score)


class RatingPageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = RatingSerializer(many=True)
