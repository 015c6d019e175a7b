"""One Chromium, and pages that fail a test for what the browser complains about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from playwright.sync_api import Browser, Page, sync_playwright

from readerstudy.reading.models import Allocation
from tests.prerequisites import find_chromium
from tests.reading.worlds import address, signed_in

OpenCase = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium())
        yield chromium
        chromium.close()


@pytest.fixture
def open_case(browser: Browser, settings: Any, live_server: Any) -> Iterator[OpenCase]:
    """Opens a presentation as its reader and waits until it can be answered."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    contexts, complaints = [], []

    def come(allocation: Allocation, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        contexts.append(context)
        name = configured.SESSION_COOKIE_NAME
        session = signed_in(allocation.seat).cookies[name].value
        context.add_cookies([{"name": name, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.goto(live_server.url + address("read", allocation))
        if options.get("java_script_enabled", True):
            page.wait_for_selector("#reading[data-ready]")
        return page

    yield come
    for context in contexts:
        context.close()
    assert complaints == []
