"""What readers are to see of each output: levelled by the study's rules, with what a person took out by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, F, Value
from django.db.models.fields import TextField
from django.db.models.functions import Cast

from readerstudy.generation.models import (
    ArmApproval,
    Attempt,
    Generation,
    Interpretation,
    Redaction,
    TextRules,
)
from readerstudy.providers.texts import Finding, Rules, normalise, redact, scan
from readerstudy.studies.models import Arm, Study


@dataclass(frozen=True, slots=True)
class Levelling:
    """How the texts of a study are levelled: its rules with their number, and its models' identifiers as names."""

    rules: Rules
    number: int
    names: tuple[str, ...]

    def level(self, text: str, redacted: Iterable[str] = ()) -> str:
        """The text as readers see it."""
        return redact(normalise(text, self.rules, self.names), list(redacted))

    def leaks(self, text: str) -> list[Finding]:
        """What still says who wrote the text."""
        return [finding for finding in scan(text, self.names) if finding.is_telling]


@dataclass(frozen=True, slots=True)
class Levelled:
    """An output with the text that readers are to see, and the phrases that a person took out of it."""

    interpretation: Interpretation
    shown: str
    redacted: tuple[str, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.shown.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ArmTexts:
    """How far an arm's texts are on their way to readers: those not frozen yet, and the approval that holds, if any."""

    arm: Arm
    open: int
    fingerprint: str
    approval: ArmApproval | None

    @property
    def is_approved(self) -> bool:
        return not self.open or self.approval is not None


def levelling_of(study: Study) -> Levelling:
    """The rules that hold now; the usual ones where the study has none of its own."""
    newest = TextRules.objects.filter(study=study).order_by("-number").first()
    rules = Rules.from_json(newest.document) if newest else Rules()
    return Levelling(rules, newest.number if newest else 0, names_of(study))


def names_of(study: Study) -> tuple[str, ...]:
    """Identifiers of the study's models, as asked for and as served."""
    asked = Arm.objects.filter(study=study).exclude(model="").values_list("model", flat=True)
    calls = Attempt.objects.filter(generation__arm__study=study).exclude(served_model="")
    served = calls.order_by("served_model").values_list("served_model", flat=True).distinct()
    return tuple(sorted({*asked, *served}))


def open_texts(study: Study, arm: Arm | None = None) -> Iterator[Interpretation]:
    """Outputs that are not frozen yet, in the order of cases."""
    rows = Interpretation.objects.filter(generation__in=Generation.objects.of(study), frozen=None)
    if arm is not None:
        rows = rows.filter(generation__arm=arm)
    order = ("generation__case__position", "generation__arm__position", "generation__replicate")
    return (
        rows.select_related("generation__case", "generation__arm", "attempt").order_by(*order).iterator(500)
    )


def level_all(levelling: Levelling, rows: Iterable[Interpretation]) -> list[Levelled]:
    """Each output with its text levelled; phrases taken out by hand are read in one query."""
    found = list(rows)
    redacted = redactions_of(found)
    return [
        Levelled(row, levelling.level(row.text, redacted.get(row.pk, ())), redacted.get(row.pk, ()))
        for row in found
    ]


def redactions_of(rows: Iterable[Interpretation]) -> Mapping[int, tuple[str, ...]]:
    """The phrases that are taken out of each of these outputs."""
    standing = Redaction.objects.filter(interpretation__in=[row.pk for row in rows]).standing()
    found: dict[int, tuple[str, ...]] = {}
    for interpretation, words in standing.values_list("interpretation", "words"):
        found[interpretation] = (*found.get(interpretation, ()), words)
    return found


def arms_of(study: Study) -> list[ArmTexts]:
    """Every arm with its open texts and its approval, in a fixed number of queries; no text is read."""
    return _states(levelling_of(study), list(Arm.objects.with_outputs(study)), study)


def texts_of(arm: Arm, levelling: Levelling) -> ArmTexts:
    """One arm with its open texts and its approval."""
    return _states(levelling, [arm], arm.study)[0]


def _states(levelling: Levelling, arms: list[Arm], study: Study) -> list[ArmTexts]:
    texts, hidden = _open_by_arm(study, arms), _redactions_by_arm(arms)
    newest = ArmApproval.objects.filter(arm__in=arms).order_by("arm_id", "-pk").distinct("arm_id")
    approvals = {approval.arm_id: approval for approval in newest}
    return [
        _arm_texts(arm, levelling, texts.get(arm.pk, (0, "")), hidden.get(arm.pk, ""), approvals.get(arm.pk))
        for arm in arms
    ]


def _arm_texts(
    arm: Arm, levelling: Levelling, texts: tuple[int, str], hidden: str, approval: ArmApproval | None
) -> ArmTexts:
    rules = levelling.rules.to_json()
    parts = [levelling.number, rules, levelling.names, texts[1], hidden]
    fingerprint = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    holds = approval is not None and approval.fingerprint == fingerprint
    return ArmTexts(arm, texts[0], fingerprint, approval if holds else None)


def _open_by_arm(study: Study, arms: list[Arm]) -> dict[int, tuple[int, str]]:
    """For each arm the number of its open texts, and their hashes in the order of their rows."""
    rows = (
        Generation.objects.of(study)
        .filter(arm__in=arms, interpretation__isnull=False, interpretation__frozen=None)
        .values("arm")
        .annotate(n=Count("pk"), texts=_joined("interpretation__sha256", "interpretation"))
        .order_by("arm_id")
    )
    return {row["arm"]: (row["n"], row["texts"]) for row in rows}


def _redactions_by_arm(arms: list[Arm]) -> dict[int, str]:
    arm = "interpretation__generation__arm_id"
    rows = (
        Redaction.objects.filter(interpretation__generation__arm__in=arms, interpretation__frozen=None)
        .values(arm)
        .annotate(rows=_joined("pk", "pk"))
        .order_by(arm)
    )
    return {row[arm]: row["rows"] for row in rows}


def _joined(column: str, order: str) -> Any:
    return StringAgg(Cast(F(column), TextField()), Value(" "), order_by=(order,))
