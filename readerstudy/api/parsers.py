"""How bodies are read: always UTF-8, never more JSON than a sensible request has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

MOST_JSON_BYTES = 1_000_000


class SmallJSONParser(parsers.JSONParser):
    """JSON of at most `MOST_JSON_BYTES`; the framework itself would read any number of bytes into memory."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        context = dict(parser_context or {})
        if int(context["request"].META.get("CONTENT_LENGTH") or 0) > MOST_JSON_BYTES:
            raise RequestDataTooBig
        try:
            return super().parse(stream, media_type, context)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply. Send it as documented.")) from error
