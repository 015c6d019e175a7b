"""A section of a protocol file put into a study's design: its columns are set, the rest is kept. Saves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import override

from readerstudy.studies.models import Design, Study
from readerstudy.studies.models.design import COLUMNS, TEXT_COLUMNS

TOUCHED = tuple({column for columns in (*COLUMNS.values(), TEXT_COLUMNS) for column in columns.values()})
"""Columns of the study that a section may set."""


def put_section(design: Design, name: str, content: Any) -> None:
    """Replaces a section that was checked. A column that it does not name gets its usual value."""
    texts = design.section("texts") if name == "study" else {}
    kept = _kept(design, name, content)
    design.document = {**{key: value for key, value in design.document.items() if key != name}, **kept}
    if texts:  # another language may now be the study's own
        put_section(design, "texts", texts)


def usual(column: str, language: str) -> Any:
    """The usual value of a column of a study, a text in this language."""
    with override(language):
        value = getattr(Study(), column)
        return value if isinstance(value, bool) else str(value)


def _kept(design: Design, name: str, content: Any) -> dict[str, Any]:
    """The part of a section that has no columns, by the section's name."""
    if name == "texts":
        rest = _without_own_texts(design, content)
    elif name in COLUMNS:
        _set_columns(design, COLUMNS[name], content)
        rest = {field: value for field, value in content.items() if field not in COLUMNS[name]}
    else:
        rest = content
    return {name: rest} if rest else {}


def _without_own_texts(design: Design, content: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    own = content.get(design.language, {})
    _set_columns(design, TEXT_COLUMNS, own)
    rest = {field: value for field, value in own.items() if field not in TEXT_COLUMNS}
    others = {code: texts for code, texts in content.items() if code != design.language}
    return {**others, **({design.language: rest} if rest else {})}


def _set_columns(design: Design, columns: Mapping[str, str], said: Mapping[str, Any]) -> None:
    for field, column in columns.items():
        setattr(design.study, column, said.get(field, usual(column, design.language)))
