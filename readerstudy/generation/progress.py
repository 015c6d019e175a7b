"""How far the outputs of a study are: per arm and in total, in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, FloatField, Min, Q, QuerySet, Sum
from django.utils import timezone

from readerstudy.cases.models import Case
from readerstudy.generation.models import (
    Attempt,
    Generation,
    Hold,
    RefusalVerdict,
    Stage,
    VendorPause,
    Verdict,
)
from readerstudy.generation.recipes import recipe_sha256
from readerstudy.providers import Outcome
from readerstudy.studies.models import Arm, Study

PACE_SECONDS = 60
FEWEST_FOR_A_PACE = 3
FLAGGED_VERDICTS = (
    Verdict.FULL_REFUSAL,
    Verdict.DEFERRAL,
    Verdict.SAFETY_BLOCK,
    Verdict.PARTIAL_REFUSAL,
)
FLAGGED_OUTCOMES = (Outcome.EXHAUSTED.value, Outcome.UNCLASSIFIED.value)


class Median(Aggregate):
    """The median of a column, as PostgreSQL's `percentile_cont` gives it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of wanted outputs, by what became of them, and of the calls it took.

    `refused` and `partial` are part of `done`; `resting` (another try later) and `limited` (the vendor's rate limit)
    are part of `queued`. `possibly_paid` counts calls whose reply is not used.
    """

    wanted: int = 0
    queued: int = 0
    resting: int = 0
    limited: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    refused: int = 0
    partial: int = 0
    retried: int = 0
    attempts: int = 0
    possibly_paid: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def missing(self) -> int:
        return self.wanted - self.done

    @property
    def unasked(self) -> int:
        """Wanted outputs that nobody has asked for yet."""
        return self.wanted - self.queued - self.running - self.done - self.failed

    @property
    def answered(self) -> int:
        """Outputs that the model did not decline."""
        return self.done - self.refused

    @property
    def is_active(self) -> bool:
        return bool(self.queued or self.running)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def share_answered(self) -> float:
        """Percent of the wanted outputs, for a bar."""
        return _percent(self.answered, self.wanted)

    @property
    def share_refused(self) -> float:
        return _percent(self.refused, self.wanted)

    @property
    def share_failed(self) -> float:
        return _percent(self.failed, self.wanted)

    @property
    def share_made(self) -> float:
        return _percent(self.done, self.wanted)


@dataclass(frozen=True, slots=True)
class ArmProgress:
    """One arm's counts, and the median seconds of a call that gave a reply (None where none is known)."""

    arm: Arm
    counts: Counts
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why outputs failed, and how many for this reason."""

    sentence: str
    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole study's outputs. `per_minute` is the pace of the last minute, None while it is unknown."""

    arms: tuple[ArmProgress, ...]
    total: Counts
    failures: tuple[Failure, ...]
    flagged: int
    is_held: bool
    per_minute: float | None
    quiet_until: datetime | None

    @property
    def is_active(self) -> bool:
        return self.total.is_active

    @property
    def is_live(self) -> bool:
        """Whether the numbers will change by themselves."""
        return bool(self.total.running or (self.total.queued and not self.is_held))

    @property
    def minutes_left(self) -> float | None:
        """At the pace of the last minute; None while that is unknown or nothing is under way."""
        waiting = self.total.queued + self.total.running
        return waiting / self.per_minute if self.per_minute and waiting and not self.is_held else None


def progress_of(study: Study) -> Progress:
    """Everything the Outputs page shows, in ten queries whatever the size of the study."""
    now = timezone.now()
    arms = list(Arm.objects.filter(study=study))
    stages, calls, verdicts = _stages(study, now), _calls(study), _verdicts(study)
    wanted = _wanted(study)
    rows = tuple(_arm_progress(arm, wanted, stages, calls, verdicts) for arm in arms)
    connections = [arm.connection for arm in arms if arm.connection]
    return Progress(
        arms=rows,
        total=total_of(row.counts for row in rows),
        failures=tuple(_failures(study)),
        flagged=flagged_of(study).count(),
        is_held=Hold.objects.filter(study=study, ended_at=None).exists(),
        per_minute=_pace(study, now),
        quiet_until=VendorPause.objects.now(now)
        .filter(connection__in=connections)
        .aggregate(first=Min("until"))["first"],
    )


def counts_of(study: Study) -> dict[Arm, Counts]:
    """How many outputs each arm has, in three queries: what the navigation needs."""
    stages, wanted = _stages(study, timezone.now()), _wanted(study)
    return {arm: Counts(wanted=wanted, **stages.get(arm.pk, {})) for arm in Arm.objects.filter(study=study)}


def flagged_of(study: Study) -> QuerySet[RefusalVerdict]:
    """Automatic verdicts that no person has confirmed or overruled: refusals, and ends that we do not know."""
    declined = Q(verdict__in=FLAGGED_VERDICTS)
    unclear = Q(interpretation__attempt__outcome__in=FLAGGED_OUTCOMES)
    judged = RefusalVerdict.objects.of(study).filter(by__isnull=False).values("interpretation")
    return (
        RefusalVerdict.objects.of(study)
        .filter(declined | unclear, by=None)
        .exclude(interpretation__in=judged)
    )


def is_doubtful(verdict: RefusalVerdict) -> bool:
    """Whether an automatic verdict is one of those that `flagged_of` finds."""
    return verdict.verdict in FLAGGED_VERDICTS or verdict.interpretation.attempt.outcome in FLAGGED_OUTCOMES


def changed_since(study: Study) -> list[tuple[Arm, int]]:
    """Arms whose provider, model, prompt or parameters were changed after outputs were made, and how many those are."""
    made = (
        Generation.objects.of(study)
        .filter(stage=Stage.DONE)
        .values_list("arm", "interpretation__attempt__recipe_sha256")
        .annotate(n=Count("pk"))
        .order_by("arm")
    )
    found: Counter[int] = Counter()
    arms = {arm.pk: arm for arm in Arm.objects.filter(study=study)}
    for arm, recipe, count in made:
        if recipe and recipe != recipe_sha256(arms[arm]):
            found[arm] += count
    return [(arms[pk], count) for pk, count in found.items()]


def _wanted(study: Study) -> int:
    return Case.objects.of(study).filter(images__isnull=False).distinct().count()


def _stages(study: Study, now: datetime) -> dict[int, dict[str, int]]:
    queued = Q(stage=Stage.QUEUED)
    silent = Q(arm__connection__in=VendorPause.objects.now(now).values("connection"))
    rows = (
        Generation.objects.of(study)
        .values("arm")
        .annotate(
            queued=Count("pk", filter=queued),
            limited=Count("pk", filter=queued & silent),
            resting=Count("pk", filter=queued & ~silent & Q(due_at__gt=now)),
            running=Count("pk", filter=Q(stage=Stage.RUNNING)),
            done=Count("pk", filter=Q(stage=Stage.DONE)),
            failed=Count("pk", filter=Q(stage=Stage.FAILED)),
        )
        .order_by("arm")
    )
    return _by_arm(rows, "arm")


def _calls(study: Study) -> dict[int, dict[str, Any]]:
    arm = "generation__arm"
    replied = ~Q(outcome__in=("", "failed", "lost"))
    rows = (
        Attempt.objects.filter(generation__in=Generation.objects.of(study))
        .values(arm)
        .annotate(
            attempts=Count("pk"),
            retried=Count("pk", filter=Q(number=2)),
            possibly_paid=Count("pk", filter=Q(is_possibly_paid=True)),
            median_seconds=Median("seconds", filter=replied),
            input_tokens=Sum("input_tokens", default=0),
            output_tokens=Sum("output_tokens", default=0),
        )
        .order_by(arm)
    )
    return _by_arm(rows, arm)


def _verdicts(study: Study) -> dict[int, dict[str, int]]:
    arm = "interpretation__generation__arm"
    standing = RefusalVerdict.objects.of(study).standing().values("pk")
    rows = (
        RefusalVerdict.objects.filter(pk__in=standing)
        .values(arm)
        .annotate(
            refused=Count("pk", filter=Q(declined=True)),
            partial=Count("pk", filter=Q(verdict=Verdict.PARTIAL_REFUSAL)),
        )
        .order_by(arm)
    )
    return _by_arm(rows, arm)


def _failures(study: Study) -> Iterable[Failure]:
    rows = Generation.objects.of(study).filter(stage=Stage.FAILED).values_list("failure")
    for sentence, count in rows.annotate(n=Count("pk")).order_by("-n", "failure"):
        yield Failure(sentence=sentence, count=count)


def _pace(study: Study, now: datetime) -> float | None:
    since = now - timedelta(seconds=PACE_SECONDS)
    recent = Generation.objects.of(study).filter(stage=Stage.DONE, finished_at__gte=since)
    found = recent.aggregate(n=Count("pk"), first=Min("finished_at"))
    if found["n"] < FEWEST_FOR_A_PACE:
        return None
    seconds = max((now - found["first"]).total_seconds(), 1.0)
    return float(found["n"] * 60 / seconds)


def _by_arm(rows: Iterable[Mapping[str, Any]], key: str) -> dict[int, dict[str, Any]]:
    return {row[key]: {name: value for name, value in row.items() if name != key} for row in rows}


def _arm_progress(
    arm: Arm,
    wanted: int,
    stages: dict[int, dict[str, int]],
    calls: dict[int, dict[str, Any]],
    verdicts: dict[int, dict[str, int]],
) -> ArmProgress:
    call = dict(calls.get(arm.pk, {}))
    median = call.pop("median_seconds", None)
    counts = Counts(wanted=wanted, **stages.get(arm.pk, {}), **call, **verdicts.get(arm.pk, {}))
    return ArmProgress(arm=arm, counts=counts, median_seconds=median)


def total_of(counts: Iterable[Counts]) -> Counts:
    """The counts of several arms together."""
    rows = list(counts)
    names = Counts.__dataclass_fields__
    return Counts(**{name: sum(getattr(row, name) for row in rows) for name in names})


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
