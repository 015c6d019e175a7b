"""A study of the database in the form of a protocol file."""

from __future__ import annotations

from typing import Any

from readerstudy.studies.models import SECTIONS, Arm, Criterion, Design, Kind, PromptVersion, Study
from readerstudy.studies.protocol.arms import arm_document, prompt_names

FORMAT = 1
ANY_ARM: dict[str, Any] = {"name": "Any", "source": "imported"}
ANY_QUESTION: dict[str, Any] = {"key": "any", "kind": "free_text", "question": "Any"}
ANY_ALLOCATION: dict[str, Any] = {"plan": "crossed"}


def data_of(study: Study) -> dict[str, Any]:
    """The whole protocol; what was not said yet is missing."""
    design = Design.objects.of(study)
    sections = {name: content for name in SECTIONS if (content := design.section(name))}
    versions = list(PromptVersion.objects.in_use(study).order_by("name", "-number"))
    names = prompt_names(versions)
    arms = [arm_document(arm, names) for arm in Arm.objects.filter(study=study).order_by("position")]
    rows: dict[str, Any] = {
        "arms": arms,
        "prompts": {names[version.pk]: version.document for version in versions},
        "criteria": [_criterion(each) for each in Criterion.objects.of(study)],
    }
    found = {name: content for name, content in {**sections, **rows}.items() if content}
    return {"format": FORMAT, **found, "refusals": study.refusal_policy}


def draft_of(study: Study) -> dict[str, Any]:
    """The protocol of a study that is being built: what a whole one cannot do without has a stand-in."""
    stand_ins = {"arms": [ANY_ARM], "criteria": [ANY_QUESTION], "allocation": ANY_ALLOCATION}
    return {**stand_ins, **data_of(study)}


def _criterion(criterion: Criterion) -> dict[str, Any]:
    told: dict[str, Any] = {"key": criterion.key, "kind": criterion.kind, "question": criterion.question}
    if criterion.options and criterion.kind != Kind.YES_NO:
        told["options"] = criterion.options
    return told
