"""Shapes of a study, its readiness and its reports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Role
from readerstudy.studies.stations import Sign


class StudySerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Names the study in addresses.")
    title = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    is_demo = serializers.BooleanField(help_text="A demonstration: everything in it is simulated.")


class OwnStudySerializer(StudySerializer):
    role = serializers.ChoiceField(Role.choices, help_text="The token's role.")


class OwnStudiesSerializer(serializers.Serializer[Any]):
    results = OwnStudySerializer(many=True)


class StudyCountsSerializer(serializers.Serializer[Any]):
    files = serializers.IntegerField(help_text="Files that came in, whatever became of them.")
    files_unfinished = serializers.IntegerField(help_text="Files that are still being rendered.")
    files_refused = serializers.IntegerField()
    cases = serializers.IntegerField()
    images = serializers.IntegerField()
    images_unconfirmed = serializers.IntegerField(help_text="Images that nobody has looked at yet.")
    arms = serializers.IntegerField()
    criteria = serializers.IntegerField()
    readers = serializers.IntegerField()


class ReadinessLineSerializer(serializers.Serializer[Any]):
    sign = serializers.ChoiceField(
        [sign.value for sign in Sign], help_text="`bad` keeps the study from starting."
    )
    text = serializers.CharField()


class StudyDetailSerializer(StudySerializer):
    question = serializers.CharField(allow_blank=True)
    protocol_version = serializers.IntegerField()
    manifest_sha256 = serializers.CharField(allow_blank=True, help_text="Empty until the study is locked.")
    locked_at = serializers.DateTimeField(allow_null=True)
    counts = StudyCountsSerializer()
    readiness = ReadinessLineSerializer(many=True)


class ReportSerializer(serializers.Serializer[Any]):
    study = serializers.CharField(source="study.key")
    created_at = serializers.DateTimeField()
    is_interim = serializers.BooleanField(help_text="Made before the study was closed.")
    input_sha256 = serializers.CharField(help_text="SHA-256 of the data that the report rests on.")
    software = serializers.CharField()
    seed = serializers.IntegerField(help_text="Of every resampled interval.")
    content = serializers.DictField(
        help_text="The report itself: every figure with its method, n and interval."
    )
