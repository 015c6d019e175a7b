"""The allocation section of a protocol file, and the plan that it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readerstudy.designs.plan import (
    DEFAULT_WASHOUT_DAYS,
    Checks,
    Comparison,
    Coverage,
    EveryReader,
    IncompleteBlocks,
    OneArm,
    OneAtATime,
    Overlap,
    Pairs,
    Plan,
    PlanError,
    Repeats,
    SplitPlot,
    Together,
)

_NEEDS = {
    "crossed": (),
    "split_plot": ("groups",),
    "overlap": ("readers_per_case",),
    "incomplete_blocks": ("readers_per_case",),
}
_ONLY = {"groups": "split_plot", "shared": "overlap"}


def plan_of(
    section: Mapping[str, Any],
    *,
    strata: Mapping[str, str] | None = None,
    practice: tuple[str, ...] = (),
    truths: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a section; `strata` maps case codes to the stratum that is spread, `truths` to reference labels.

    Raises:
        PlanError: where a number is missing or has no meaning in this plan.
    """
    repeats, checks = section.get("repeats"), section.get("checks")
    return Plan(
        coverage=_coverage(section),
        comparison=_comparison(section),
        crossover=section.get("crossover", False),
        washout_days=section.get("washout_days", DEFAULT_WASHOUT_DAYS),
        practice=practice,
        repeats=Repeats(**repeats) if repeats is not None else None,
        checks=_checks(checks) if checks else None,
        strata=strata or {},
        truths=truths,
    )


def _checks(section: Mapping[str, Any]) -> Checks:
    """The part of the section that decides who reads what; what is expected of the checks does not."""
    told = {name: value for name, value in section.items() if name != "key"}
    checks = Checks(**{**told, "codes": tuple(told.get("codes", ()))})
    if "every" in told and not checks.codes:
        raise PlanError("“every” belongs to checks with codes. Remove it, or name the codes.")
    return checks


def _coverage(section: Mapping[str, Any]) -> Coverage:
    name = section["plan"]
    missing = [field for field in _NEEDS[name] if field not in section]
    if missing:
        raise PlanError(f"The plan {name} needs “{missing[0]}”. Add it.")
    extra = [field for field, plan in _ONLY.items() if field in section and name != plan]
    if extra:
        raise PlanError(
            f"“{extra[0]}” belongs to the plan {_ONLY[extra[0]]}. Remove it, or choose that plan."
        )
    if name == "split_plot":
        return SplitPlot(section["groups"])
    if name == "overlap":
        return Overlap(section["readers_per_case"], section.get("shared", 0.0))
    return IncompleteBlocks(section["readers_per_case"]) if name == "incomplete_blocks" else EveryReader()


def _comparison(section: Mapping[str, Any]) -> Comparison:
    name = section.get("outputs", "one_at_a_time")
    if "pairs_per_case" in section and name != "pairs":
        raise PlanError(
            "“pairs_per_case” belongs to outputs in pairs. Remove it, or choose “outputs: pairs”."
        )
    if name == "pairs":
        return Pairs(section.get("pairs_per_case", 0))
    simple: dict[str, Comparison] = {
        "one_at_a_time": OneAtATime(),
        "together": Together(),
        "one_arm": OneArm(),
    }
    return simple[name]
