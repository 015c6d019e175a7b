"""Gathers the records of the pages around the cases and hands them to `visibility`."""

from __future__ import annotations

from django.urls import reverse

from readerstudy.cases.models import Image
from readerstudy.reading import visibility
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.pages import addresses_of, progress_of
from readerstudy.reading.path.practice import answered
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Arm, Design, Membership, Study
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.rubrics.documents import to_document


def feedback_page(seat: Membership, allocation: Allocation) -> visibility.FeedbackPage:
    """What stands after a submitted practice case: the own answers beside the expected ones."""
    study, frozen, progress = seat.study, frozen_of(seat.study), progress_of(seat)
    images = Image.objects.filter(case=allocation.case_id).order_by("slot")
    outputs = list(AllocatedOutput.objects.of_screen(allocation))
    is_last = progress.practised == progress.practice
    return visibility.FeedbackPage(
        study_title=study.title,
        position=progress.place_of(allocation.position),
        total=progress.practice,
        images=visibility.show_images(
            list(images), addresses_of(study, allocation.case_key), frozen.shown_as
        ),
        outputs=visibility.show_outputs(
            outputs,
            {},
            simulated=frozen.nature.all_simulated,
            recorded=frozen.nature.all_recorded,
            layout=frozen.layout,
        ),
        case_text=allocation.case.clinical_text,
        rows=visibility.show_comparisons(answered(allocation, outputs)),
        next_url=reverse("reading:start" if is_last else "reading:resume", args=[study.key]),
        is_last=is_last,
    )


def screen_document(study: Study) -> Document:
    """As much of a study's protocol as its screen depends on; nothing of models, prompts or cases."""
    design = Design.objects.of(study)
    sources = Arm.objects.filter(study=study).order_by("position").values_list("kind", flat=True)
    slots = Image.objects.of(study).values_list("slot", flat=True).order_by("slot").distinct()
    return Document(
        {
            "study": {"title": study.title},
            "arms": [{"source": source} for source in sources],
            "criteria": [to_document(each) for each in frozen_of(study).criteria],
            "display": design.section("display"),
            "strata": design.section("strata"),
            "allocation": design.section("allocation"),
            "cases": {"slots": list(slots), **design.section("cases")},
        }
    )
