"""How far the automatic verdicts and people agree, for each arm: a detector that suits one vendor biases the study.

People judge every flagged output and a random sample of the others, so their verdicts cannot simply be pooled: each
output of the sample stands for several that nobody looked at, and is weighted by their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from readerstudy.generation.models import DECLINED, RefusalVerdict, Verdict
from readerstudy.generation.verdicts.confirmation import Queue, is_flagged, queue_of
from readerstudy.stats.agreement.sampled import Stratum, sampled_kappa
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import Inference, seed_from
from readerstudy.stats.intervals import proportion
from readerstudy.studies.models import Arm, Study

METHOD = (
    "Cohen's kappa of the automatic and the last human verdict. Every flagged output counts once; each judged output "
    "of the random sample counts for all unflagged outputs of its arm divided by those of them in the sample that were "
    "judged. Intervals: stratified bootstrap, percentile."
)


class Judged(NamedTuple):
    """One output with its automatic verdict, the verdicts of people, newest first, and whether it was flagged."""

    interpretation: int
    arm: int
    automatic: str
    flagged: bool
    people: tuple[tuple[int, str], ...]

    @property
    def human(self) -> str:
        return self.people[0][1] if self.people else ""


@dataclass(frozen=True, slots=True)
class Pair:
    """How often the automatic verdict was the one and the human verdict the other."""

    automatic: str
    human: str
    count: int

    @property
    def is_same(self) -> bool:
        return self.automatic == self.human

    @property
    def words(self) -> tuple[str, str]:
        return str(Verdict(self.automatic).label), str(Verdict(self.human).label)


@dataclass(frozen=True, slots=True)
class ArmAgreement:
    """The agreement of automatic and human verdicts for one arm; `arm` is None for all arms together.

    `ten_way` and `declined` are kappas over all ten labels and over declined yes or no. `missed` is the share of
    unflagged outputs that people call declined, `missed_count` that share of all unflagged ones, and `cried_wolf` the
    share of flagged outputs that people call neither declined nor partly so.
    """

    arm: Arm | None
    flagged: int
    flagged_judged: int
    unflagged: int
    sampled: int
    sampled_judged: int
    ten_way: Estimate
    declined: Estimate
    missed: Estimate
    cried_wolf: Estimate
    pairs: tuple[Pair, ...]

    @property
    def missed_count(self) -> float | None:
        return None if self.missed.value is None else self.missed.value * self.unflagged


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of verdicts in a study: per arm, over all arms, and between two people where two judged."""

    arms: tuple[ArmAgreement, ...]
    whole: ArmAgreement
    between_people: Estimate
    method: str = METHOD


def agreement_of(study: Study) -> Agreement:
    """The agreement of automatic and human verdicts, in a fixed number of queries and with fixed seeds."""
    queue, rows = queue_of(study), _judged(study)
    arms = list(Arm.objects.filter(study=study).order_by("position"))
    return Agreement(
        arms=tuple(
            _arm_agreement(study, arm, [row for row in rows if row.arm == arm.pk], queue) for arm in arms
        ),
        whole=_arm_agreement(study, None, rows, queue),
        between_people=_between_people(study, rows),
    )


def verdict_seed(study: Study, about: str) -> int:
    """The seed of one bootstrap; it follows from the study's secret seed, so that it tells no arm by its place."""
    return seed_from("verdicts", study.key, str(study.seed), about)


def _arm_agreement(study: Study, arm: Arm | None, rows: Sequence[Judged], queue: Queue) -> ArmAgreement:
    drawn = {entry.interpretation for entry in queue.sample}
    flagged = [row for row in rows if row.flagged]
    unflagged = [row for row in rows if not row.flagged]
    sample = [row for row in unflagged if row.interpretation in drawn]
    told, asked = [row for row in flagged if row.human], [row for row in sample if row.human]
    seed = verdict_seed(study, str(arm.position if arm else "all"))
    strata = (len(flagged), told), (len(unflagged), asked)
    name = arm.name if arm else None
    inference = Inference(seed=seed)
    wolf = sum(row.human not in {*DECLINED, Verdict.PARTIAL_REFUSAL} for row in told)
    missed = sum(row.human in DECLINED for row in asked)
    return ArmAgreement(
        arm=arm,
        flagged=len(flagged),
        flagged_judged=len(told),
        unflagged=len(unflagged),
        sampled=len(sample),
        sampled_judged=len(asked),
        ten_way=replace(_ten_way(strata, inference), arm=name, category="ten labels"),
        declined=replace(_declined(strata, inference), arm=name, category="declined"),
        missed=replace(proportion("missed_refusals", missed, len(asked)), arm=name),
        cried_wolf=replace(proportion("false_alarms", wolf, len(told)), arm=name),
        pairs=_pairs(told + asked),
    )


def _ten_way(strata: Iterable[tuple[int, Sequence[Judged]]], inference: Inference) -> Estimate:
    found = [Stratum(size, tuple((row.automatic, row.human) for row in rows)) for size, rows in strata]
    return sampled_kappa(found, Verdict.values, inference=inference)


def _declined(strata: Iterable[tuple[int, Sequence[Judged]]], inference: Inference) -> Estimate:
    found = [
        Stratum(size, tuple((_yes(row.automatic), _yes(row.human)) for row in rows)) for size, rows in strata
    ]
    return sampled_kappa(found, ["no", "yes"], inference=inference)


def _between_people(study: Study, rows: Sequence[Judged]) -> Estimate:
    """Kappa of the first two people over the outputs that both judged, unweighted: a description of these outputs."""
    pairs = tuple((row.people[0][1], row.people[1][1]) for row in rows if len(row.people) > 1)
    inference = Inference(seed=verdict_seed(study, "people"))
    found = sampled_kappa([Stratum(len(pairs), pairs)], Verdict.values, inference=inference)
    return replace(found, variant="two people")


def _pairs(rows: Iterable[Judged]) -> tuple[Pair, ...]:
    counts = Counter((row.automatic, row.human) for row in rows)
    order = {label: place for place, label in enumerate(Verdict.values)}
    return tuple(
        Pair(*pair, counts[pair]) for pair in sorted(counts, key=lambda pair: tuple(map(order.get, pair)))
    )


def _judged(study: Study) -> list[Judged]:
    fields = (
        "interpretation",
        "interpretation__generation__arm",
        "interpretation__attempt__outcome",
        "verdict",
    )
    automatic = RefusalVerdict.objects.of(study).automatic().values_list(*fields)
    people = _people(study)
    return [
        Judged(pk, arm, verdict, is_flagged(verdict, outcome), people.get(pk, ()))
        for pk, arm, outcome, verdict in automatic
    ]


def _people(study: Study) -> Mapping[int, tuple[tuple[int, str], ...]]:
    """For each output the newest verdict of each person who judged it, the newest of all first."""
    found: dict[int, dict[int, str]] = {}
    rows = RefusalVerdict.objects.of(study).filter(by__isnull=False).order_by("-pk")
    for interpretation, person, verdict in rows.values_list("interpretation", "by", "verdict"):
        found.setdefault(interpretation, {}).setdefault(person, verdict)
    return {pk: tuple(verdicts.items()) for pk, verdicts in found.items()}


def _yes(verdict: str) -> str:
    return "yes" if verdict in DECLINED else "no"
