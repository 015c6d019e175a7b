"""Model providers: adapters with one contract, refusal verdicts, and a simulated vendor.

`interpret(connection, request)` is the only way to a model; `refusals.classify` says what kind of
response a text is. Plain Python: no Django, and vendors' SDKs are imported only by the call that needs them.
"""

from readerstudy.providers.base import (
    ADAPTERS,
    Connection,
    ErrorCode,
    ImagePart,
    InterpretationRequest,
    Outcome,
    Part,
    ProviderError,
    Reply,
    Retry,
    TextPart,
    interpret,
)

__all__ = [
    "ADAPTERS",
    "Connection",
    "ErrorCode",
    "ImagePart",
    "InterpretationRequest",
    "Outcome",
    "Part",
    "ProviderError",
    "Reply",
    "Retry",
    "TextPart",
    "interpret",
]
