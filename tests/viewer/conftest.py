"""One Chromium, and an exhibition with a page for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.viewer.exhibition import Exhibition, open_exhibition
from tests.viewer.looking import Looker


@pytest.fixture
def exhibition() -> Iterator[Exhibition]:
    with open_exhibition() as here:
        yield here


@pytest.fixture
def look(browser: Browser, exhibition: Exhibition) -> Iterator[Callable[..., Looker]]:
    """Opens a page of images; what the browser complains about fails the test."""
    lookers: list[Looker] = []

    def open_page(*elements: str, beside: str = "", scripts: tuple[str, ...] = (), **options: Any) -> Looker:
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 700}, **options})
        context.set_default_timeout(20_000)
        looker = Looker(context.new_page())
        lookers.append(looker)
        looker.open(exhibition.page(*elements, beside=beside, scripts=scripts), wait=not exhibition.held)
        return looker

    yield open_page
    for looker in lookers:
        looker.leave()
