"""Whether what a protocol file says can be stored; said with line, field and remedy before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from readerstudy.studies.models import Arm, Criterion, PromptVersion, Study
from readerstudy.studies.protocol.arms import arm_fields
from readerstudy.studies.protocol.case_tables import unstorable
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.library import criteria_of
from readerstudy.studies.protocol.problems import Path, ProtocolError
from readerstudy.studies.rubrics.documents import from_document

Problems = Iterator[tuple[Path, str]]
FILE_NAMES: Mapping[str, str] = {
    "kind": "source", "input_condition": "input", "is_required": "required", "acceptable_from": "acceptable"
}  # fmt: skip
"""What a file calls a column where it is not the column's own name."""


def check_storable(document: Document) -> None:
    """Raises `ProtocolError` with everything that the database could not keep."""
    criteria_of(document)
    problems = [document.problem(path, sentence) for path, sentence in _problems(document)]
    if problems:
        raise ProtocolError(problems)


def _problems(document: Document) -> Problems:
    data = document.data
    yield from unstorable(data)
    yield from _unfit(("study",), Study(title=data["study"]["title"]), {"title"})
    for number, told in enumerate(data["arms"]):
        yield from _unfit(("arms", number), Arm(**arm_fields(told)), set(arm_fields(told)))
    for name in data.get("prompts", {}):
        yield from _unfit(("prompts", name), PromptVersion(name=name), {"name"})
    for path, told in _criteria(document):
        yield from _unfit(path, Criterion(**from_document(told)), set(from_document(told)))


def _criteria(document: Document) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for number, told in enumerate(criteria_of(document)):
        yield ("criteria", number), told
    for number, told in enumerate(document.data.get("phases", {}).get("exit", ())):
        yield ("phases", "exit", number), told


def _unfit(path: Path, row: Model, columns: set[str]) -> Problems:
    """What the columns of a row cannot hold."""
    others = {field.name for field in row._meta.fields} - columns
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        for column, sentences in error.message_dict.items():
            for sentence in sentences:
                yield (*path, FILE_NAMES.get(column, column)), sentence
