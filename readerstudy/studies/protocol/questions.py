"""The questions of a study by themselves, checked by form and by sense as those of a whole protocol are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from readerstudy.declared.forms import told
from readerstudy.studies.protocol.document import schema
from readerstudy.studies.rubrics.rules import Path, problems_after_last_case, problems_among


def problems_asked(
    phase: str, questions: Sequence[Mapping[str, Any]], strata: Mapping[str, Sequence[str]]
) -> list[tuple[int, Path, str]]:
    """Problems of the questions of a phase (`main` or `exit`): the place of the question, where in it, a sentence."""
    wrong = [
        (place, path, sentence)
        for place, question in enumerate(questions)
        for error in _validator().iter_errors(question)
        for path, sentence in told(error)
    ]
    if wrong:
        return wrong
    found = problems_among(questions, strata) if phase == "main" else problems_after_last_case(questions)
    return [(int(path[0]), path[1:], sentence) for path, sentence in found]


@cache
def _validator() -> Draft202012Validator:
    whole = schema()
    return Draft202012Validator({**whole["$defs"]["criterion"], "$defs": whole["$defs"]})
