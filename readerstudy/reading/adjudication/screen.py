"""The adjudicator's screen: the reading page itself, with the questions that readers disagree about and no others."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _

from readerstudy.cases.models import Image
from readerstudy.designs.shuffling import digest
from readerstudy.reading import visibility
from readerstudy.reading.adjudication.finding import Given
from readerstudy.reading.adjudication.given import given_of, oriented
from readerstudy.reading.adjudication.queue import open_to
from readerstudy.reading.adjudication.settling import standing_by_field
from readerstudy.reading.models import (
    AdjudicatedOutput,
    Adjudication,
    AllocatedOutput,
    Allocation,
    Rating,
    Settlement,
)
from readerstudy.reading.pages import Asking, addresses_of, boxes_of, images_of, reference_shown
from readerstudy.reading.presenting import presentation_of
from readerstudy.reading.protocol import Frozen, frozen_of
from readerstudy.reading.questions import Presentation, Question, field_name, with_dependents
from readerstudy.studies.models import Criterion, Membership

DRAWN = frozenset({"box", "point", "polygon"})


@dataclass(frozen=True)
class Bench:
    """An adjudication as a presentation: who settles what, the texts under their letters, the questions.

    `allocation` and `outputs` have no rows; they lend the reading page its form.
    """

    adjudication: Adjudication
    allocation: Allocation
    rows: Mapping[str, AdjudicatedOutput]
    outputs: tuple[AllocatedOutput, ...]
    presentation: Presentation

    @property
    def frozen(self) -> Frozen:
        return frozen_of(self.allocation.seat.study)

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(sorted(self.rows))

    def output(self, letter: str) -> AllocatedOutput | None:
        return next((each for each in self.outputs if each.letter == letter), None)

    def question(self, key: str, letter: str, part: str) -> Question | None:
        """The question with this key that is asked here about the output, the case or the part; else None."""
        wanted = field_name(key, letter, part)
        return next((each for each in self.presentation.questions if each.field == wanted), None)


def bench_of(adjudication: Adjudication) -> Bench:
    """Everything that is on the screen of an adjudication."""
    related = ("arm", "interpretation__frozen__shown", "interpretation__extraction")
    rows = {row.letter: row for row in adjudication.outputs.select_related(*related).order_by("side")}
    outputs = tuple(
        AllocatedOutput(
            pk=row.pk, arm=row.arm, interpretation=row.interpretation, letter=row.letter, side=row.side
        )
        for row in rows.values()
    )
    allocation = Allocation(
        plan_id=adjudication.plan_id,
        seat=adjudication.adjudicator,
        case=adjudication.case,
        key=adjudication.key,
        case_key=adjudication.case_key,
    )
    return Bench(
        adjudication, allocation, rows, outputs, _presentation(adjudication, allocation, rows, outputs)
    )


def adjudication_page(bench: Bench, *, error: str = "") -> visibility.ReadingPage:
    """The page of an adjudication for its adjudicator; what readers said is on it only where a panel settles."""
    adjudication, allocation, frozen = bench.adjudication, bench.allocation, bench.frozen
    study, seat = allocation.seat.study, allocation.seat
    images = images_of(allocation)
    asking, done, addresses = _asking(bench, images), _done(seat), [study.key, adjudication.key]
    return visibility.ReadingPage(
        study_title=study.title,
        key=adjudication.key,
        position=done + 1,
        total=done + 1 + len(open_to(study, seat.user_id)),
        submitted=done,
        minutes_left=None,
        is_submitted=adjudication.ended_at is not None,
        rate_url=reverse("reading:settle", args=addresses),
        submit_url=reverse("reading:finish_adjudication", args=addresses),
        stop_url=reverse("reading:stop_adjudicating", args=[study.key]),
        previous_url=None,
        next_prefetch=(),
        case_text=allocation.case.clinical_text,
        images=visibility.show_images(
            images, addresses_of(study, allocation.case_key, "reading:adjudication_image"), frozen.shown_as
        ),
        outputs=visibility.show_outputs(
            bench.outputs,
            asking.by_letter,
            simulated=frozen.nature.all_simulated,
            recorded=frozen.nature.all_recorded,
            layout=frozen.layout,
            boxes=boxes_of(study, bench.outputs, images),
        ),
        saved_at=asking.saved_at,
        simulated_notice=frozen.nature.notice,
        error=error,
        shared=asking.shared,
        reference=reference_shown(allocation, frozen, is_sealed=False),
        layout=frozen.layout,
        tools=asking.tools,
        is_adjudication=True,
        shows_readings=adjudication.shows_readings,
        readers_notice=_notice(adjudication),
    )


def _notice(adjudication: Adjudication) -> str:
    """What has to be said of simulated readers; of all together, because a label on one would tell them apart."""
    if not adjudication.shows_readings:
        return ""
    readers = Membership.objects.readers(adjudication.plan.study).filter(user__is_simulated=True)
    return _("No doctor gave the answers of simulated readers in this study.") if readers.exists() else ""


def _presentation(
    adjudication: Adjudication,
    allocation: Allocation,
    rows: Mapping[str, AdjudicatedOutput],
    outputs: tuple[AllocatedOutput, ...],
) -> Presentation:
    """The disputed questions with those that hang on their answers, then the second stage where it is brought up."""
    terms = frozen_of(allocation.seat.study).terms
    criteria = [_must(each, terms.ruled) for each in frozen_of(allocation.seat.study).criteria]
    second = terms.second if adjudication.asks_more else ()
    whole = presentation_of(allocation, [*criteria, *second], outputs)
    letters = {row.arm_id: row.letter for row in rows.values()}
    disputed = [
        field_name(row.criterion.key, letters.get(row.arm_id or 0, ""), row.part)
        for row in adjudication.disputed.select_related("criterion")
    ]
    later = {criterion.key for criterion in second}
    asked_later = {each.field for each in whole.questions if each.criterion.key in later}
    only = with_dependents(whole.questions, disputed, terms.ruled) | asked_later
    return replace(whole, only=frozenset(only))


def _must(criterion: Criterion, ruled: frozenset[str]) -> Criterion:
    """A criterion that disagreements are about: readers may leave it open, but whoever settles does not."""
    if criterion.key not in ruled or criterion.is_required:
        return criterion
    copied = copy.copy(criterion)
    copied.is_required = True
    return copied


def _asking(bench: Bench, images: list[Image]) -> Asking:
    questions = bench.presentation.questions
    standing = standing_by_field(bench.adjudication, questions)
    return Asking(
        presentation=bench.presentation,
        outputs={output.letter: output for output in bench.outputs},
        ratings={name: _as_rating(event) for name, event in standing.items()},
        is_staged=False,
        is_sealed=False,
        order=bench.adjudication.case_key,
        said=_said(bench, questions, images) if bench.adjudication.shows_readings else {},
    )


def _as_rating(event: Settlement) -> Rating:
    return Rating(
        value=event.value,
        score=event.score,
        cannot_judge=event.cannot_judge,
        reason=event.reason,
        at=event.at,
    )


def _done(seat: Membership) -> int:
    return Adjudication.objects.filter(adjudicator=seat).for_good().count()


def _said(
    bench: Bench, questions: Iterable[Question], images: list[Image]
) -> dict[str, tuple[visibility.ShownSaid, ...]]:
    """What each reader answered, by field; readers have the same place at every question of a case."""
    asked = {each.field: each for each in questions if each.criterion.pk}
    given = _given(bench, list(asked.values()))
    places = _places(bench, {each.reader for told in given.values() for each in told})
    return {
        name: tuple(
            _show(bench, asked[name].criterion, each, places[each.reader], images)
            for each in sorted(told, key=lambda each: places[each.reader])
        )
        for name, told in given.items()
    }


def _given(bench: Bench, questions: list[Question]) -> dict[str, list[Given]]:
    adjudication = bench.adjudication
    letters: dict[int | None, str] = {row.arm_id: row.letter for row in bench.rows.values()} | {None: ""}
    fields = {each.field for each in questions}
    criteria = {each.criterion.pk: each.criterion for each in questions}.values()
    found: dict[str, list[Given]] = {}
    for each in given_of(adjudication.plan, criteria, case=adjudication.case_id):
        if each.screen.arms != tuple(adjudication.arms):
            continue
        name = field_name(each.place.criterion, letters[each.place.arm], each.place.part)
        if name in fields:
            found.setdefault(name, []).append(each)
    return found


def _places(bench: Bench, readers: set[int]) -> dict[int, int]:
    """First, second … reader, in an order drawn anew for each adjudication."""
    plan = bench.adjudication.plan
    seats = Membership.objects.filter(pk__in=readers).values_list("pk", "seat")
    drawn = sorted(
        seats,
        key=lambda seat: digest(
            plan.key_seed or plan.seed, "adjudication", bench.adjudication.key, seat[1] or 0
        ),
    )
    return {pk: place for place, (pk, _seat) in enumerate(drawn, start=1)}


def _show(
    bench: Bench, criterion: Criterion, given: Given, place: int, images: list[Image]
) -> visibility.ShownSaid:
    """One answer in words, told of the texts as they stand on this screen."""
    order = [bench.rows[letter].arm_id for letter in bench.letters]
    answer = oriented(criterion, given.drawn or given.value, given.screen.arms, order)
    words = visibility.words_of(criterion, Rating(value=answer, cannot_judge=given.cannot_judge))
    is_drawn = criterion.kind in DRAWN and bool(answer)
    return visibility.ShownSaid(place, words, visibility.show_marks(answer, images) if is_drawn else None)
