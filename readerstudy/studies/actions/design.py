"""Changing a section of a protocol: it is checked as part of the whole before it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.models import Design, Study
from readerstudy.studies.models.design import COLUMNS, SECTIONS, TEXT_COLUMNS
from readerstudy.studies.policies import StudyError, check_protocol_open
from readerstudy.studies.protocol.document import problems_of
from readerstudy.studies.protocol.exporting import draft_of
from readerstudy.studies.protocol.problems import Problem


class DesignRefused(StudyError):
    """A section does not fit; `problems` say where and what to do."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(problem) for problem in self.problems))


@transaction.atomic
def set_section(*, study: Study, name: str, content: Any, by: User) -> Design:
    """Replaces one section of an open protocol by `content`, in the form of a protocol file.

    An empty content takes the section out. What is a column of the study is written there.

    Raises:
        DesignRefused: naming every problem that the section has or makes elsewhere in the protocol.
    """
    study = locked(study)
    check_protocol_open(study)
    check_section(study=study, name=name, content=content)
    design, _created = Design.objects.get_or_create(study=study)
    design.study = study
    old = design.section(name)
    store_section(design, name, content)
    data = {"section": name, "old": old, "new": content}
    if old != content:
        record("design.change", by=by, stream=study_stream(study.pk), subject=name, data=data)
    return design


def check_section(*, study: Study, name: str, content: Any) -> None:
    """Raises `DesignRefused` where a section with this content would have or make a problem.

    Problems that the draft has elsewhere already are left for later: a study is built in steps.
    """
    if name not in SECTIONS:
        raise StudyError(_("A protocol has no section “%(name)s”.") % {"name": name})
    draft = draft_of(study)
    known = {(problem.path, problem.sentence) for problem in problems_of(draft)}
    found = problems_of(_with(draft, name, content))
    wrong = [each for each in found if each.path[:1] == (name,) or (each.path, each.sentence) not in known]
    if wrong:
        raise DesignRefused(wrong)


def _with(draft: Mapping[str, Any], name: str, content: Any) -> dict[str, Any]:
    rest = {key: value for key, value in draft.items() if key != name}
    needed = name in ("study", "allocation")
    return {**rest, name: content} if content or needed else rest


def store_section(design: Design, name: str, content: Any) -> None:
    """Writes a section that was checked; to be called in a transaction that holds the study's row."""
    texts = design.section("texts") if name == "study" else {}
    kept = _kept(design, name, content)
    design.document = {**{key: value for key, value in design.document.items() if key != name}, **kept}
    design.save(update_fields=["document"])
    if texts:  # another language may now be the study's own
        store_section(design, "texts", texts)


def _kept(design: Design, name: str, content: Any) -> dict[str, Any]:
    """The part of a section that has no columns, by the section's name; the columns are written on the way."""
    if name == "texts":
        rest = _without_own_texts(design, content)
    elif name in COLUMNS:
        _write_columns(design, COLUMNS[name], content)
        rest = {field: value for field, value in content.items() if field not in COLUMNS[name]}
    else:
        rest = content
    return {name: rest} if rest else {}


def _without_own_texts(design: Design, content: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    own = content.get(design.language, {})
    _write_columns(design, TEXT_COLUMNS, own)
    rest = {field: value for field, value in own.items() if field not in TEXT_COLUMNS}
    others = {code: texts for code, texts in content.items() if code != design.language}
    return {**others, **({design.language: rest} if rest else {})}


def _write_columns(design: Design, columns: Mapping[str, str], said: Mapping[str, Any]) -> None:
    """Columns that the section does not name get their usual value, texts in the study's own language."""
    for field, column in columns.items():
        setattr(design.study, column, said.get(field, usual(column, design.language)))
    design.study.save(update_fields=list(columns.values()))


def usual(column: str, language: str) -> Any:
    """The usual value of a column of a study."""
    with override(language):
        value = getattr(Study(), column)
        return value if isinstance(value, bool) else str(value)
