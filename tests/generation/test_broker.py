"""The broker of files: a message is whole or not there, and each is taken once."""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from readerstudy import broker

MESSAGES, WRITERS = 150, 3


def connect(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder / "messages"), "data_folder_out": str(folder / "messages")}
    options |= {name: str(folder / name.partition("_")[0]) for name in ("processed_folder", "control_folder")}
    return Connection("filesystem://localhost", transport_options=options)


def write_many(folder: Path, name: str, first: int) -> None:
    broker.use_whole_messages()
    with connect(folder) as connection:
        queue = connection.SimpleQueue(name)
        for number in range(first, first + MESSAGES):
            queue.put({"number": number})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("messages", "processed", "control"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def name() -> str:
    """Kombu remembers in each process which queues it has bound, whatever the folder."""
    return f"bells-{uuid.uuid4().hex}"


@pytest.fixture
def queue(folder: Path, name: str) -> Iterator[Any]:
    with connect(folder) as connection:
        yield connection.SimpleQueue(name)


def test_the_product_uses_it(queue: Any) -> None:
    assert isinstance(queue.channel, broker.Channel)


def test_a_message_whose_writer_died_is_not_there(
    folder: Path, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_paths: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(broker.os, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            queue.put({"number": 1})
    assert list((folder / "messages").iterdir())
    with pytest.raises(Empty):
        queue.get(block=False)
    queue.put({"number": 2})
    assert queue.get(timeout=5).payload == {"number": 2}


def test_a_message_is_taken_once(folder: Path, queue: Any, name: str) -> None:
    queue.put({"number": 1})
    with connect(folder) as other:
        queue.get(timeout=5).ack()
        with pytest.raises(Empty):
            other.SimpleQueue(name).get(block=False)
    assert not list((folder / "messages").iterdir())
    assert not list((folder / "processed").iterdir())


def test_many_writers_lose_and_spoil_nothing(folder: Path, queue: Any, name: str) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=write_many, args=(folder, name, number * MESSAGES))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    found = {queue.get(timeout=60).payload["number"] for _message in range(WRITERS * MESSAGES)}
    for writer in writers:
        writer.join(timeout=30)
    assert found == set(range(WRITERS * MESSAGES))


def test_exchanges_keep_every_binding(folder: Path) -> None:
    with connect(folder) as connection:
        channel = connection.channel()
        for name in ("one", "two", "one"):
            channel._queue_bind("bells", name, "", name)
        assert sorted(row.queue for row in channel.get_table("bells")) == ["one", "two"]
        assert channel.get_table("unknown") == []
