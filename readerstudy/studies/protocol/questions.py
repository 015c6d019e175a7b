"""The questions of a study by themselves, checked by form and by sense as those of a whole protocol are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from readerstudy.studies.protocol.document import schema, told
from readerstudy.studies.rubrics.rules import Path, problems_after_last_case, problems_among


def problems_asked(
    phase: str, questions: Sequence[Mapping[str, Any]], strata: Mapping[str, Sequence[str]]
) -> list[tuple[Path, str]]:
    """Problems of the questions of a phase (`main` or `exit`), each path beginning with the place of its question."""
    wrong = [
        ((place, *path), sentence)
        for place, question in enumerate(questions)
        for error in _validator().iter_errors(question)
        for path, sentence in told(error)
    ]
    if wrong:
        return wrong
    return list(problems_among(questions, strata) if phase == "main" else problems_after_last_case(questions))


@cache
def _validator() -> Draft202012Validator:
    whole = schema()
    return Draft202012Validator({**whole["$defs"]["criterion"], "$defs": whole["$defs"]})
