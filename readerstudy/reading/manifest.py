"""The manifest: one hash over everything that the lock freezes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from readerstudy.cases.models import Case, Image, ImageRules, Purpose, Rendition
from readerstudy.designs import crossed
from readerstudy.generation.models import FrozenOutput, FrozenSet, Interpretation
from readerstudy.reading.allocating_store import digest_of, stored_rows
from readerstudy.reading.models import AllocatedOutput, AllocationPlan
from readerstudy.studies.models import Arm, Criterion, Design, Study

STUDY_FIELDS = [
    "key",
    "title",
    "question",
    "instructions",
    "consent_text",
    "refusal_policy",
    "positive_label",
]
ARM_FIELDS = [
    "position",
    "name",
    "kind",
    "connection",
    "model",
    "prompt__sha256",
    "input_condition",
    "replicates",
    "parameters",
]
CRITERION_FIELDS = [
    "position",
    "key",
    "kind",
    "question",
    "help",
    "options",
    "minimum",
    "maximum",
    "unit",
    "direction",
    "acceptable_from",
    "allows_cannot_judge",
    "is_required",
]


ASKED_FIELDS = (
    "applies_to",
    "stage",
    "shuffled",
    "acceptable",
    "high_quality",
    "asks_reason",
    "when",
)
"""Told of a criterion where they are not as usual, so that studies locked before these fields came stay provable."""


def manifest(study: Study, plan: AllocationPlan) -> dict[str, Any]:
    """Protocol, cases, pixels, interpretations and allocation, in a fixed order.

    Readers who join after the lock are drawn from the same plan; the manifest holds the rows of those before it.
    """
    return {
        "study": {name: getattr(study, name) for name in STUDY_FIELDS if name != "key" or _is_first(plan)},
        "protocol_version": study.protocol_version,
        "arms": list(Arm.objects.filter(study=study).order_by("position").values(*ARM_FIELDS)),
        "criteria": _criteria(Criterion.objects.of(study)),
        "cases": list(Case.objects.read(study).values("code", "clinical_text", "strata", "reference__label")),
        "renditions": _renditions(study),
        "interpretations": _interpretations(study),
        "allocation": _allocation(plan),
        **({} if _is_first(plan) else _design(study)),
        **_leaving(study),
        **_purposes(study),
        **_reference_marks(study),
        **_showing(study),
        **_frozen(study, plan),
    }


def _is_first(plan: AllocationPlan) -> bool:
    """Whether the study was locked when manifests still named its address, which differs from machine to machine."""
    return plan.algorithm == crossed.ALGORITHM


def _design(study: Study) -> dict[str, Any]:
    """The sections of the protocol that have no rows, where anything was said in them."""
    document = Design.objects.of(study).document
    return {"design": document} if document else {}


def _criteria(rows: Iterable[Criterion]) -> list[dict[str, Any]]:
    usual = Criterion()
    return [
        {
            **{name: getattr(row, name) for name in CRITERION_FIELDS},
            **{name: told for name in ASKED_FIELDS if (told := getattr(row, name)) != getattr(usual, name)},
        }
        for row in rows
    ]


def _leaving(study: Study) -> dict[str, Any]:
    """The questions after the last case, where there are any."""
    rows = _criteria(Criterion.objects.exit(study))
    return {"exit_criteria": rows} if rows else {}


def _purposes(study: Study) -> dict[str, Any]:
    """What cases are there for, where some serve practice, checks or a later batch."""
    apart = Case.objects.read(study).exclude(purpose=Purpose.STUDY)
    told = list(apart.values_list("code", "purpose"))
    return {"purposes": told} if told else {}


def _reference_marks(study: Study) -> dict[str, Any]:
    """The marks of the reference standard, where it has some."""
    marked = Case.objects.read(study).filter(reference__marks__isnull=False)
    told = list(marked.values_list("code", "reference__marks"))
    return {"reference_marks": told} if told else {}


def _renditions(study: Study) -> list[tuple[Any, ...]]:
    found = Rendition.objects.current().filter(image__case__in=Case.objects.read(study))
    ordered = found.order_by("image__case__position", "image__slot", "kind", "frame")
    return list(ordered.values_list("image__case__code", "image__slot", "kind", "frame", "sha256"))


def _showing(study: Study) -> dict[str, Any]:
    """How the images are shown, where that is not the usual way, and the order of stacks, where there are any."""
    rules = ImageRules.objects.filter(study=study).values("shown_as", "side").first()
    stacks = (
        Image.objects.of(study).exclude(order=[]).values_list("case__code", "slot", "order", "frame_values")
    )
    told = {"image_rules": rules, "stacks": list(stacks), "show_boxes": study.show_boxes}
    return {name: value for name, value in told.items() if value}


def _interpretations(study: Study) -> list[tuple[Any, ...]]:
    found = Interpretation.objects.filter(generation__arm__study=study)
    ordered = found.order_by(
        "generation__arm__position", "generation__case__position", "generation__replicate"
    )
    return list(ordered.values_list("generation__arm__position", "generation__case__code", "sha256"))


def _frozen(study: Study, plan: AllocationPlan) -> dict[str, Any]:
    """The hashes of the frozen sets and of the texts as readers see them; studies locked without sets have none."""
    frozen = FrozenSet.objects.filter(study=study).order_by("number")
    sets = [(each.number, each.sha256 if _is_first(plan) else _sha256_anywhere(each)) for each in frozen]
    if not sets:
        return {}
    rows = FrozenOutput.objects.of(study).order_by("arm__position", "case__position", "replicate")
    shown = rows.values_list("arm__position", "case__code", "replicate", "shown__sha256")
    return {"frozen_sets": sets, "shown_texts": list(shown)}


def _sha256_anywhere(frozen: FrozenSet) -> str:
    """The hash of a frozen set without the address of its study: the same outputs have the same on every machine."""
    content = json.loads(frozen.manifest)
    return digest({name: value for name, value in content.items() if name != "study"})


def _allocation(plan: AllocationPlan) -> dict[str, Any]:
    """The plan and the rows that it gave at the lock; readers and cases that come later are not among them."""
    told = {
        "algorithm": plan.algorithm,
        "seed_sha256": _sha256(plan.seed),
        "cases": plan.cases,
        "arms": plan.arms,
        "excluded": plan.excluded,
    }
    if plan.algorithm == crossed.ALGORITHM:
        return {**told, "rows": _rows_so_far(plan)}
    count, sha256 = digest_of(row for row in stored_rows(plan, plan.first) if row.batch == 0)
    return {
        **told,
        "plan": plan.plan,
        "readers": plan.first,
        "rows": count,
        "rows_sha256": sha256,
    }


def _sha256(seed: int) -> str:
    return hashlib.sha256(str(seed).encode()).hexdigest()


def _rows_so_far(plan: AllocationPlan) -> list[tuple[Any, ...]]:
    """The rows as the manifests of the first studies list them."""
    found = AllocatedOutput.objects.filter(allocation__plan=plan, allocation__seat__seat__lte=plan.seats)
    ordered = found.order_by("allocation__seat__seat", "allocation__position", "side")
    place = ("allocation__seat__seat", "allocation__position", "allocation__case__code")
    return list(ordered.values_list(*place, "arm__position", "letter"))


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of the manifest in canonical JSON: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=list)
    return hashlib.sha256(canonical.encode()).hexdigest()
