"""What the lock has frozen and every page of the room needs: read once by each process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from readerstudy.cases.models import Case, Purpose, ShownAs, rules_of
from readerstudy.reading.adjudication.terms import Terms
from readerstudy.reading.questions import BEFORE, stage_of
from readerstudy.reading.visibility import Nature
from readerstudy.studies.models import Arm, Criterion, Design, Study
from readerstudy.studies.protocol.spoken import in_language

REVEALS_LATER = "after_own_answer"


@dataclass(frozen=True)
class Frozen:
    """The frozen parts of one protocol version in one language.

    `phases` is the section of the protocol, `tutorial` its steps.
    """

    criteria: tuple[Criterion, ...]
    shown_as: ShownAs
    nature: Nature
    layout: str
    is_staged: bool
    phases: Mapping[str, Any] = field(default_factory=dict)
    has_practice: bool = False
    tutorial: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    leaving: tuple[Criterion, ...] = ()
    terms: Terms = field(default_factory=Terms)
    instructions: str = ""
    consent: str = ""

    @property
    def shows_reference(self) -> bool:
        return self.layout == "against_reference"


def frozen_of(study: Study) -> Frozen:
    """The study's frozen parts; while nothing is locked they are read anew each time."""
    language = get_language() or settings.LANGUAGE_CODE
    if not study.manifest_sha256:
        return _read(study, language)
    return _kept(study.pk, study.manifest_sha256, study.protocol_version, language)


def criteria_of(study: Study) -> tuple[Criterion, ...]:
    """The criteria readers answer."""
    return frozen_of(study).criteria


def shown_as_of(study: Study) -> ShownAs:
    """How readers see the images."""
    return frozen_of(study).shown_as


def nature_of(study: Study) -> Nature:
    """How the outputs came to be, for all of them together."""
    return frozen_of(study).nature


@lru_cache(maxsize=256)
def _kept(study_id: int, _manifest_sha256: str, _version: int, language: str) -> Frozen:
    return _read(Study.objects.get(pk=study_id), language)


def _read(study: Study, language: str) -> Frozen:
    design = Design.objects.of(study)
    design.study = study
    criteria = _in_language(Criterion.objects.of(study), design, "questions", language)
    display, phases = design.document.get("display", {}), design.document.get("phases", {})
    staged = any(stage_of(criterion) == BEFORE for criterion in criteria)
    return Frozen(
        criteria=criteria,
        shown_as=ShownAs(rules_of(study).shown_as),
        nature=_nature(study.pk),
        layout=display.get("layout", "single"),
        is_staged=staged or display.get("reveal") == REVEALS_LATER,
        phases=phases,
        has_practice=bool(phases.get("practice")) or _has_practice(study.pk),
        tutorial=tuple(design.said("tutorial", language)[0]),
        profile=tuple(design.document.get("readers", {}).get("profile", ())),
        leaving=_in_language(Criterion.objects.exit(study), design, "last_questions", language),
        terms=Terms.of(design.section("adjudication"), criteria),
        instructions=design.said("instructions", language)[0],
        consent=design.said("consent", language)[0],
    )


def _in_language(
    found: Iterable[Criterion], design: Design, name: str, language: str
) -> tuple[Criterion, ...]:
    """The questions in the reader's words; a question without a translation keeps its own."""
    texts = design.document.get("texts", {})
    codes = (language, language.partition("-")[0])
    told: Mapping[str, Any] = next((texts[code][name] for code in codes if name in texts.get(code, {})), {})
    return tuple(in_language(criterion, told.get(criterion.key, {})) for criterion in found)


def _has_practice(study_id: int) -> bool:
    return Case.objects.kept(Study(pk=study_id)).filter(purpose=Purpose.PRACTICE).exists()


def _nature(study_id: int) -> Nature:
    arms = list(Arm.objects.filter(study_id=study_id))
    return Nature(
        any_simulated=any(arm.is_simulated for arm in arms),
        all_simulated=all(arm.is_simulated for arm in arms),
        all_recorded=all(arm.is_recorded for arm in arms),
    )
