"""A study of the database in the form of a protocol file, and that form for data that came from a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from readerstudy.providers.prompts import Prompt
from readerstudy.studies.models import SECTIONS, Arm, Criterion, Design, PromptVersion, Study
from readerstudy.studies.protocol.arms import arm_document, arm_fields, prompt_names, takes_prompt
from readerstudy.studies.protocol.case_tables import CaseList, case_list, told_cases, told_image_sets
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.library import criteria_of
from readerstudy.studies.protocol.sections import put_section
from readerstudy.studies.protocol.writing import in_order
from readerstudy.studies.rubrics.documents import canonical as canonical_criterion
from readerstudy.studies.rubrics.documents import to_document

FORMAT = 1
ANY_ARM: dict[str, Any] = {"name": "Any", "source": "imported"}
ANY_QUESTION: dict[str, Any] = {"key": "any", "kind": "free_text", "question": "Any"}
ANY_ALLOCATION: dict[str, Any] = {"plan": "crossed"}


def document_of(study: Study) -> Document:
    """The whole protocol of a study in canonical form; what was not said yet is missing."""
    return Document(data_of(study))


def data_of(study: Study) -> dict[str, Any]:
    """The same as plain data."""
    of_arms = PromptVersion.objects.filter(study=study, arms__isnull=False).distinct()
    versions = list(of_arms.order_by("name", "-number"))
    names = prompt_names(versions)
    arms = Arm.objects.filter(study=study).order_by("position")
    rows = {
        "arms": [arm_document(arm, names.get(arm.prompt_id or 0, "")) for arm in arms],
        "prompts": {names[version.pk]: version.prompt.to_json() for version in versions},
        "criteria": [to_document(each) for each in Criterion.objects.of(study)],
    }
    leaving = [to_document(each) for each in Criterion.objects.exit(study)]
    told = CaseList(tuple(told_cases(study)), image_sets=tuple(told_image_sets(study)))
    return _whole(Design.objects.of(study), rows, leaving, told)


def canonical(document: Document) -> dict[str, Any]:
    """What an export gives after a load of this document.

    A ready rubric is written out, values that have a column are all said, what means the same is written alike, and
    prompts that no arm has are left out.

    Raises:
        ProtocolError: where the document names a rubric that does not exist.
    """
    data = document.data
    design = Design(study=Study())
    for name in SECTIONS:
        if name in data:
            put_section(design, name, data[name])
    design.study.refusal_policy = data.get("refusals", design.study.refusal_policy)
    used = sorted({told["prompt"] for told in data["arms"] if takes_prompt(told)})
    rows = {
        "arms": [_canonical_arm(told) for told in data["arms"]],
        "prompts": {name: Prompt.from_json(data["prompts"][name]).to_json() for name in used},
        "criteria": [canonical_criterion(each) for each in criteria_of(document)],
    }
    leaving = [canonical_criterion(each) for each in data.get("phases", {}).get("exit", ())]
    return _whole(design, rows, leaving, case_list(data))


def draft_of(study: Study) -> dict[str, Any]:
    """The protocol of a study that is being built: what a whole one cannot do without has a stand-in."""
    stand_ins = {"arms": [ANY_ARM], "criteria": [ANY_QUESTION], "allocation": ANY_ALLOCATION}
    return {**stand_ins, **data_of(study)}


def _whole(
    design: Design, rows: Mapping[str, Any], leaving: list[dict[str, Any]], cases: CaseList
) -> dict[str, Any]:
    sections = {name: design.section(name) for name in SECTIONS}
    table, image_sets = [dict(row) for row in cases.rows], [dict(each) for each in cases.image_sets]
    if image_sets:
        sections["cases"] = {**sections["cases"], "image_sets": image_sets}
    if table:
        sections["cases"] = {**sections["cases"], "table": table}
        sections["strata"] = [*sections["strata"], *_undeclared(sections["strata"], table)]
    sections["phases"] = {key: value for key, value in sections["phases"].items() if key != "exit"}
    if leaving:
        sections["phases"]["exit"] = leaving
    found = {name: content for name, content in {**sections, **rows}.items() if content}
    return in_order({"format": FORMAT, **found, "refusals": str(design.study.refusal_policy)})


def _canonical_arm(told: Mapping[str, Any]) -> dict[str, Any]:
    return arm_document(Arm(**arm_fields(told)), told["prompt"] if takes_prompt(told) else "")


def _undeclared(
    strata: Sequence[Mapping[str, Any]], table: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Strata that a table of labels brought without a word of the protocol; they change no order."""
    known, levels = {stratum["name"] for stratum in strata}, defaultdict[str, set[str]](set)
    for row in table:
        for name, value in row.get("strata", {}).items():
            levels[name].add(value)
    return [
        {"name": name, "levels": sorted(values), "spread": False, "shown": False}
        for name, values in sorted(levels.items())
        if name not in known
    ]
