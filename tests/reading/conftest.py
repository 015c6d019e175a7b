"""One Chromium, and pages that fail a test for what the browser complains about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from readerstudy.reading.models import Allocation
from tests.conftest import Visit
from tests.reading.worlds import address

OpenCase = Callable[..., Page]


@pytest.fixture
def open_case(visit: Visit) -> OpenCase:
    """Opens a presentation as its reader and waits until it can be answered."""

    def come(allocation: Allocation, **options: Any) -> Page:
        page = visit(allocation.seat.user, address("read", allocation), **options)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("#reading[data-ready]")
        return page

    return come
