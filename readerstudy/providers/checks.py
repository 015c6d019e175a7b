"""What every adapter looks at before a call: a key, and images that the vendor takes."""

from __future__ import annotations

from collections.abc import Collection

from readerstudy.providers.base import Connection, ErrorCode, InterpretationRequest
from readerstudy.providers.faults import misconfigured


def check_before(connection: Connection, request: InterpretationRequest, *, mimes: Collection[str]) -> None:
    """Stop a call that could not become a correct one.

    Raises:
        ProviderError: if there is no key, or an image of a type that the vendor does not take.
    """
    if not connection.api_key:
        raise misconfigured(
            f"The connection “{connection.name}” has no API key. Enter one; for a local server any word will do."
        )
    if any(image.mime not in mimes for image in request.images):
        raise misconfigured(
            f"“{connection.name}” does not take images of this type. Use PNG, JPEG or WebP renditions.",
            code=ErrorCode.UNSUPPORTED_IMAGE,
        )
