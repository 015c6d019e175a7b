"""A study to put images into, and a worker's turn that runs for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from readerstudy.cases import tasks
from readerstudy.cases.actions import attest
from readerstudy.cases.models import Mask, Upload
from readerstudy.celery import app
from readerstudy.studies.models import Study
from tests.cases.files import receive
from tests.cases.pages import address
from tests.cases.sending import TUS
from tests.factories import make_study

Render = Callable[..., Upload]


@pytest.fixture(autouse=True)
def own_workroom(tmp_path: Path, settings: Any) -> Path:
    """Files on their way through a worker stay in the test's own folder."""
    settings.VAR = tmp_path / "var"
    return tmp_path / "var" / "ingest"


@pytest.fixture
def study(db: None) -> Study:
    return make_study()


@pytest.fixture
def coordinator(client: Client, study: Study) -> Client:
    """A browser in which the study's coordinator is signed in."""
    client.force_login(study.created_by)
    return client


@pytest.fixture
def attested(study: Study) -> None:
    attest(study=study, by=study.created_by)


@pytest.fixture
def begin(coordinator: Client, study: Study, bells: list[Any]) -> Callable[..., Any]:
    """Announces a large file; returns the answer."""

    def post(size: object, metadata: str = "", **headers: str) -> Any:
        said = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata, **headers}
        return coordinator.generic("POST", address("start_transfer", study), headers=said)

    return post


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Any, ...]]]:
    """Every message that would go to the broker, with all its arguments."""
    rung: list[tuple[Any, ...]] = []

    def note(self: Any, *args: Any, **kwargs: Any) -> None:
        rung.append((self.name, args, kwargs))

    monkeypatch.setattr(app.Task, "apply_async", note)
    return rung


@pytest.fixture
def work(
    bells: list[tuple[Any, ...]],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> Callable[[], None]:
    """A worker that answers bells until nothing waits."""

    def run() -> None:
        while (
            pk := Upload.objects.waiting().order_by("pk").values_list("pk", flat=True).first()
        ) is not None:
            with django_capture_on_commit_callbacks(execute=True):
                tasks.ingest(pk)

    return run


@pytest.fixture
def render(study: Study, work: Callable[[], None]) -> Render:
    """Receives one file and has it rendered; returns its upload as it then stands."""

    def run(content: bytes, name: str = "scan.png") -> Upload:
        upload = receive(study, content, name)
        work()
        upload.refresh_from_db()
        return upload

    return run


@pytest.fixture
def burn(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> Callable[[], None]:
    """A worker that answers bells for masks until nothing waits."""

    def run() -> None:
        while (pk := Mask.objects.waiting().values_list("pk", flat=True).first()) is not None:
            with django_capture_on_commit_callbacks(execute=True):
                tasks.mask(pk)

    return run
