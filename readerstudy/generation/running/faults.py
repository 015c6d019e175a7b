"""How an unexpected exception is written to the log: where it happened, never what it was about.

The messages of exceptions quote rows, texts and addresses; file names, line numbers and class names do not.
"""

from __future__ import annotations

import traceback


def frames(error: BaseException) -> str:
    """Class and frames of an exception and of those it came from, without any message or value."""
    parts: list[str] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        where = "".join(traceback.format_list(traceback.extract_tb(following.__traceback__)))
        parts.append(f"{type(following).__module__}.{type(following).__qualname__}\n{where}")
        following = following.__cause__ or following.__context__
    return "caused by\n".join(parts)
