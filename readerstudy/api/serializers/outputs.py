"""Shapes of the progress of model outputs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class AddedSerializer(serializers.Serializer[Any]):
    added = serializers.IntegerField(
        help_text="Outputs that nobody had asked for before; 0 in a repeated call."
    )


class RetriedSerializer(serializers.Serializer[Any]):
    retried = serializers.IntegerField(help_text="Failed outputs that are queued again.")


class OutputCountsSerializer(serializers.Serializer[Any]):
    wanted = serializers.IntegerField()
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Refused and partly refused ones included.")
    refused = serializers.IntegerField(help_text="The model declined.")
    partly_refused = serializers.IntegerField(source="partial")
    failed = serializers.IntegerField(help_text="No reply could be had; see `failures`.")
    retried = serializers.IntegerField(help_text="Outputs that took more than one call.")
    attempts = serializers.IntegerField(help_text="Calls in all.")
    possibly_paid = serializers.IntegerField(
        help_text="Calls whose reply is not used and may have been charged."
    )
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()


class ArmProgressSerializer(serializers.Serializer[Any]):
    arm = serializers.CharField(source="arm.name")
    is_simulated = serializers.BooleanField(
        source="arm.is_simulated", help_text="No real model writes these."
    )
    is_recorded = serializers.BooleanField(source="arm.is_recorded", help_text="Made elsewhere and imported.")
    counts = OutputCountsSerializer()
    median_seconds = serializers.FloatField(allow_null=True, help_text="Of the calls that gave a reply.")


class FailureSerializer(serializers.Serializer[Any]):
    sentence = serializers.CharField()
    count = serializers.IntegerField()


class OutputProgressSerializer(serializers.Serializer[Any]):
    is_active = serializers.BooleanField(help_text="Something is queued or running.")
    is_held = serializers.BooleanField(help_text="A coordinator has stopped the queue.")
    per_minute = serializers.FloatField(
        allow_null=True, help_text="Pace of the last minute, where it is known."
    )
    minutes_left = serializers.FloatField(allow_null=True)
    quiet_until = serializers.DateTimeField(
        allow_null=True, help_text="A vendor asked for silence until then."
    )
    total = OutputCountsSerializer()
    arms = ArmProgressSerializer(many=True)
    failures = FailureSerializer(many=True)
