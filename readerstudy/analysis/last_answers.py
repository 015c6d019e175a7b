"""What readers answered after their last case, read at the same moment as all other evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from readerstudy.reading.models import AllocatedOutput, AllocationPlan, ExitEvent, PresentationKind
from readerstudy.studies.models import ArmKind, Criterion, Study

GUESS = "source_guess"
"""The key of the question who wrote most of the texts."""
BY_MODEL, BY_PERSON = frozenset({"ai", "model"}), frozenset({"human", "person"})


@dataclass(frozen=True)
class LastAnswers:
    """The questions in order, and for each its standing answers by the primary key of the reader.

    An answer is (value, cannot judge). `sources` says of each reader how many of the shown outputs a model and how many
    a person wrote; outputs of unknown origin are in neither.
    """

    criteria: tuple[Criterion, ...] = ()
    answers: Mapping[int, Mapping[int, tuple[str, bool]]] = field(default_factory=dict)
    sources: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> LastAnswers:
        """Those under the locked plan: answers of a pilot are not the study's."""
        criteria, plan = tuple(Criterion.objects.exit(study)), AllocationPlan.objects.locked(study)
        if not criteria or plan is None:
            return cls(criteria)
        answers: dict[int, dict[int, tuple[str, bool]]] = {each.pk: {} for each in criteria}
        for event in ExitEvent.objects.filter(plan=plan).standing():
            if event.criterion_id in answers and (event.value or event.cannot_judge):
                answers[event.criterion_id][event.seat_id] = (event.value, event.cannot_judge)
        guessed = any(each.key == GUESS and answers[each.pk] for each in criteria)
        return cls(criteria, answers, _sources(plan) if guessed else {})

    @property
    def facts(self) -> list[list[object]]:
        """Everything in plain data, for the hash of a report's input."""
        return [
            [
                criterion.key,
                sorted((seat, *answer) for seat, answer in self.answers.get(criterion.pk, {}).items()),
            ]
            for criterion in self.criteria
        ]

    def guesses(self, criterion: Criterion) -> tuple[int, int, int]:
        """How many readers guessed right, wrong, or could not say who wrote most of what they read.

        Readers who saw as much of the one as of the other, or outputs of unknown origin alone, have nothing to guess.
        """
        (models, missed_models, unsure_models), (missed_people, people, unsure_people) = (
            self.guesses_by_source(criterion)
        )
        return models + people, missed_models + missed_people, unsure_models + unsure_people

    def guesses_by_source(self, criterion: Criterion) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """The guesses “a model”, “a person”, “cannot say” of those who read models most, then of the others."""
        counts = [[0, 0, 0], [0, 0, 0]]
        for seat, (value, cannot_judge) in self.answers.get(criterion.pk, {}).items():
            by_model, by_person = self.sources.get(seat, (0, 0))
            if by_model == by_person:
                continue
            guessed = 2 if cannot_judge or value not in BY_MODEL | BY_PERSON else int(value in BY_PERSON)
            counts[by_person > by_model][guessed] += 1
        first, second = ((row[0], row[1], row[2]) for row in counts)
        return first, second


def _sources(plan: AllocationPlan) -> dict[int, tuple[int, int]]:
    shown = AllocatedOutput.objects.filter(
        allocation__plan=plan, allocation__reading__submitted_at__isnull=False
    )
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    kinds = shown.exclude(allocation__kind=PresentationKind.PRACTICE).values_list(
        "allocation__seat_id", "arm__kind"
    )
    for seat, kind in kinds.iterator(chunk_size=2000):
        if kind in (ArmKind.MODEL, ArmKind.HUMAN):
            counted[seat][kind == ArmKind.HUMAN] += 1
    return {seat: (by_model, by_person) for seat, (by_model, by_person) in counted.items()}
