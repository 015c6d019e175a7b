"""Reads the label that a model gave a case out of its text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

RULE = (
    "The label is what follows “Classification:” in the text's last line of that form, compared with the reference "
    "labels without regard to case, quotes, emphasis marks and a final full stop."
)
_LINE_ENDS = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_EMPHASIS = re.compile(r"[*`]+")
# At the start of a line, after a list or quotation mark, or after the end of a sentence.
_FORM = re.compile(
    r"(?:^[\s>#•\-\d.)]*|[.;!?]\s+)_*classification_*\s*[:：]\s*(?P<label>\S.*)$", re.IGNORECASE
)
_SURROUNDINGS = " \t\u00a0_*`.。;,!\"'“”„«»‘’()[]<>"


def read_label(text: str, labels: Iterable[str]) -> str | None:
    """The one of `labels` that the text names, as `labels` spells it; None where it names none of them.

    Only the last line of the form counts, so a text that ends undecided has no label even if an earlier line had one.
    """
    lines = (_FORM.search(_EMPHASIS.sub("", line)) for line in _LINE_ENDS.split(text))
    found = [match["label"] for match in lines if match]
    return {fold(label): label for label in labels}.get(fold(found[-1])) if found else None


def fold(label: str) -> str:
    """The form in which labels are compared."""
    return " ".join(label.strip(_SURROUNDINGS).split()).casefold()
