"""The shape of a large file on its way."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from readerstudy.cases.models import Fate


class TransferSerializer(serializers.Serializer[Any]):
    offset = serializers.IntegerField(help_text="How many bytes have arrived.")
    size = serializers.IntegerField(help_text="How many bytes the file has.")
    id = serializers.IntegerField(
        allow_null=True, help_text="The file's id in the report of uploads, once all of it has arrived."
    )
    fate = serializers.ChoiceField(
        [("", "on its way"), *Fate.choices], help_text="Empty until all has arrived."
    )
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it was refused or set aside, as a sentence."
    )
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the whole file, once it has arrived.")
