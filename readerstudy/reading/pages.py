"""Gathers the records of a reading page and hands them to `visibility`, which decides what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from readerstudy.cases.models import Image, ShownAs
from readerstudy.reading import visibility
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating, Reading
from readerstudy.reading.path.practice import is_practice
from readerstudy.reading.path.reopening import is_late, may_reopen
from readerstudy.reading.presenting import answers_of, presentation_of
from readerstudy.reading.protocol import Frozen, criteria_of, frozen_of, nature_of, shown_as_of
from readerstudy.reading.questions import Presentation, Question, asked
from readerstudy.reading.screens import Screen, progress_of
from readerstudy.studies.models import Study

__all__ = ["criteria_of", "image_url", "nature_of", "progress_of", "reading_page", "shown_as_of"]


def reading_page(screen: Screen, reading: Reading, *, error: str = "") -> visibility.ReadingPage:
    """The page of one presentation for its reader; before the unaided answer is locked nothing of an output is read."""
    allocation, outputs = screen.allocation, screen.outputs
    seat = allocation.seat
    study, progress, frozen = seat.study, screen.progress, frozen_of(seat.study)
    practises, images = is_practice(allocation), screen.images[allocation.case_id]
    is_sealed = frozen.is_staged and reading.unaided_at is None
    asking = Asking.of(screen, is_sealed=is_sealed)
    addresses = [study.key, allocation.key]
    return visibility.ReadingPage(
        study_title=study.title,
        key=allocation.key,
        position=progress.place_of(allocation.position),
        total=progress.practice if practises else progress.total,
        submitted=progress.practised if practises else progress.submitted,
        minutes_left=None if practises else progress.minutes_left,
        is_practice=practises,
        is_submitted=reading.submitted_at is not None,
        rate_url=reverse("reading:rate", args=addresses),
        submit_url=reverse("reading:submit", args=addresses),
        stop_url=reverse("reading:stop", args=[study.key]),
        previous_url=_previous_url(screen),
        next_prefetch=_prefetch(screen),
        case_text=allocation.case.clinical_text,
        images=visibility.show_images(images, addresses_of(study, allocation.case_key), frozen.shown_as),
        outputs=visibility.show_outputs(
            outputs,
            asking.by_letter,
            simulated=frozen.nature.all_simulated,
            recorded=frozen.nature.all_recorded,
            layout=frozen.layout,
            boxes=boxes_of(study, outputs, images),
        ),
        saved_at=asking.saved_at,
        simulated_notice=frozen.nature.notice,
        error=error,
        shared=asking.shared,
        sealed=asking.sealed,
        sealed_at=visibility.clock(reading.unaided_at) if reading.unaided_at else "",
        is_sealed=is_sealed,
        reference=reference_shown(allocation, frozen, is_sealed),
        layout=frozen.layout,
        tools=asking.tools,
        given=asking.given,
        late_since=_late_since(allocation, reading),
    )


@dataclass(frozen=True)
class Asking:
    """The questions of one page with the ratings that stand.

    `order` makes the shuffled options of each reader and case; it names no arm.
    """

    presentation: Presentation
    outputs: Mapping[str, AllocatedOutput]
    ratings: Mapping[str, Rating]
    is_staged: bool
    is_sealed: bool
    order: str
    said: Mapping[str, tuple[visibility.ShownSaid, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, screen: Screen, *, is_sealed: bool) -> Asking:
        """The questions of a screen."""
        allocation, outputs = screen.allocation, screen.outputs
        frozen = frozen_of(allocation.seat.study)
        letters = {output.pk: output.letter for output in outputs}
        keys = {criterion.pk: criterion.key for criterion in frozen.criteria}
        return cls(
            presentation=presentation_of(allocation, outputs=outputs),
            outputs={output.letter: output for output in outputs},
            ratings=answers_of(screen.ratings, letters, keys),
            is_staged=frozen.is_staged,
            is_sealed=is_sealed,
            order=allocation.case_key,
        )

    @cached_property
    def open(self) -> tuple[Question, ...]:
        """The questions that may be answered now."""
        if not self.is_staged:
            return self.presentation.questions
        return self.presentation.of_stage(revealed=not self.is_sealed)

    @cached_property
    def locked(self) -> tuple[Question, ...]:
        """The questions that were answered without the output."""
        asked_before = self.is_staged and not self.is_sealed
        return self.presentation.of_stage(revealed=False) if asked_before else ()

    @cached_property
    def fields(self) -> set[str]:
        answers = {name: rating.value for name, rating in self.ratings.items()}
        return asked(self.presentation.questions, answers)

    @cached_property
    def by_letter(self) -> dict[str, tuple[visibility.Entry, ...]]:
        """The entries of each output's pane; those about the case stand with a single output."""
        alone = next(iter(self.outputs)) if len(self.outputs) == 1 else None
        return {
            letter: self._entries([each for each in self.open if (each.letter or alone) == letter])
            for letter in self.outputs
        }

    @cached_property
    def shared(self) -> tuple[visibility.Entry, ...]:
        """The entries about the case or the pair, where they have a pane of their own."""
        return () if len(self.outputs) == 1 else self._entries([q for q in self.open if not q.letter])

    @property
    def sealed(self) -> tuple[visibility.ShownSealed, ...]:
        return tuple(
            visibility.show_sealed(each, self.ratings.get(each.field))
            for each in self.locked
            if each.field in self.fields
        )

    @property
    def given(self) -> dict[str, str]:
        """Locked answers by field."""
        found = {each.field: self.ratings.get(each.field) for each in self.locked}
        return {name: rating.value for name, rating in found.items() if rating and rating.value}

    @property
    def tools(self) -> str:
        """The marks that may be drawn: lengths to measure with, and what is asked for."""
        wanted = {each.criterion.kind for each in self.open} & visibility.MARKS
        return " ".join(sorted({"length", *wanted}))

    @property
    def saved_at(self) -> str:
        return max((visibility.clock(rating.at) for rating in self.ratings.values()), default="")

    def _entries(self, questions: Sequence[Question]) -> tuple[visibility.Entry, ...]:
        return visibility.entries_of([self._show(question) for question in questions])

    def _show(self, question: Question) -> visibility.ShownCriterion:
        is_edit, output = question.criterion.kind == "edit", self.outputs.get(question.letter)
        return visibility.show_question(
            question,
            self.ratings.get(question.field),
            is_asked=question.field in self.fields,
            order=self.order,
            source=visibility.source_of(output) if is_edit and output else "",
            letters=tuple(self.outputs),
            said=self.said.get(question.field, ()),
        )


def image_url(study: Study, case_key: str, slot: str, product: str, view: str = "reading:image") -> str:
    """Where this reader finds one product of an image: `meta`, `preview`, `overlay`, or `full-N` for frame N."""
    return reverse(view, args=[study.key, case_key, slot, product])


def addresses_of(study: Study, case_key: str, view: str = "reading:image") -> Callable[[Image, str], str]:
    """Addresses of a reader's images for the viewer, which puts the frame's number into `full-{frame}` itself."""

    def address(image: Image, product: str) -> str:
        if product != "full":
            return image_url(study, case_key, image.slot, product, view)
        return image_url(study, case_key, image.slot, "full-0", view).replace("full-0", "full-{frame}")

    return address


def reference_shown(allocation: Allocation, frozen: Frozen, is_sealed: bool) -> SafeString | str:
    """What the display against the reference shows; it comes with the output and not before."""
    return visibility.reference_of(allocation.case) if frozen.shows_reference and not is_sealed else ""


def boxes_of(
    study: Study, outputs: Sequence[AllocatedOutput], images: Sequence[Image]
) -> dict[int, tuple[visibility.ShownBox, ...]] | None:
    """By output the boxes its source drew, where the study's rules show them to readers; else None."""
    if not study.show_boxes:
        return None
    shown_as = shown_as_of(study)
    return {output.pk: visibility.show_boxes(_drawn(output), images, shown_as) for output in outputs}


def _drawn(output: AllocatedOutput) -> list[dict[str, Any]]:
    extraction = getattr(output.interpretation, "extraction", None)
    return extraction.boxes if extraction else []


def images_of(allocation: Allocation) -> list[Image]:
    """The images of a presentation in the order of their slots."""
    return list(Image.objects.filter(case=allocation.case_id).order_by("slot"))


def _previous_url(screen: Screen) -> str | None:
    """The address of the presentation before this one, where it may be opened."""
    study, previous = screen.allocation.seat.study, screen.previous
    if previous is None or not may_reopen(screen.allocation, previous.submitted_at):
        return None
    return reverse("reading:read", args=[study.key, previous.key])


def _late_since(allocation: Allocation, reading: Reading) -> str:
    """When the case was finished, where a change now is a late one; empty where no reason is asked."""
    if reading.submitted_at is None or not is_late(allocation, reading.submitted_at):
        return ""
    return visibility.day_and_clock(reading.submitted_at)


def _prefetch(screen: Screen) -> tuple[str, ...]:
    """What the browser may fetch ahead: the next case's images, never its text."""
    study, shown_as = screen.allocation.seat.study, shown_as_of(screen.allocation.seat.study)
    if screen.next_case is None or screen.next_case_key is None:
        return ()
    return tuple(
        image_url(study, screen.next_case_key, image.slot, product)
        for image in screen.images[screen.next_case]
        for product in _products(image, shown_as)
    )


def _products(image: Image, shown_as: ShownAs) -> tuple[str, ...]:
    """What the viewer asks for first."""
    first = image.key_frame if shown_as == ShownAs.FULL else 0
    return ("overlay",) if image.overlays else ("preview", "meta", f"full-{first}")
