"""Which version of a vendor's library made a call."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def version_of(package: str) -> str:
    """The installed version; read once, because reading it takes as long as a query."""
    return metadata.version(package)
