"""Changing a section of a protocol: it is checked as part of the whole before it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.models import SECTIONS, Design, Study
from readerstudy.studies.policies import StudyError, check_protocol_open
from readerstudy.studies.protocol.document import problems_of
from readerstudy.studies.protocol.exporting import draft_of
from readerstudy.studies.protocol.problems import Problem
from readerstudy.studies.protocol.sections import TOUCHED, put_section


class DesignRefused(StudyError):
    """A section does not fit; `problems` say where and what to do."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(problem) for problem in self.problems))


@transaction.atomic
def set_section(*, study: Study, name: str, content: Any, by: User) -> Design:
    """Replaces one section of an open protocol by `content`, in the form of a protocol file.

    An empty content takes the section out. What is a column of the study is written there. The questions after the
    last case, `phases.exit`, are rows like all questions and are not changed here.

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
    put_section(design, name, content)
    design.study.save(update_fields=TOUCHED)
    design.save(update_fields=["document"])
