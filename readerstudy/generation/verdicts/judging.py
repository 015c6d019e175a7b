"""What a coordinator sees of the judging model: how far it is, and how often it overrode the rules, per arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from readerstudy.generation.models import Judge, JudgeCall, Judging, Layer, RefusalVerdict, Stage, Verdict
from readerstudy.studies.models import Arm, Study


@dataclass(frozen=True, slots=True)
class Change:
    """So many outputs whose verdict the judging model changed from one to another."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class ArmOverrides:
    """One arm: outputs with a verdict of the rules, those of them that were not sure, were asked about, and changed."""

    arm: Arm
    outputs: int
    unsure: int
    judged: int
    changed: int
    changes: tuple[Change, ...]

    @property
    def rate(self) -> float | None:
        """Share of the judged outputs whose verdict changed, 0 to 1; None where none was judged."""
        return self.changed / self.judged if self.judged else None

    @property
    def percent(self) -> float | None:
        return None if self.rate is None else 100 * self.rate


@dataclass(frozen=True, slots=True)
class JudgeProgress:
    """Everything the page shows. Counts are of outputs; tokens and calls of all judging models of the study."""

    judge: Judge | None
    waiting: int
    done: int
    failed: int
    failures: tuple[str, ...]
    calls: int
    lost_calls: int
    served: tuple[str, ...]
    overrides: tuple[ArmOverrides, ...]

    @property
    def is_live(self) -> bool:
        return bool(self.judge and self.waiting)


def standing_judge(study: Study) -> Judge | None:
    """The judging model that is on, if any."""
    return Judge.objects.filter(study=study, ended_at=None).select_related("study").first()


def progress_of_judging(study: Study) -> JudgeProgress:
    """In nine queries, whatever the size of the study."""
    rows = Judging.objects.of(study)
    stages = Counter(dict(rows.values_list("stage").annotate(n=Count("pk")).order_by()))
    calls = JudgeCall.objects.filter(judge__study=study)
    served = calls.exclude(served_model="").values_list("served_model", flat=True).distinct()
    failed = rows.filter(stage=Stage.FAILED).values_list("failure", flat=True).distinct()
    return JudgeProgress(
        judge=standing_judge(study),
        waiting=stages[Stage.QUEUED] + stages[Stage.RUNNING],
        done=stages[Stage.DONE],
        failed=stages[Stage.FAILED],
        failures=tuple(sorted(failed)),
        calls=calls.count(),
        lost_calls=calls.filter(is_possibly_paid=True).count(),
        served=tuple(sorted(served)),
        overrides=tuple(overrides_of(study)),
    )


def overrides_of(study: Study) -> list[ArmOverrides]:
    """Per arm how often the judging model said something else than the rules: a judge that corrects one vendor more
    often than another would bias the comparison.
    """
    found: dict[int, list[tuple[str, bool, str | None]]] = {}
    for arm, before, is_sure, after in _pairs(study):
        found.setdefault(arm, []).append((before, is_sure, after))
    arms = Arm.objects.filter(study=study)
    return [_count(arm, found[arm.pk]) for arm in arms if arm.pk in found]


def unsure_without_a_verdict(study: Study) -> int:
    """Outputs on which the rules are not sure, and nobody else has said anything."""
    others = RefusalVerdict.objects.of(study).exclude(layer=Layer.RULE).values("interpretation")
    unsure = RefusalVerdict.objects.of(study).filter(layer=Layer.RULE, is_sure=False)
    return unsure.exclude(interpretation__in=others).count()


def _pairs(study: Study) -> list[tuple[int, str, bool, str | None]]:
    """For each output its arm, the rules' verdict, whether that is sure, and the judging model's verdict or None."""
    verdicts = RefusalVerdict.objects.of(study)
    judged = dict(verdicts.filter(layer=Layer.JUDGE).values_list("interpretation", "verdict"))
    rules = verdicts.filter(layer=Layer.RULE)
    rows = rules.values_list("interpretation", "interpretation__generation__arm", "verdict", "is_sure")
    return [(arm, verdict, is_sure, judged.get(pk)) for pk, arm, verdict, is_sure in rows]


def _count(arm: Arm, rows: Iterable[tuple[str, bool, str | None]]) -> ArmOverrides:
    rows = list(rows)
    changes = Counter((before, after) for before, _sure, after in rows if after and after != before)
    told = [
        Change(str(Verdict(before).label), str(Verdict(after).label), count)
        for (before, after), count in changes.most_common()
    ]
    return ArmOverrides(
        arm=arm,
        outputs=len(rows),
        unsure=sum(not is_sure for _before, is_sure, _after in rows),
        judged=sum(after is not None for _before, _sure, after in rows),
        changed=changes.total(),
        changes=tuple(told),
    )
