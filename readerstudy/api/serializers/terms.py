"""Shapes of image sets and their terms."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from readerstudy.cases.models import Recipients
from readerstudy.cases.models.terms import LONGEST_LICENCE

MOST_PROVIDERS = 100


class TermsRequestSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80, help_text="Of a set that is there, or of a new one.")
    source = serializers.CharField(max_length=200, default="", allow_blank=True)  # type: ignore[assignment]  # the framework takes fields out of the class
    licence = serializers.CharField(max_length=LONGEST_LICENCE, default="", allow_blank=True)
    models = serializers.ChoiceField(
        Recipients.choices, help_text="Which models may be given the images of the set."
    )
    providers = serializers.ListField(
        child=serializers.CharField(max_length=40),
        default=list,
        max_length=MOST_PROVIDERS,
        help_text="With `listed`: the providers that the terms name, as this site calls them.",
    )
    expires = serializers.DateField(required=False, allow_null=True, help_text="The last day of the terms.")
    receives = serializers.BooleanField(
        required=False, help_text="True: files that come in from now on belong to this set; false: no longer."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["models"] == Recipients.LISTED) != bool(attrs["providers"]):
            told = _("Name providers with “listed”, and with nothing else.")
            raise serializers.ValidationError({"providers": [told]})
        if attrs["models"] != Recipients.UNSTATED and not (attrs["source"] or attrs["licence"]):
            told = _("Say where the images come from, or write the licence.")
            raise serializers.ValidationError({"source": [told]})
        return attrs


class ImageSetSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    images = serializers.IntegerField(help_text="Images in cases that were not left out.")
    receives = serializers.BooleanField(help_text="Whether files that come in belong to this set.")
    version = serializers.IntegerField(help_text="Of the terms; 0 where nobody has stated any.")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # as above
    licence = serializers.CharField(allow_blank=True)
    models = serializers.ChoiceField(Recipients.choices)
    providers = serializers.ListField(child=serializers.CharField())
    expires = serializers.DateField(allow_null=True)
    stated_at = serializers.DateTimeField(allow_null=True)


class ImageSetsSerializer(serializers.Serializer[Any]):
    image_sets = ImageSetSerializer(many=True)
