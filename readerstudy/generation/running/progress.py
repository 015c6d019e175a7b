"""How far the outputs of a study are: per arm and in total, in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, Min, Q, QuerySet, Sum
from django.utils import timezone

from readerstudy.cases.models import Case
from readerstudy.generation.models import (
    Attempt,
    Gate,
    Generation,
    Hold,
    Purse,
    RefusalVerdict,
    Stage,
    VendorPause,
    Verdict,
)
from readerstudy.generation.prompting.recipes import recipe_sha256
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
    are part of `queued`; `in_batch` is part of `running`. `possibly_paid` counts calls whose reply is not used.
    """

    wanted: int = 0
    queued: int = 0
    resting: int = 0
    limited: int = 0
    running: int = 0
    in_batch: int = 0
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
class Failure:
    """Why outputs failed, and how many for this reason."""

    sentence: str
    count: int


@dataclass(frozen=True, slots=True)
class ArmProgress:
    """One arm's counts, and what a call that gave a reply took in the middle: seconds, and characters a second.

    Both are None where no call was timed, as in a batch. `failures` are why its outputs failed.
    """

    arm: Arm
    counts: Counts
    median_seconds: float | None
    characters_per_second: float | None
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole study's outputs. `per_minute` is the pace of the last minute, None while it is unknown.

    `least_minutes` is what the limits of the providers allow at best for all that waits, None where nothing limits it.
    `purse` says what the study has spent and whether its budget stops it; None before the first call.
    """

    arms: tuple[ArmProgress, ...]
    total: Counts
    failures: tuple[Failure, ...]
    flagged: int
    is_held: bool
    per_minute: float | None
    quiet_until: datetime | None
    least_minutes: float | None
    purse: Purse | None

    @property
    def is_stopped(self) -> bool:
        return bool(self.purse and self.purse.stop)

    @property
    def is_active(self) -> bool:
        return self.total.is_active

    @property
    def is_live(self) -> bool:
        """Whether the numbers will change by themselves."""
        return bool(self.total.running or (self.total.queued and not (self.is_held or self.is_stopped)))

    @property
    def minutes_left(self) -> float | None:
        """At the pace of the last minute, no sooner than the providers' limits allow; None while both are unknown."""
        waiting = self.total.queued + self.total.running - self.total.in_batch
        if not waiting or self.is_held or self.is_stopped:
            return None
        at_this_pace = waiting / self.per_minute if self.per_minute else None
        known = [minutes for minutes in (at_this_pace, self.least_minutes) if minutes is not None]
        return max(known, default=None)


def progress_of(study: Study) -> Progress:
    """Everything the Outputs page shows, in twelve queries whatever the size of the study."""
    now = timezone.now()
    arms = list(Arm.objects.with_outputs(study))
    stages, calls, verdicts = _stages(study, now), _calls(study), _verdicts(study)
    cases, failures = _wanted(study), _failures(study)
    rows = tuple(_arm_progress(arm, cases, stages, calls, verdicts, failures) for arm in arms)
    connections = [arm.connection for arm in arms if arm.connection]
    return Progress(
        arms=rows,
        total=total_of(row.counts for row in rows),
        failures=_in_all(failures),
        flagged=flagged_of(study).count(),
        is_held=Hold.objects.filter(study=study, ended_at=None).exists(),
        per_minute=_pace(study, now),
        quiet_until=VendorPause.objects.now(now)
        .filter(connection__in=connections)
        .aggregate(first=Min("until"))["first"],
        least_minutes=_least_minutes(rows),
        purse=Purse.objects.filter(study=study).first(),
    )


def counts_of(study: Study) -> dict[Arm, Counts]:
    """How many outputs each arm has, in three queries: what the navigation needs."""
    stages, cases = _stages(study, timezone.now()), _wanted(study)
    arms = Arm.objects.with_outputs(study)
    return {arm: Counts(wanted=cases * arm.replicates, **stages.get(arm.pk, {})) for arm in arms}


def flagged_of(study: Study) -> QuerySet[RefusalVerdict]:
    """Automatic verdicts that no person has confirmed or overruled: refusals, and ends that we do not know."""
    declined = Q(verdict__in=FLAGGED_VERDICTS)
    unclear = Q(interpretation__attempt__outcome__in=FLAGGED_OUTCOMES)
    judged = RefusalVerdict.objects.of(study).filter(by__isnull=False).values("interpretation")
    automatic = RefusalVerdict.objects.of(study).automatic().values("pk")
    found = RefusalVerdict.objects.filter(declined | unclear, pk__in=automatic)
    return found.exclude(interpretation__in=judged)


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
    """How many cases want an output of each arm and replicate."""
    return Case.objects.read(study).filter(images__isnull=False).distinct().count()


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
            in_batch=Count("pk", filter=Q(batch__isnull=False)),
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
            characters_per_second=Median(
                F("characters") / F("seconds"), filter=replied & Q(seconds__gt=0), output_field=FloatField()
            ),
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


def _failures(study: Study) -> dict[int, list[Failure]]:
    """Why outputs failed, by arm, the most frequent reason first."""
    rows = Generation.objects.of(study).filter(stage=Stage.FAILED).values_list("arm", "failure")
    found: dict[int, list[Failure]] = {}
    for arm, sentence, count in rows.annotate(n=Count("pk")).order_by("-n", "failure"):
        found.setdefault(arm, []).append(Failure(sentence=sentence, count=count))
    return found


def _in_all(failures: Mapping[int, Iterable[Failure]]) -> tuple[Failure, ...]:
    counted: Counter[str] = Counter()
    for each in failures.values():
        counted.update({failure.sentence: failure.count for failure in each})
    return tuple(Failure(sentence, count) for sentence, count in counted.most_common())


def _least_minutes(rows: Iterable[ArmProgress]) -> float | None:
    """The longest that any connection's limits need for what waits on it; other studies may make it longer."""
    waiting: Counter[str] = Counter()
    for row in rows:
        waiting[row.arm.connection] += row.counts.queued + row.counts.running - row.counts.in_batch
    needed = [
        minutes
        for gate in Gate.objects.filter(connection__in=list(waiting))
        if (minutes := gate.minutes_for(waiting[gate.connection]))
    ]
    return max(needed, default=None)


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
    cases: int,
    stages: dict[int, dict[str, int]],
    calls: dict[int, dict[str, Any]],
    verdicts: dict[int, dict[str, int]],
    failures: dict[int, list[Failure]],
) -> ArmProgress:
    call = dict(calls.get(arm.pk, {}))
    median, speed = call.pop("median_seconds", None), call.pop("characters_per_second", None)
    known = {**stages.get(arm.pk, {}), **call, **verdicts.get(arm.pk, {})}
    return ArmProgress(
        arm=arm,
        counts=Counts(wanted=cases * arm.replicates, **known),
        median_seconds=median,
        characters_per_second=speed,
        failures=tuple(failures.get(arm.pk, [])),
    )


def total_of(counts: Iterable[Counts]) -> Counts:
    """The counts of several arms together."""
    rows = list(counts)
    names = Counts.__dataclass_fields__
    return Counts(**{name: sum(getattr(row, name) for row in rows) for name in names})


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
