"""Gathers the records of a reading page and hands them to `visibility`, which decides what is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db import connection
from django.urls import reverse

from readerstudy.cases.models import Image, ShownAs, rules_of
from readerstudy.reading import visibility
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating
from readerstudy.studies.models import Arm, Criterion, Membership, Study

LONGEST_READING_SECONDS = 600  # a reading left open over lunch says nothing about a reader's pace

PROGRESS = """
SELECT count(*), count(r.submitted_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY least(extract(epoch FROM r.submitted_at - r.shown_at), %s))
         FILTER (WHERE r.submitted_at IS NOT NULL)
FROM reading_allocation a LEFT JOIN reading_reading r ON r.allocation_id = a.id
WHERE a.seat_id = %s
"""


def progress_of(seat: Membership) -> visibility.Progress:
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [LONGEST_READING_SECONDS, seat.pk])
        total, submitted, seconds = cursor.fetchone()
    return visibility.Progress(total=total, submitted=submitted, seconds_each=seconds)


def criteria_of(study: Study) -> tuple[Criterion, ...]:
    """The criteria readers answer. They are frozen by the lock, so each process reads them once."""
    return _criteria(study.pk, study.manifest_sha256)


@lru_cache(maxsize=256)
def _criteria(study_id: int, manifest_sha256: str) -> tuple[Criterion, ...]:
    return tuple(Criterion.objects.of(Study(pk=study_id)))


def shown_as_of(study: Study) -> ShownAs:
    """How readers see the images; the lock freezes it."""
    return _shown_as(study.pk, study.manifest_sha256)


@lru_cache(maxsize=256)
def _shown_as(study_id: int, manifest_sha256: str) -> ShownAs:
    return ShownAs(rules_of(Study(pk=study_id)).shown_as)


def nature_of(study: Study) -> visibility.Nature:
    return _nature(study.pk, study.manifest_sha256)


@lru_cache(maxsize=256)
def _nature(study_id: int, manifest_sha256: str) -> visibility.Nature:
    arms = list(Arm.objects.filter(study_id=study_id))
    return visibility.Nature(
        any_simulated=any(arm.is_simulated for arm in arms),
        all_simulated=all(arm.is_simulated for arm in arms),
        all_recorded=all(arm.is_recorded for arm in arms),
    )


def reading_page(
    seat: Membership, allocation: Allocation, *, is_submitted: bool, error: str = ""
) -> visibility.ReadingPage:
    """The page of one presentation for its reader."""
    study, progress = seat.study, progress_of(seat)
    criteria, outputs = criteria_of(study), _outputs(study, allocation)
    following = Allocation.objects.of(seat).unread().filter(position__gt=allocation.position).first()
    images = _images(allocation, following)
    ratings = {
        (rating.output_id, rating.criterion_id): rating
        for rating in Rating.objects.filter(output__allocation=allocation)
    }
    addresses = [study.key, allocation.key]
    nature = nature_of(study)
    return visibility.ReadingPage(
        study_title=study.title,
        key=allocation.key,
        position=allocation.position,
        total=progress.total,
        submitted=progress.submitted,
        minutes_left=progress.minutes_left,
        is_submitted=is_submitted,
        rate_url=reverse("reading:rate", args=addresses),
        submit_url=reverse("reading:submit", args=addresses),
        stop_url=reverse("reading:stop", args=[study.key]),
        previous_url=_neighbour(seat, allocation, -1),
        next_prefetch=_prefetch(seat, following, images),
        case_text=allocation.case.clinical_text,
        images=visibility.show_images(
            images[allocation.case_id], _addresses(study, allocation), shown_as_of(study)
        ),
        outputs=visibility.show_outputs(
            outputs, criteria, ratings, nature, _boxes(study, outputs, images[allocation.case_id])
        ),
        saved_at=max((visibility.clock(rating.at) for rating in ratings.values()), default=""),
        simulated_notice=nature.notice,
        error=error,
    )


def image_url(study: Study, allocation: Allocation, slot: str, product: str) -> str:
    """Where this reader finds one product of an image: `meta`, `preview`, `overlay`, or `full-N` for frame N."""
    return reverse("reading:image", args=[study.key, allocation.case_key, slot, product])


def _addresses(study: Study, allocation: Allocation) -> Callable[[Image, str], str]:
    """Addresses for the viewer, which puts the frame's number into `full-{frame}` itself."""

    def address(image: Image, product: str) -> str:
        if product != "full":
            return image_url(study, allocation, image.slot, product)
        return image_url(study, allocation, image.slot, "full-0").replace("full-0", "full-{frame}")

    return address


def _outputs(study: Study, allocation: Allocation) -> list[AllocatedOutput]:
    with_boxes = ["interpretation__extraction"] if study.show_boxes else []
    return list(allocation.outputs.select_related("interpretation__frozen__shown", *with_boxes))


def _boxes(
    study: Study, outputs: list[AllocatedOutput], images: list[Image]
) -> dict[int, tuple[visibility.ShownBox, ...]] | None:
    """By output the boxes its source drew, where the study's rules show them to readers; else None."""
    if not study.show_boxes:
        return None
    shown_as = shown_as_of(study)
    return {output.pk: visibility.show_boxes(_drawn(output), images, shown_as) for output in outputs}


def _drawn(output: AllocatedOutput) -> list[dict[str, Any]]:
    extraction = getattr(output.interpretation, "extraction", None)
    return extraction.boxes if extraction else []


def _images(*shown: Allocation | None) -> dict[int, list[Image]]:
    """The images of these presentations by the key of their case."""
    images: dict[int, list[Image]] = {allocation.case_id: [] for allocation in shown if allocation}
    for image in Image.objects.filter(case__in=images).order_by("slot"):
        images[image.case_id].append(image)
    return images


def _neighbour(seat: Membership, allocation: Allocation, step: int) -> str | None:
    neighbour = Allocation.objects.of(seat).filter(position=allocation.position + step).first()
    return reverse("reading:read", args=[seat.study.key, neighbour.key]) if neighbour else None


def _prefetch(
    seat: Membership, following: Allocation | None, images: dict[int, list[Image]]
) -> tuple[str, ...]:
    """What the browser may fetch ahead: the next case's images, never its text."""
    if following is None:
        return ()
    return tuple(
        image_url(seat.study, following, image.slot, product)
        for image in images[following.case_id]
        for product in _products(image, shown_as_of(seat.study))
    )


def _products(image: Image, shown_as: ShownAs) -> tuple[str, ...]:
    """What the viewer asks for first."""
    first = image.key_frame if shown_as == ShownAs.FULL else 0
    return ("overlay",) if image.overlays else ("preview", "meta", f"full-{first}")
