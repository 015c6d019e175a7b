"""The label that a model gave a case: as its reply was read against its prompt, else out of its text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

RULE = (
    "The label is what the reply gave in the field that its prompt asked for, or what was imported beside the text. Of "
    "other texts it is what follows “Classification:” in the text's last line of that form, compared with the "
    "reference labels without regard to case, quotes, emphasis marks and a final full stop."
)
ASKED = frozenset({"valid", "repaired", "invalid"})
_LINE_ENDS = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_EMPHASIS = re.compile(r"[*`]+")
# At the start of a line, after a list or quotation mark, or after the end of a sentence.
_FORM = re.compile(
    r"(?:^[\s>#•\-\d.)]*|[.;!?]\s+)_*classification_*\s*[:：]\s*(?P<label>\S.*)$", re.IGNORECASE
)
_SURROUNDINGS = " \t\u00a0_*`.。;,!\"'“”„«»‘’()[]<>"


def own_label(text: str, extracted: str | None, status: str | None, labels: Iterable[str]) -> str | None:
    """The one of `labels` that an output gave its case; None where it gave none of them.

    `extracted` and `status` are those of the output's extraction, None where there is none. Where a form was asked for,
    or a label was found, that alone counts; other texts are searched.
    """
    if extracted or status in ASKED:
        return {fold(label): label for label in labels}.get(fold(extracted or ""))
    return read_label(text, labels)


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
