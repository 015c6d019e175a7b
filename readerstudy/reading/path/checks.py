"""Check cases that were answered otherwise than the protocol expects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from readerstudy.reading.models import AllocatedOutput, Allocation, AllocationPlan, CheckMadeOf, Rating
from readerstudy.reading.path.key import Expected, PracticeRules, agrees, expected_of
from readerstudy.reading.protocol import criteria_of
from readerstudy.reading.questions import CASE, IN_PARTS, PAIR, Question, about_of, field_name
from readerstudy.studies.models import Criterion


def answered_wrongly(plan: AllocationPlan) -> Mapping[int, bool]:
    """Whether each submitted check case was answered otherwise than expected, by primary key of its allocation.

    Only those of which the protocol says what is expected; three queries at most, none where it says nothing. Questions
    about pieces of a text are not compared.
    """
    key = plan.plan.get("allocation", {}).get("checks", {}).get("key", ())
    if not key:
        return {}
    rules, criteria = PracticeRules(key=tuple(key)), criteria_of(plan.study)
    wanted = {row["criterion"] for row in key}
    asked = [each for each in criteria if each.key in wanted and about_of(each) not in IN_PARTS]
    read, given = _read(plan), _given(plan, asked)
    return {each.pk: _is_failed(each, rules, asked, given.get(each.pk, {})) for each in read}


def _read(plan: AllocationPlan) -> list[Allocation]:
    submitted = Allocation.objects.filter(
        plan=plan, check_kind=CheckMadeOf.CASE, reading__submitted_at__isnull=False
    )
    return list(submitted.select_related("case__reference").prefetch_related("outputs__arm"))


def _given(plan: AllocationPlan, asked: Sequence[Criterion]) -> dict[int, dict[str, str]]:
    """The standing answers by field, by primary key of the allocation."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    ratings = Rating.objects.filter(
        allocation__plan=plan, allocation__check_kind=CheckMadeOf.CASE, criterion__in=asked
    )
    columns = ("allocation", "criterion__key", "output__letter", "value")
    for allocation, key, letter, value in ratings.values_list(*columns):
        found[allocation][field_name(key, letter or "")] = value
    return found


def _is_failed(
    allocation: Allocation, rules: PracticeRules, asked: Sequence[Criterion], given: Mapping[str, str]
) -> bool:
    outputs: list[AllocatedOutput] = list(allocation.outputs.all())
    questions = [each for criterion in asked for each in _questions(criterion, outputs)]
    expected: Mapping[str, Expected] = expected_of(rules, allocation, questions, outputs)
    return any(
        agrees(each.criterion, given.get(each.field, ""), expected[each.field]) is False
        for each in questions
        if each.field in expected
    )


def _questions(criterion: Criterion, outputs: Sequence[AllocatedOutput]) -> list[Question]:
    if about_of(criterion) in (CASE, PAIR):
        return [Question(criterion)]
    return [Question(criterion, output.letter) for output in outputs]
