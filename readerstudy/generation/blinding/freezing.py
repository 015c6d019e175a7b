"""What still stands in the way of freezing a study's outputs, and what a frozen set says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Case
from readerstudy.generation.blinding.levelled import ArmTexts, arms_of
from readerstudy.generation.models import (
    Attempt,
    FrozenOutput,
    FrozenSet,
    Generation,
    Interpretation,
    RefusalVerdict,
    ShownText,
    Stage,
    TextRules,
)
from readerstudy.generation.running.progress import flagged_of
from readerstudy.generation.verdicts.confirmation import queue_of
from readerstudy.providers.texts import Rules
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.stations import Line, Sign

Place = tuple[int, int, int]  # case, arm, replicate


@dataclass(frozen=True, slots=True)
class Missing:
    """A wanted output that is not there: where, why, and whether a person may accept that it stays so."""

    case: Case
    arm: Arm
    replicate: int
    reason: str
    may_be_accepted: bool

    @property
    def place(self) -> Place:
        return self.case.pk, self.arm.pk, self.replicate

    @property
    def value(self) -> str:
        """Names it in a form."""
        return "-".join(map(str, self.place))


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far the outputs of a study are from being frozen."""

    wanted: int
    frozen: int
    missing: tuple[Missing, ...]
    flagged: int
    arms: tuple[ArmTexts, ...]

    @property
    def open(self) -> int:
        """Wanted outputs that are in no frozen set."""
        return self.wanted - self.frozen

    @property
    def unapproved(self) -> list[ArmTexts]:
        return [each for each in self.arms if not each.is_approved]

    @property
    def waits(self) -> list[Missing]:
        """What is missing and may not be accepted, because it can still be made."""
        return [each for each in self.missing if not each.may_be_accepted]

    @property
    def failed(self) -> list[Missing]:
        return [each for each in self.missing if each.may_be_accepted]


def readiness_of(study: Study) -> Readiness:
    """What the Freeze page shows, in a fixed number of queries."""
    wanted, frozen = wanted_places(study), frozen_places(study)
    open_places = wanted.keys() - frozen
    return Readiness(
        wanted=len(wanted),
        frozen=len(wanted.keys() & frozen),
        missing=tuple(_missing(study, [wanted[place] for place in wanted if place in open_places])),
        flagged=flagged_of(study).filter(interpretation__frozen=None).count(),
        arms=tuple(arms_of(study)),
    )


def wanted_places(study: Study) -> dict[Place, tuple[Case, Arm, int]]:
    """Every output the study wants, by case, arm and replicate."""
    cases = Case.objects.read(study).filter(images__isnull=False).distinct()
    arms = list(Arm.objects.with_outputs(study))
    return {
        (case.pk, arm.pk, replicate): (case, arm, replicate)
        for case in cases
        for arm in arms
        for replicate in range(1, arm.replicates + 1)
    }


def frozen_places(study: Study) -> set[Place]:
    return set(FrozenOutput.objects.of(study).values_list("case", "arm", "replicate"))


def accepted_missing(study: Study) -> list[tuple[str, int]]:
    """(case code, arm position) of outputs that readers would get and that were accepted as missing."""
    found = FrozenOutput.objects.of(study).missing().filter(replicate=1, case__left_out_at=None)
    return sorted(found.values_list("case__code", "arm__position"))


def open_count(study: Study) -> int:
    """Wanted outputs that are in no frozen set."""
    return len(wanted_places(study).keys() - frozen_places(study))


def blocks(study: Study, readiness: Readiness) -> list[Line]:
    """What a person must do before the button works, with the links that lead there."""
    return [
        line for line in (_waiting(study, readiness), _flagged(study, readiness), *_arms(readiness)) if line
    ]


def advice(study: Study) -> list[Line]:
    """What freezing does not wait for, but makes impossible afterwards."""
    count = sum(not entry.is_flagged for entry in queue_of(study).open())
    if not count:
        return []
    text = ngettext(
        "%(n)d output of the random sample is not judged; "
        "the report then cannot say how many refusals the rules missed",
        "%(n)d outputs of the random sample are not judged; "
        "the report then cannot say how many refusals the rules missed",
        count,
    )
    url = reverse("generation:verdicts", args=[study.key])
    return [Line(Sign.WARN, text % {"n": count}, _("Confirm verdicts"), url)]


def _missing(study: Study, wanted: Iterable[tuple[Case, Arm, int]]) -> Iterator[Missing]:
    rows = Generation.objects.of(study).values_list("case", "arm", "replicate", "stage", "failure")
    known = {(case, arm, replicate): (stage, failure) for case, arm, replicate, stage, failure in rows}
    for case, arm, replicate in wanted:
        stage, failure = known.get((case.pk, arm.pk, replicate), ("", ""))
        if stage == Stage.FAILED:
            yield Missing(case, arm, replicate, failure, may_be_accepted=True)
        elif stage in (Stage.QUEUED, Stage.RUNNING):
            yield Missing(case, arm, replicate, _("It is under way."), may_be_accepted=False)
        elif not stage and arm.is_recorded:
            yield Missing(case, arm, replicate, _("No text came for it."), may_be_accepted=True)
        elif not stage:
            yield Missing(case, arm, replicate, _("Nobody asked for it yet."), may_be_accepted=False)


def _waiting(study: Study, readiness: Readiness) -> Line | None:
    count = len(readiness.waits)
    if not count:
        return None
    text = ngettext("%(n)d output is not made yet", "%(n)d outputs are not made yet", count)
    return Line(
        Sign.BAD, text % {"n": count}, _("Make outputs"), reverse("generation:outputs", args=[study.key])
    )


def _flagged(study: Study, readiness: Readiness) -> Line | None:
    if not readiness.flagged:
        return None
    text = ngettext(
        "%(n)d flagged output awaits a person’s verdict",
        "%(n)d flagged outputs await a person’s verdict",
        readiness.flagged,
    )
    url = reverse("generation:verdicts", args=[study.key])
    return Line(Sign.BAD, text % {"n": readiness.flagged}, _("Confirm verdicts"), url)


def _arms(readiness: Readiness) -> Iterator[Line]:
    for each in readiness.unapproved:
        text = ngettext(
            "%(n)d text of “%(arm)s” is not approved",
            "%(n)d texts of “%(arm)s” are not approved",
            each.open,
        )
        url = reverse("generation:levelled", args=[each.arm.study.key, each.arm.pk])
        yield Line(Sign.BAD, text % {"n": each.open, "arm": each.arm.name}, _("Look at them"), url)


# --- The manifest -------------------------------------------------------------------------------------------------
def canonical(content: Any) -> str:
    """JSON with sorted keys and no spaces: the same content is the same bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def manifest_of(study: Study, number: int, lines: Iterable[str]) -> str:
    """The manifest of everything frozen until this set; `lines` in the order in which they were frozen.

    The lines of an earlier set stand first and are the same bytes as before.
    """
    head = canonical(
        {
            "set": number,
            "study": study.key,
            "rules": [_rules(row) for row in TextRules.objects.filter(study=study).order_by("number")],
            "usual_rules": Rules().to_json(),
            "arms": [_arm(arm) for arm in Arm.objects.filter(study=study).order_by("position")],
        }
    )
    return head[:-1] + ',"outputs":[' + ",".join(lines) + "]}"


def line_of(interpretation: Interpretation, shown: ShownText, verdict: RefusalVerdict) -> str:
    """One output's line of the manifest."""
    row = interpretation.generation
    return canonical(
        {
            **_place(row.case, row.source.position if isinstance(row.source, Arm) else None, row.replicate),
            "raw_sha256": interpretation.sha256,
            "shown_sha256": shown.sha256,
            "shown_version": shown.version,
            "rules": shown.rules,
            "redacted": shown.redacted,
            "verdict": verdict.verdict,
            "verdict_by": verdict.layer,
            "attempt": _attempt(interpretation.attempt),
        }
    )


def missing_line(missing: Missing, reason: str) -> str:
    """The line of an output that was accepted as missing."""
    place = _place(missing.case, missing.arm.position, missing.replicate)
    return canonical({**place, "missing": missing.reason, "accepted": reason})


def flaws_of_freeze(study: Study) -> Iterator[str]:
    """What of the frozen sets is no longer as it was frozen, one sentence each."""
    lines: list[str] = []
    for frozen in FrozenSet.objects.filter(study=study).order_by("number"):
        lines += frozen.outputs.order_by("pk").values_list("line", flat=True)
        digest = hashlib.sha256(frozen.manifest.encode()).hexdigest()
        if digest != frozen.sha256 or ",".join(lines) not in frozen.manifest:
            yield _("The frozen set %(n)d is not what was frozen.") % {"n": frozen.number}
    yield from _changed_outputs(study)


def _changed_outputs(study: Study) -> Iterator[str]:
    rows = FrozenOutput.objects.of(study).exclude(interpretation=None).order_by("pk")
    related = (
        "interpretation__generation__case",
        "interpretation__generation__arm",
        "interpretation__attempt",
    )
    for row in rows.select_related(*related, "shown", "verdict", "case", "arm").iterator(500):
        if row.interpretation is None or row.shown is None or row.verdict is None:
            continue
        text = hashlib.sha256(row.shown.text.encode()).hexdigest()
        if text != row.shown.sha256 or line_of(row.interpretation, row.shown, row.verdict) != row.line:
            yield _("What readers see of %(arm)s about case %(case)s is not what was frozen.") % {
                "arm": row.arm.name,
                "case": row.case.code,
            }


def _place(case: Case, arm: int | None, replicate: int) -> dict[str, Any]:
    return {"case": case.code, "arm": arm, "replicate": replicate}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    """The facts of the call that gave the text. The vendor's own words in it are kept out but for model and reason."""
    return {
        "number": attempt.number,
        "mode": attempt.mode,
        "asked_model": attempt.asked_model,
        "served_model": attempt.served_model,
        "fingerprint": attempt.fingerprint,
        "stop_reason": attempt.stop_reason,
        "block_reason": attempt.block_reason,
        "outcome": attempt.outcome,
        "recipe_sha256": attempt.recipe_sha256,
        "prompt_sha256": attempt.prompt_sha256,
        "images": sorted(image["sha256"] for image in attempt.images),
        "sdk": attempt.sdk,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "position": arm.position,
        "name": arm.name,
        "kind": arm.kind,
        "connection": arm.connection,
        "model": arm.model,
        "prompt_sha256": arm.prompt.sha256 if arm.prompt else "",
        "input_condition": arm.input_condition,
        "replicates": arm.replicates,
        "parameters": arm.parameters,
    }


def _rules(row: TextRules) -> dict[str, Any]:
    return {"number": row.number, "rules": row.document}
