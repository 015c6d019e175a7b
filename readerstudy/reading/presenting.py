"""From the records of a presentation to what is asked there, and to what an answer is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from readerstudy.cases.models import Image
from readerstudy.cases.viewing import size_shown, viewer_meta
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating
from readerstudy.reading.parts import lay_out
from readerstudy.reading.protocol import Frozen, frozen_of
from readerstudy.reading.questions import (
    IN_PARTS,
    OUTPUT,
    Presentation,
    Question,
    Subject,
    about_of,
    conditions_of,
    field_name,
)
from readerstudy.reading.scales import About, Frame
from readerstudy.reading.scales.marks import POINTS
from readerstudy.reading.visibility import html_of, reference_of, source_of
from readerstudy.studies.models import Criterion

ON_TEXT = frozenset({"text_span", "edit"})


def presentation_of(
    allocation: Allocation,
    criteria: Sequence[Criterion] | None = None,
    outputs: Iterable[AllocatedOutput] | None = None,
) -> Presentation:
    """What is asked at this presentation; texts are read only where a question is about a piece of one."""
    frozen = frozen_of(allocation.seat.study)
    criteria = frozen.criteria if criteria is None else tuple(criteria)
    in_parts = any(about_of(criterion) in IN_PARTS for criterion in criteria)
    if outputs is None:
        outputs = outputs_of(allocation) if in_parts else allocation.outputs.all()
    ordered = sorted(outputs, key=lambda output: output.side)
    return Presentation(
        criteria=criteria,
        subjects=tuple(_subject(output, frozen, in_parts) for output in ordered),
        strata=allocation.case.strata,
        reference=reference_of(allocation.case) if in_parts else "",
    )


def questions_of(allocation: Allocation, *, revealed: bool | None) -> tuple[Question, ...]:
    """The questions of a presentation: of one stage of a staged case, or where `revealed` is None all of them."""
    if revealed is None:
        return presentation_of(allocation).questions
    return presentation_of(allocation, outputs=None if revealed else []).of_stage(revealed=revealed)


def outputs_of(allocation: Allocation) -> list[AllocatedOutput]:
    """The outputs of a presentation with their texts and what was read out of them, by side."""
    if allocation.holds_texts:
        return list(allocation.outputs.all())
    related = ("interpretation__frozen__shown", "interpretation__extraction")
    return list(allocation.outputs.select_related(*related).order_by("side"))


def outputs_with_arms(allocation: Allocation) -> list[AllocatedOutput]:
    """As `outputs_of`, and where each comes from."""
    if allocation.holds_texts and all(
        AllocatedOutput.arm.is_cached(each) for each in allocation.outputs.all()
    ):
        return list(allocation.outputs.all())
    return list(AllocatedOutput.objects.of_screen(allocation))


def question_at(
    allocation: Allocation, output: AllocatedOutput | None, key: str, part: str = ""
) -> Question | None:
    """The question with this key that this presentation asks about the output, the case or the piece; else None."""
    criterion = next((each for each in frozen_of(allocation.seat.study).criteria if each.key == key), None)
    if criterion is None:
        return None
    letter = output.letter if output else ""
    if about_of(criterion) in IN_PARTS or any("stratum" in each for each in conditions_of(criterion)):
        wanted = field_name(key, letter, part)
        found = presentation_of(allocation).questions
        return next((question for question in found if question.field == wanted), None)
    fits = (about_of(criterion) == OUTPUT) == (output is not None) and not part
    return Question(criterion, letter) if fits else None


def about(
    allocation: Allocation,
    question: Question,
    output: AllocatedOutput | None,
    letters: Sequence[str] | None = None,
) -> About:
    """What the check of an answer to this question needs to know; only that is read.

    `letters` are those on the screen, where the presentation has no rows.
    """
    kind, frozen = question.criterion.kind, frozen_of(allocation.seat.study)
    if kind != "ranking":
        letters = ()
    elif letters is None:
        letters = [each.letter for each in allocation.outputs.all()]
    images = frames_of(allocation, frozen) if kind in POINTS else None
    if kind not in ON_TEXT or output is None:
        return About(letters=tuple(letters), images=images)
    return About(tuple(letters), lay_out(html_of(output, frozen.layout)).text, source_of(output), images)


def frames_of(allocation: Allocation, frozen: Frozen) -> Mapping[str, Frame]:
    """The pixels of each image of the case as its reader sees it, by slot."""
    images = Image.objects.filter(case=allocation.case_id)
    return {image.slot: _frame(image, frozen) for image in images}


def answers_of(
    ratings: Iterable[Rating], letters: Mapping[int, str], keys: Mapping[int, str]
) -> dict[str, Rating]:
    """Ratings by field; `letters` are those of outputs, `keys` those of criteria, each by primary key."""
    return {
        field_name(keys[rating.criterion_id], letters.get(rating.output_id or 0, ""), rating.part): rating
        for rating in ratings
        if rating.criterion_id in keys
    }


def answers_at(allocation: Allocation) -> dict[str, Rating]:
    """The ratings that stand at a presentation, by field."""
    letters = {output.pk: output.letter for output in allocation.outputs.all()}
    keys = {criterion.pk: criterion.key for criterion in frozen_of(allocation.seat.study).criteria}
    return answers_of(allocation.ratings.all(), letters, keys)


def _subject(output: AllocatedOutput, frozen: Frozen, in_parts: bool) -> Subject:
    if not in_parts:
        return Subject(output.letter, "")
    return Subject(output.letter, html_of(output, frozen.layout), findings_in(output))


def findings_in(output: AllocatedOutput) -> tuple[str, ...]:
    """The findings that a structured reply lists, in its own words."""
    extraction = getattr(output.interpretation, "extraction", None)
    data = extraction.data if extraction and isinstance(extraction.data, dict) else {}
    found = data.get("findings")
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        return ()
    return tuple(each.strip() for each in found if each.strip())


def _frame(image: Image, frozen: Frozen) -> Frame:
    width, height = size_shown(image, frozen.shown_as)
    meta = viewer_meta(image, frozen.shown_as)
    spacing = meta.get("spacing_mm") if meta.get("spacing_kind") else None
    return Frame(width, height, meta.get("frames") or 1, tuple(spacing) if spacing else None)
