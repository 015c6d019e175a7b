"""From a study's protocol to everything that its allocation is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Purpose, as_label
from readerstudy.designs.document import plan_of
from readerstudy.designs.made_checks import check_plan
from readerstudy.designs.plan import OneArm, OneAtATime, PlanError
from readerstudy.designs.shuffling import digest
from readerstudy.generation.models import Interpretation, RefusalVerdict
from readerstudy.reading.check_rules import obstacle_to_scoring
from readerstudy.reading.models import AllocationPlan
from readerstudy.studies.models import Arm, ArmKind, Criterion, Design, RefusalPolicy, Study
from readerstudy.studies.policies import StudyError

USUAL: dict[str, Any] = {"plan": "crossed", "outputs": "one_at_a_time"}
SEED_DIGITS = 15  # hexadecimal: fits PostgreSQL's bigint

CHECK_CASES = ("codes", "every")
"""Of the attention checks those that need no room among the cases."""
Pairs = list[tuple[str, int]]


def section_of(design: Design) -> dict[str, Any]:
    """The allocation section of the protocol; every reader reads everything, one text at a time, if it says nothing."""
    return design.section("allocation") or dict(USUAL)


def plan_fields(study: Study, design: Design, section: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The columns of a new plan of the study, but for its readers; under another section where one is given."""
    arms = _arms(study)
    told = _told_plan(study, design, section_of(design) if section is None else section, arms)
    first = codes_for(study, Purpose.STUDY)
    extra = [*told["practice"], *told["allocation"].get("checks", {}).get("codes", ())]
    return {
        **_seeds(study, told["allocation"]),
        "cases": first,
        "arms": [arm.position for arm in arms],
        "excluded": _excluded(study, [*first, *extra], arms),
        "plan": told,
    }


def pilot_fields(study: Study, cases: int) -> dict[str, Any]:
    """The columns of a pilot's plan: everybody reads the same few cases, shown as in the study.

    Without repeats and made attention checks, for which a few cases leave no room.
    """
    design = Design.objects.of(study)
    wanted = section_of(design)
    kept: dict[str, Any] = {
        name: wanted[name] for name in ("outputs", "pairs_per_case", "seed") if name in wanted
    }
    checks = {name: told for name, told in wanted.get("checks", {}).items() if name in CHECK_CASES}
    kept |= {"checks": checks} if "codes" in checks else {}
    fields = plan_fields(study, design, {"plan": "crossed", **kept})
    number = AllocationPlan.objects.filter(study=study, is_pilot=True).count() + 1
    seeds = {
        name: int(digest(fields[name], "pilot", number)[:SEED_DIGITS], 16) for name in ("seed", "key_seed")
    }
    return {**fields, **seeds, "cases": fields["cases"][:cases], "is_pilot": True}


def _told_plan(study: Study, design: Design, section: Mapping[str, Any], arms: list[Arm]) -> dict[str, Any]:
    """What a plan row keeps of the protocol.

    Raises:
        StudyError: where the section has no meaning, or names practice or check cases that are not there.
    """
    unaided = [arm.position for arm in arms if arm.kind == ArmKind.UNAIDED]
    there = codes_for(study, Purpose.PRACTICE)
    strata, practice = _strata_of(study, design), practice_order(design, there)
    try:
        plan = plan_of(section, strata=strata, practice=tuple(practice))
        check_plan(plan)
    except PlanError as error:
        raise StudyError(str(error)) from None
    if unaided and not isinstance(plan.comparison, OneAtATime | OneArm):
        raise StudyError(
            _(
                "An arm without outputs stands beside no other. Choose texts one at a time, or one arm of each case."
            )
        )
    _check_codes(practice, there, Purpose.PRACTICE)
    if plan.checks and plan.checks.codes:
        _check_codes(plan.checks.codes, codes_for(study, Purpose.CHECK), Purpose.CHECK)
    told = {"allocation": dict(section), "strata": strata, "practice": practice, "unaided": unaided}
    if plan.checks and plan.checks.known_bad:
        told["truths"] = truths_of(study)
    if sentence := obstacle_to_scoring(Criterion.objects.of(study), plan):
        raise StudyError(sentence)
    return told


def truths_of(study: Study) -> dict[str, str]:
    """For each case with a reference label a number that stands for the label: equal labels have equal numbers."""
    cases = Case.objects.of(study).select_related("reference")
    labels = {case.code: as_label(case.reference.label) for case in cases if hasattr(case, "reference")}
    numbers = {label: str(number) for number, label in enumerate(sorted({*labels.values()} - {""}), start=1)}
    return {code: numbers[label] for code, label in labels.items() if label}


def _strata_of(study: Study, design: Design) -> dict[str, str]:
    """For each case of the study the levels of the strata that an order spreads, joined to one."""
    spread = [stratum["name"] for stratum in design.section("strata") if stratum.get("spread", True)]
    if not spread:
        return {}
    cases = Case.objects.of(study).values_list("code", "strata")
    return {code: " · ".join(str(told.get(name, "")) for name in spread) for code, told in cases}


def practice_order(design: Design, there: Sequence[str]) -> list[str]:
    """The practice cases in the order in which readers meet them: those that the protocol names, then all others."""
    named = design.section("phases").get("practice", {}).get("cases", ())
    return [*named, *(code for code in there if code not in named)]


def codes_for(study: Study, purpose: Purpose) -> list[str]:
    """The codes of the cases that serve a purpose, in order."""
    return list(Case.objects.kept(study).filter(purpose=purpose).values_list("code", flat=True))


def batch_cases(study: Study, plan: AllocationPlan) -> list[str]:
    """The cases that were held back at the lock and are in no batch yet."""
    released = {code for batch in plan.batches.all() for code in batch.cases}
    return [code for code in codes_for(study, Purpose.LATER) if code not in released]


def held_back(study: Study) -> list[str]:
    """The cases that wait for their release; none before the lock."""
    plan = AllocationPlan.objects.locked(study)
    return batch_cases(study, plan) if plan else []


def excluded_of(study: Study, cases: Iterable[str]) -> Pairs:
    """(case code, arm position) of what no reader is shown: outputs that are missing, and refusals that are hidden."""
    return _excluded(study, cases, _arms(study))


def _excluded(study: Study, cases: Iterable[str], arms: Iterable[Arm]) -> Pairs:
    made = Interpretation.objects.filter(generation__arm__study=study, generation__replicate=1)
    there = set(made.values_list("generation__case__code", "generation__arm__position"))
    shown = [arm.position for arm in arms if arm.kind != ArmKind.UNAIDED]
    wanted = {(case, position) for case in cases for position in shown}
    return sorted((wanted - there) | (wanted & set(hidden_refusals(study))))


def hidden_refusals(study: Study) -> Pairs:
    """(case code, arm position) of refusals, where the protocol hides them from readers."""
    if not RefusalPolicy(study.refusal_policy).hides:
        return []
    row = "interpretation__generation"
    mine = {f"{row}__arm__study": study, f"{row}__replicate": 1}
    standing = RefusalVerdict.objects.filter(**mine).standing()
    found = standing.values_list("declined", f"{row}__case__code", f"{row}__arm__position")
    return sorted((case, arm) for declined, case, arm in found if declined)


def _seeds(study: Study, section: Mapping[str, Any]) -> dict[str, int]:
    """The seed of the order, which the protocol may publish, and the secret one of the keys of presentations.

    That one depends on the study's address too, which no other study has: whatever seeds two studies share, their keys
    differ.
    """
    secret = int(digest(study.seed, "keys", study.key)[:SEED_DIGITS], 16)
    return {"seed": section.get("seed", study.seed), "key_seed": secret}


def _check_codes(codes: Iterable[str], there: Sequence[str], purpose: Purpose) -> None:
    if missing := [code for code in codes if code not in there]:
        raise StudyError(
            _(
                "The plan names the case %(case)s for the purpose “%(purpose)s”, and it has another or is not there."
            )
            % {"case": missing[0], "purpose": purpose.label}
        )


def _arms(study: Study) -> list[Arm]:
    return list(Arm.objects.filter(study=study).order_by("position"))
