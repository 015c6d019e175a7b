"""A study from a protocol file, and a draft replaced by one: all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.providers.prompts import Prompt
from readerstudy.studies.actions import create_study, remove_arm, save_arm, save_prompt
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.models import SECTIONS, Arm, Criterion, Design, PromptVersion, ProtocolFile, Study
from readerstudy.studies.policies import StudyError, check_protocol_open
from readerstudy.studies.protocol.arms import arm_fields, takes_prompt
from readerstudy.studies.protocol.case_tables import case_list, store_cases, without_rows
from readerstudy.studies.protocol.difference import differences
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.protocol.library import Template, criteria_of
from readerstudy.studies.protocol.loading import check_storable
from readerstudy.studies.protocol.sections import TOUCHED, put_section
from readerstudy.studies.rubrics.documents import from_document

BEYOND = 1000
"""Positions that no question has: there questions wait while others take their places."""


@transaction.atomic
def load_protocol(*, document: Document, by: User, text: str = "") -> Study:
    """Makes a draft with everything that a protocol file says; whoever loads it coordinates it.

    `text` is the file as it came in, which is kept.

    Raises:
        ProtocolError: naming line, field and remedy of all that cannot be stored.
    """
    check_storable(document)
    head = document.data["study"]
    study = create_study(title=head["title"], question=head["question"], by=by)
    _write(study, document, by)
    _keep(study, text, by)
    data = {"sha256": document.sha256}
    record("protocol.load", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return study


def start_from_template(*, found: Template, stage: str, by: User) -> Study:
    """A draft with everything that a template says but its cases, which stand for images of one's own."""
    document = found.stages[stage]
    data = {**document.data}
    if "cases" in data:
        data["cases"] = without_rows(data["cases"])
    return load_protocol(document=Document(data), by=by)


@transaction.atomic
def replace_protocol(*, study: Study, document: Document, by: User, text: str = "") -> Study:
    """Makes a draft what a protocol file says; readers, images and outputs that are there stay.

    Raises:
        ProtocolError: as for `load_protocol`.
        StudyError: where the study is locked, or an arm that the file lacks has outputs already.
    """
    study = locked(study)
    check_protocol_open(study)
    check_storable(document)
    changes = [str(each) for each in differences(data_of(study), canonical(document))]
    _write(study, document, by)
    _keep(study, text, by)
    data = {"sha256": document.sha256, "changes": changes}
    record("protocol.replace", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return study


def _write(study: Study, document: Document, by: User) -> None:
    data = document.data
    _write_sections(study, data)
    versions = _write_prompts(study, data.get("prompts", {}), by)
    _write_arms(study, data["arms"], versions, by)
    _write_criteria(study, criteria_of(document), "main")
    _write_criteria(study, data.get("phases", {}).get("exit", ()), "exit")
    store_cases(study, case_list(data), by)


def _write_sections(study: Study, data: Mapping[str, Any]) -> None:
    design, _created = Design.objects.get_or_create(study=study)
    design.study = study
    for name in SECTIONS:
        put_section(design, name, _content(data, name))
    study.refusal_policy = data.get("refusals", Study().refusal_policy)
    study.save(update_fields=[*TOUCHED, "refusal_policy"])
    design.save(update_fields=["document"])


def _content(data: Mapping[str, Any], name: str) -> Any:
    """A section without what has rows of its own."""
    content = data.get(name, {})
    if name == "cases":
        return without_rows(content)
    return {key: value for key, value in content.items() if key != "exit"} if name == "phases" else content


def _write_prompts(
    study: Study, prompts: Mapping[str, Mapping[str, Any]], by: User
) -> dict[str, PromptVersion]:
    """The version of each prompt; one that says something new becomes the next of its name."""
    known = {version.name: version for version in PromptVersion.objects.newest(study)}
    found = {}
    for name, told in prompts.items():
        prompt, last = Prompt.from_json(told), known.get(name)
        same = last is not None and last.sha256 == prompt.sha256
        found[name] = (
            last if last and same else save_prompt(study=study, name=name, prompt=prompt, by=by, parent=last)
        )
    return found


def _write_arms(
    study: Study, arms: Sequence[Mapping[str, Any]], versions: Mapping[str, PromptVersion], by: User
) -> None:
    there = {arm.name: arm for arm in Arm.objects.filter(study=study)}
    for name in there.keys() - {told["name"] for told in arms}:
        remove_arm(arm=there[name], by=by)
    for told in arms:
        fields = {**arm_fields(told), "prompt": versions[told["prompt"]] if takes_prompt(told) else None}
        save_arm(study=study, fields=fields, by=by, arm=there.get(told["name"]))
    _order(Arm.objects.filter(study=study), "name", [told["name"] for told in arms])


def _write_criteria(study: Study, criteria: Sequence[Mapping[str, Any]], phase: str) -> None:
    rubric = study.rubrics.latest("version")
    siblings = rubric.criteria.filter(phase=phase)
    there = {each.key: each for each in siblings}
    _remove(siblings.exclude(key__in=[told["key"] for told in criteria]))
    for place, told in enumerate(criteria, start=BEYOND):
        criterion = there.get(told["key"]) or Criterion(rubric=rubric, phase=phase, position=place)
        for name, value in from_document(told).items():
            setattr(criterion, name, value)
        criterion.save()
    _order(siblings, "key", [told["key"] for told in criteria])


def _remove(criteria: models.QuerySet[Criterion]) -> None:
    try:
        criteria.delete()
    except models.ProtectedError as error:
        sentence = _(
            "Questions that the file lacks were answered in a pilot already. Make a new study from the file."
        )
        raise StudyError(sentence) from error


def _order(rows: models.QuerySet[Any], column: str, names: Sequence[str]) -> None:
    """Puts rows into the order of their names; first all step aside, because no two may have one position."""
    rows.update(position=models.F("position") + 2 * BEYOND)
    for position, name in enumerate(names):
        rows.filter(**{column: name}).update(position=position)


def _keep(study: Study, text: str, by: User) -> None:
    if text:
        digest = hashlib.sha256(text.encode()).hexdigest()
        ProtocolFile.objects.create(study=study, text=text, sha256=digest, loaded_by=by)
