"""The text form in which coordinators write the options of a question: one line each, `value = label`."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from readerstudy.studies.models.criterion import Kind, Option

LINE = re.compile(r"^\s*(?P<value>[^=\s][^=]*?)\s*=\s*(?P<label>\S.*?)\s*$")
YES_NO: list[Option] = [{"value": "1", "label": _("Yes")}, {"value": "0", "label": _("No")}]
FEWEST, MOST = 2, 12


def parse_options(text: str, kind: Kind) -> list[Option]:
    """Options from their text form; raises `ValidationError` naming the line at fault."""
    if kind == Kind.YES_NO:
        return list(YES_NO)
    options = [_parse_line(number, line, kind) for number, line in _lines(text)]
    values = [option["value"] for option in options]
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ValidationError(
            _("The value %(value)s stands in two lines. Each option needs its own.") % {"value": twice}
        )
    if not FEWEST <= len(options) <= MOST:
        raise ValidationError(
            _("Write between %(fewest)d and %(most)d options, one on each line.")
            % {"fewest": FEWEST, "most": MOST}
        )
    return sorted(options, key=lambda option: float(option["value"])) if kind == Kind.LIKERT else options


def format_options(options: list[Option]) -> str:
    return "\n".join(f"{option['value']} = {option['label']}" for option in options)


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _parse_line(number: int, line: str, kind: Kind) -> Option:
    found = LINE.match(line)
    if not found:
        raise ValidationError(
            _("Line %(number)d is not of the form “value = label”, for example “5 = Nothing wrong”.")
            % {"number": number}
        )
    value, label = found["value"], found["label"]
    if kind == Kind.LIKERT and not re.fullmatch(r"-?\d{1,3}", value):
        raise ValidationError(
            _("Line %(number)d: “%(value)s” is not a whole number. The values of a scale are numbers.")
            % {"number": number, "value": value}
        )
    return {"value": value, "label": label}
