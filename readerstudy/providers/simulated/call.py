"""One call as the simulated vendor understood it, whatever wire format it came in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


class Rejected(Exception):
    """A request that no model ever sees: status, the vendor's code for it and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class SentImage:
    """One image as it was sent."""

    mime: str
    data: bytes = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """The hash of the encoded bytes."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Call:
    """A parsed request."""

    vendor: str
    model: str
    system: str
    text: str
    images: tuple[SentImage, ...]
    parameters: Mapping[str, Any]

    @property
    def max_tokens(self) -> int | None:
        """The output limit, if one was asked for."""
        for name in ("max_completion_tokens", "max_tokens", "maxOutputTokens"):
            value = self.parameters.get(name)
            if isinstance(value, int) and value > 0:
                return value
        return None

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same model, words and images: a request and its retries share it."""
        words = [self.vendor, self.model, self.system, self.text, *(image.sha256 for image in self.images)]
        return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:16]

    @property
    def input_tokens(self) -> int:
        """An invented but plausible count."""
        return (len(self.system) + len(self.text)) // 4 + 258 * len(self.images) + 8
