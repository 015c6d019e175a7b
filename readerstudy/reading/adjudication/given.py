"""The last answers of submitted readings, as the rules compare them: three queries, however many there are."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from readerstudy.reading.adjudication.finding import Given, Place, Screen
from readerstudy.reading.models import Allocation, AllocationPlan, PresentationKind, Rating
from readerstudy.reading.scales.base import number_text, options_of
from readerstudy.studies.models import Arm, Criterion
from readerstudy.studies.protocol.adjudicating import COMPARISON, turned

LETTERS = string.ascii_uppercase
RANKING, LENGTH = "ranking", "length"


@dataclass(frozen=True)
class Shown:
    """What one reader had before them: the screen, and the arm behind each letter."""

    screen: Screen
    reader: int
    arms: Mapping[str, int]
    outputs: Mapping[int, int]

    @property
    def order(self) -> tuple[int, ...]:
        """The arms as they stood: A first."""
        return tuple(self.arms[letter] for letter in sorted(self.arms))


def given_of(plan: AllocationPlan, criteria: Iterable[Criterion], *, case: int | None = None) -> list[Given]:
    """What readers answered to these criteria in the presentations of the main reading that are submitted.

    Repeats, practice and attention checks are left out, and so are cases that were left out of the study. `case` limits
    it to one case.
    """
    submitted = _submitted(plan, case)
    positions = dict(Arm.objects.filter(study=plan.study_id).values_list("pk", "position"))
    shown, wanted = _shown(submitted, positions), {criterion.pk: criterion for criterion in criteria}
    ratings = Rating.objects.filter(allocation__in=submitted, criterion__in=wanted)
    ratings = ratings.filter(~Q(value="") | Q(cannot_judge=True))
    columns = ("allocation_id", "output_id", "criterion_id", "part", "value", "score", "cannot_judge")
    found = ratings.order_by("allocation__seat__seat", "criterion__position", "pk").values_list(*columns)
    return [
        _given(shown[allocation], wanted[criterion], output, part, value, score, cannot)
        for allocation, output, criterion, part, value, score, cannot in found
    ]


def oriented(criterion: Criterion, value: str, order: Sequence[int], into: Sequence[int]) -> str:
    """An answer given of texts in one order as it reads in another; only comparisons and orders of texts change."""
    if criterion.kind == COMPARISON and len(order) == 2 and tuple(order) != tuple(into):
        return turned(value, options_of(criterion))
    if criterion.kind == RANKING and not criterion.options and value:
        named = {LETTERS[place]: LETTERS[list(into).index(arm)] for place, arm in enumerate(order)}
        ranked = [named.get(letter, letter) for letter in json.loads(value)]
        return json.dumps(ranked, ensure_ascii=False, separators=(",", ":"))
    return value


def _submitted(plan: AllocationPlan, case: int | None) -> QuerySet[Allocation]:
    found = Allocation.objects.filter(
        plan=plan,
        kind=PresentationKind.MAIN,
        reading__submitted_at__isnull=False,
        case__left_out_at=None,
    )
    return found if case is None else found.filter(case=case)


def _shown(submitted: QuerySet[Allocation], positions: Mapping[int, int]) -> dict[int, Shown]:
    columns = ("pk", "case_id", "seat_id", "arm_id", "outputs__pk", "outputs__arm_id", "outputs__letter")
    rows: dict[int, list[tuple[Any, ...]]] = {}
    for row in submitted.order_by("seat__seat", "position").values_list(*columns):
        rows.setdefault(row[0], []).append(row[1:])
    return {pk: _screen(found, positions) for pk, found in rows.items()}


def _screen(rows: list[tuple[Any, ...]], positions: Mapping[int, int]) -> Shown:
    case, reader, unaided = rows[0][:3]
    arms = {str(letter): arm for *_rest, arm, letter in rows if arm is not None}
    alone = () if unaided is None else (unaided,)
    ordered = tuple(sorted(arms.values(), key=lambda arm: positions[arm]))
    outputs = {output: arm for *_rest, output, arm, _letter in rows if output is not None}
    return Shown(Screen(case, ordered or alone), reader, arms, outputs)


def _given(
    shown: Shown,
    criterion: Criterion,
    output: int | None,
    part: str,
    value: str,
    score: float | None,
    cannot_judge: bool,
) -> Given:
    place = Place(criterion.key, None if output is None else shown.outputs[output], part)
    told = oriented(criterion, value, shown.order, shown.screen.arms)
    if criterion.kind != LENGTH:
        return Given(shown.screen, place, shown.reader, told, cannot_judge)
    compared = "" if score is None else number_text(score)
    return Given(shown.screen, place, shown.reader, compared, cannot_judge, drawn=told)
