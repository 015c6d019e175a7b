"""Rendering into a test's own folder. This room is plain Python: what the others need is switched off here."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from readerstudy.imaging.asked import Asked
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.rendition import Outcome, render
from readerstudy.imaging.sandbox import end_warm_children

RenderBytes = Callable[..., Outcome]


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """No page is served here."""


@pytest.fixture(autouse=True)
def own_folders() -> None:
    """No settings are read here."""


@pytest.fixture
def render_bytes(tmp_path: Path) -> RenderBytes:
    """Render the content of a file in this process."""
    numbers = itertools.count()

    def run(content: bytes, limits: Limits | None = None, asked: Asked | None = None) -> Outcome:
        number = next(numbers)
        source = tmp_path / f"source-{number}"
        source.write_bytes(content)
        return render(source, tmp_path / f"rendition-{number}", limits, asked)

    return run


@pytest.fixture(autouse=True, scope="module")
def no_child_of_other_tests() -> None:
    """Tests here count the children of this process."""
    end_warm_children()
