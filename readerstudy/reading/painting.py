"""Questions as readers get them, for pages of the console where they are chosen and written."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from readerstudy.reading.questions import Presentation, Subject
from readerstudy.reading.visibility import entries_of, show_question
from readerstudy.studies.models import Criterion, Kind
from readerstudy.studies.rubrics.previews import register

LETTERS = ("A", "B")


def paint(criteria: Sequence[Criterion]) -> SafeString:
    """The controls of questions about a sample text, none answered; conditions do not hide any."""
    for criterion in criteria:
        criterion.when = []
    text = _text()
    subject = Subject(LETTERS[0], format_html("<p>{}</p>", text))
    presentation = Presentation(tuple(criteria), (subject,), {}, subject.html)
    shown = [
        show_question(question, None, is_asked=True, order="", source=text, letters=LETTERS)
        for question in presentation.questions
    ]
    controls = render_to_string("reading/controls/entries.html", {"entries": entries_of(shown)})
    marked = any(criterion.kind == Kind.TEXT_SPAN for criterion in criteria)
    return format_html('<p class="written sample">{}</p>{}', text, controls) if marked else controls


def _text() -> str:
    return _("The heart is not enlarged. A small effusion blunts the left angle. No fracture is seen.")


register(paint)
