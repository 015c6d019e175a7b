"""One demonstration for all journeys; those of `web` use Django's test database, the others never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from readerstudy.demo.processes import Processes
from tests.engines import database_url
from tests.journeys.people import Person
from tests.journeys.site import Demo
from tests.journeys.web import Web


@pytest.fixture(scope="session")
def installation() -> Iterator[Demo]:
    """A demonstration, built from nothing."""
    site = Demo(Path(settings.VAR) / "demo")
    site.reset()
    try:
        site.start()
        yield site
    finally:
        if site.is_running:
            site.stop()


@pytest.fixture
def demo(installation: Demo) -> Demo:
    """The demonstration, running, whatever the test before did to it."""
    if not installation.is_running:
        installation.start()
    return installation


@pytest.fixture
def arrive(browser: Browser, demo: Demo) -> Iterator[Callable[..., Person]]:
    """People at this site; when the test ends they leave, and must have nothing to complain about."""
    people: list[Person] = []

    def come(**options: Any) -> Person:
        people.append(Person.arrive(browser, demo.address, **options))
        return people[-1]

    yield come
    for person in people:
        person.leave()


@pytest.fixture
def web(settings: Any, tmp_path: Path) -> Iterator[Web]:
    """The product's web server over this test's own database, with the images that its studies keep."""
    settings.MEDIA_ROOT = Path(settings.VAR) / "media"
    environment = {"DATABASE_URL": database_url(), "READERSTUDY_VAR": str(settings.VAR)}
    site = Web(Processes(environment, tmp_path / "log"))
    site.start()
    try:
        site.wait()
        yield site
    finally:
        site.processes.stop()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots of this run go; `make screenshots` copies them into the documentation."""
    folder = Path(settings.VAR) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
