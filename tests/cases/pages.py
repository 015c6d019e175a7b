"""Asking for a page of the Images station, and reading what came."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from readerstudy.studies.models import Study

JSON = {"HTTP_ACCEPT": "application/json"}


def address(name: str, study: Study, *args: str) -> str:
    return reverse(f"cases:{name}", args=[study.key, *args])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]
