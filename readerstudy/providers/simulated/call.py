"""One call as the simulated vendor understood it, whatever wire format it came in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_CAPTION = re.compile("Image “([^”]+)”")
_SAMPLING = ("temperature", "top_p", "topP", "top_k", "topK")


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
    schema: Mapping[str, Any] | None = None
    """The JSON schema that the reply shall keep to, if one was asked for."""
    dialect: str = ""
    """Which server of this wire format is played, where they differ."""

    @property
    def max_tokens(self) -> int | None:
        """The output limit, if one was asked for."""
        for name in ("max_completion_tokens", "max_tokens", "max_output_tokens", "maxOutputTokens"):
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
    def slot(self) -> str:
        """The name of the first image that the words caption, else the usual one."""
        caption = _CAPTION.search(self.text)
        return caption.group(1) if caption else "current"

    @property
    def sampling(self) -> str:
        """The first sampling parameter that was sent, empty where there is none."""
        return next((name for name in _SAMPLING if name in self.parameters), "")

    @property
    def input_tokens(self) -> int:
        """An invented but plausible count."""
        return (len(self.system) + len(self.text)) // 4 + 258 * len(self.images) + 8
