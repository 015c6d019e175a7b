"""A presentation shown once more as its reader had it, for somebody else and without any way to change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.utils.translation import gettext as _

from readerstudy.cases.models import Image
from readerstudy.reading import visibility
from readerstudy.reading.models import Allocation, Reading
from readerstudy.reading.pages import reading_page
from readerstudy.reading.protocol import shown_as_of
from readerstudy.reading.screens import screen_of


def replayed_page(
    allocation: Allocation, reading: Reading, *, address: Callable[[Image, str], str], back: str
) -> visibility.ReadingPage:
    """The reading page with the answers that stand; `address` names the images and `back` is where its links lead.

    Nothing of it leads to a page that stores something.
    """
    page = reading_page(screen_of(allocation.seat, allocation), reading)
    images = Image.objects.confirmed().filter(case=allocation.case_id).order_by("slot")
    return replace(
        page,
        images=visibility.show_images(list(images), address, shown_as_of(allocation.seat.study)),
        rate_url=back,
        submit_url=back,
        stop_url=back,
        previous_url=None,
        next_prefetch=(),
        minutes_left=None,
        late_since="",
        error=_("What %(reader)s saw and answered. Nothing can be changed here.")
        % {"reader": allocation.seat.pseudonym},
        is_read_only=True,
    )
