"""Questions as readers get them, on pages of the console. The room that draws them says how, when it starts up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from readerstudy.studies.models import Criterion
from readerstudy.studies.rubrics.documents import from_document

Paint = Callable[[Sequence[Criterion]], SafeString]


def _plainly(criteria: Sequence[Criterion]) -> SafeString:
    return render_to_string("studies/_questions_plain.html", {"criteria": criteria})


_painters: list[Paint] = [_plainly]


def register(paint: Paint) -> None:
    """Has questions painted by `paint` from now on; it gets rows that may not be stored."""
    _painters.append(paint)


def painted(questions: Sequence[Mapping[str, Any]]) -> SafeString:
    """The controls of questions in the form of a protocol file, in reading order, none of them answered."""
    return _painters[-1]([Criterion(**from_document(question)) for question in questions])
