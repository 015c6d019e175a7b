"""Running studies with questions of every kind, as a reader meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.test import Client
from django.urls import reverse

from readerstudy.cases.models import Case
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.studies.actions import set_section
from readerstudy.studies.models import Membership, Study
from tests import factories

LONG = """Findings:
- The heart is enlarged.
- There is a small effusion on the left.
- No pneumothorax is seen.

1. The cardiothoracic ratio is above one half.
2. The left angle is blunted, which speaks for fluid.
3. So the picture fits heart failure, e.g. in a patient with dyspnoea."""
ABC = [
    {"value": value, "label": label}
    for value, label in zip("abc", ("Tumour", "Infection", "Other"), strict=True)
]
LABELS = [{"value": "made_up", "label": "Not in the image"}, {"value": "wrong", "label": "Seen wrongly"}]
SUPPORT = [
    {"value": "supported", "label": "Supported"},
    {"value": "unsupported", "label": "Not supported"},
    {"value": "wrong", "label": "Wrong"},
]
SIDES = [
    {"value": "-2", "label": "A much better"},
    {"value": "-1", "label": "A slightly better"},
    {"value": "0", "label": "Equal"},
    {"value": "1", "label": "B slightly better"},
    {"value": "2", "label": "B much better"},
]
GATE = [
    {"value": "adequate", "label": "Yes"},
    {"value": "limited", "label": "With limits"},
    {"value": "no", "label": "No"},
]
KINDS: Mapping[str, dict[str, Any]] = {
    "quality_gate": {"options": GATE, "applies_to": "case", "allows_cannot_judge": False},
    "yes_no": {},
    "single_choice": {"options": ABC, "shuffled": True},
    "multiple_choice": {"options": ABC},
    "likert": {"asks_reason": True},
    "ranking": {"options": ABC},
    "integer": {"minimum": 0, "maximum": 20},
    "number": {"minimum": 0, "maximum": 100, "unit": "mm"},
    "visual_analogue": {},
    "confidence": {},
    "free_text": {"is_required": False},
    "text_span": {"options": LABELS},
    "grid": {"options": SUPPORT, "applies_to": "sentence"},
    "box": {"applies_to": "case"},
    "point": {"applies_to": "case"},
    "length": {"applies_to": "case"},
    "polygon": {"applies_to": "case"},
    "edit": {"allows_cannot_judge": False},
}
"""Every kind that a single output may be asked about, with the least it needs."""


def ask(study: Study, key: str, kind: str = "", **fields: Any) -> None:
    kind = kind or key
    wanted = {"acceptable_from": None, "direction": "none", **KINDS.get(kind, {}), **fields}
    wanted.setdefault("question", f"What about {key.replace('_', ' ')}?")
    factories.make_criterion(study, key=key, kind=kind, **wanted)


def make_draft(
    *, texts: Sequence[str] = (LONG,), cases: int = 1, display: Any = None, **changes: Any
) -> Study:
    """A draft with outputs and a reader; the texts of a case stand side by side where there are several."""
    study = factories.make_study(**changes)
    arms = [factories.make_arm(study) for _text in texts]
    for _number in range(cases):
        case = factories.make_case(study, label="abnormal", clinical_text="Cough for two weeks.")
        for arm, text in zip(arms, texts, strict=True):
            factories.make_output(arm, case, text=text)
    factories.make_reader(study)
    if len(texts) > 1:
        together = {"plan": "crossed", "outputs": "together"}
        set_section(study=study, name="allocation", content=together, by=study.created_by)
    if display:
        set_section(study=study, name="display", content=display, by=study.created_by)
    return study


def start(study: Study) -> tuple[Membership, list[Allocation]]:
    """Freezes and starts; the reader's seat, and the presentations in order."""
    factories.freeze(study)
    study = start_study(study=study, by=study.created_by)
    seat = Membership.objects.readers(study)[0]
    return seat, list(Allocation.objects.of(seat))


def stratum(study: Study, **strata: str) -> None:
    """Every case of the study has these strata."""
    sections = [{"name": name, "levels": [level, "other"]} for name, level in strata.items()]
    set_section(study=study, name="strata", content=sections, by=study.created_by)
    for case in Case.objects.of(study):
        case.strata = strata
        case.save(update_fields=["strata"])


def signed_in(seat: Membership) -> Client:
    client = Client()
    client.force_login(seat.user)
    return client


def address(name: str, allocation: Allocation) -> str:
    return reverse(f"reading:{name}", args=[allocation.seat.study.key, allocation.key])
