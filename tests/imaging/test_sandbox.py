"""The decoding child: what kills it harms one file only, and nothing of ours is at risk."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from readerstudy.demo.processes import wait_until
from readerstudy.imaging import sandbox
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.rendition import Outcome, Refused, Rendered, render
from readerstudy.imaging.sandbox import SandboxError, end_warm_children, render_in_child
from tests.imaging.make import dicom, full, gradient, local_file, refusal_code, rendered, saved

GOOD = saved(Image.fromarray(gradient()), "PNG")
Batch = Callable[..., list[Outcome]]


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """Render file contents in one batch."""

    def run(*contents: bytes, limits: Limits | None = None) -> list[Outcome]:
        return list(render_in_child(written(tmp_path, *contents), tmp_path / "out", limits))

    return run


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the child be one that obeys the commands in its files."""
    monkeypatch.setattr(sandbox, "_CHILD_MODULE", "tests.imaging.faulty_child")


def written(folder: Path, *contents: bytes) -> list[Path]:
    paths = [folder / f"source-{number}" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def children() -> set[int]:
    """Processes of ours that decode or have become zombies."""
    found = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii")
    return {int(pid) for pid in found.split()}


def test_a_batch_is_rendered_as_in_this_process(batch: Batch, tmp_path: Path) -> None:
    contents = [GOOD, b"not an image", local_file("MR_small_RLE.dcm").read_bytes()]
    outcomes = batch(*contents)
    assert [type(outcome) for outcome in outcomes] == [Rendered, Refused, Rendered]
    for number in (0, 2):
        here = rendered(render(tmp_path / f"source-{number}", tmp_path / f"here-{number}"))
        there = rendered(outcomes[number])
        assert there.meta == here.meta
        assert there.folder == tmp_path / "out" / f"{number:06d}"
        for path in here.folder.iterdir():
            assert path.read_bytes() == (there.folder / path.name).read_bytes()


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"ABORT", "decoder_crashed"),
        (b"EXIT", "decoder_crashed"),
        (b"KILL", "too_much_memory"),
        (b"SPIN", "took_too_long"),
        (b"CHATTER", "decoder_crashed"),
    ],
)
def test_a_file_that_kills_the_child_is_refused_and_the_next_is_rendered(
    batch: Batch, tmp_path: Path, command: bytes, code: str
) -> None:
    before = children()
    first, culprit, last = batch(GOOD, command, GOOD)
    assert refusal_code(culprit) == code
    assert np.array_equal(full(first), gradient())
    assert np.array_equal(full(last), gradient())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["000000", "000002"]
    assert children() == before


@pytest.mark.usefixtures("faulty")
def test_a_file_that_hangs_is_given_up_after_the_wall_limit(batch: Batch) -> None:
    culprit, last = batch(b"HANG", GOOD, limits=Limits(wall_seconds=0.5))
    assert refusal_code(culprit) == "took_too_long"
    assert 0.5 <= culprit.seconds < 20
    assert isinstance(last, Rendered)


def test_an_image_that_needs_more_memory_than_allowed_is_refused(batch: Batch) -> None:
    large = dicom(np.zeros((6000, 6000), dtype=np.uint16))
    outcome, last = batch(large, GOOD, limits=Limits(memory_bytes=100_000_000))
    assert refusal_code(outcome) == "too_much_memory"
    assert isinstance(last, Rendered)


@pytest.mark.usefixtures("faulty")
def test_a_full_disk_is_our_failure_and_refuses_no_file(batch: Batch) -> None:
    with pytest.raises(SandboxError, match="free space"):
        batch(b"FULL")


def test_an_upload_that_is_gone_is_our_failure(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="could not be opened"):
        list(render_in_child([tmp_path / "absent"], tmp_path / "out"))


def test_a_child_that_does_not_start_is_our_failure(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_CHILD_MODULE", "tests.imaging.no_such_module")
    with pytest.raises(SandboxError, match="did not start"):
        batch(GOOD)


def test_the_child_is_bounded_and_holds_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    before = children()
    outcomes = render_in_child(written(tmp_path, GOOD, GOOD), tmp_path / "out", Limits(cpu_seconds=7))
    next(outcomes)
    (pid,) = children() - before
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    bounds = limits_of(pid)
    assert bounds["Max core file size"] == "0"
    assert 7 <= int(bounds["Max cpu time"]) <= 30
    assert int(bounds["Max address space"]) < 8_000_000_000
    outcomes.close()  # type: ignore[attr-defined]  # the iterator is a generator
    assert children() == before


def limits_of(pid: int) -> dict[str, str]:
    """The soft limits of a process by name."""
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()[1:]
    return {line[:25].strip(): line[25:46].strip() for line in lines}


def test_a_child_is_replaced_after_its_share_of_files(tmp_path: Path) -> None:
    before, seen = children(), []
    sources = written(tmp_path, *[GOOD] * 5)
    for outcome in render_in_child(sources, tmp_path / "out", Limits(files_per_child=2)):
        rendered(outcome)
        seen.append((children() - before).pop())
    assert [seen[0] == seen[1], seen[1] == seen[2], seen[2] == seen[3], seen[3] == seen[4]] == [
        True,
        False,
        True,
        False,
    ]
    assert children() == before


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (source,) = written(tmp_path, GOOD)
    script = f"""
import os, sys
from itertools import repeat
from pathlib import Path
from readerstudy.imaging.sandbox import render_in_child
outcomes = render_in_child(repeat(Path({str(source)!r})), Path({str(tmp_path / "out")!r}))
next(outcomes)
print(open(f"/proc/{{os.getpid()}}/task/{{os.getpid()}}/children").read(), flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    (child,) = (int(word) for word in parent.stdout.readline().split())
    ended = os.pidfd_open(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    assert poll.poll(30_000), "the child outlived its parent"
    os.close(ended)


def test_a_warm_child_serves_the_next_call_and_is_let_go_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "image", children()
    path.write_bytes(dicom())
    monkeypatch.setattr(sandbox, "WARM_SECONDS", 600)
    limits = Limits(max_frames=601)
    pids = []
    for number in range(3):
        outcomes = render_in_child([path], tmp_path / str(number), limits, keep_warm=True)
        assert [type(outcome) for outcome in outcomes] == [Rendered]
        pids.append(children() - before)
    assert len(pids[0]) == 1
    assert pids[0] == pids[1] == pids[2], "the same child"
    other = render_in_child([path], tmp_path / "other", Limits(max_frames=602))
    assert isinstance(next(other), Rendered)
    assert len(children() - before) == 2, "other limits want a child of their own"
    other.close()
    end_warm_children()
    assert children() == before
    monkeypatch.setattr(sandbox, "WARM_SECONDS", 0.01)
    list(render_in_child([path], tmp_path / "last", limits, keep_warm=True))
    wait_until(lambda: children() == before, seconds=20, what="Letting the child go")


def test_a_warm_child_that_died_meanwhile_costs_no_file(tmp_path: Path) -> None:
    path, before = tmp_path / "image", children()
    path.write_bytes(dicom())
    limits = Limits(max_frames=603)
    list(render_in_child([path], tmp_path / "first", limits, keep_warm=True))
    (pid,) = children() - before
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_dead(pid), seconds=20, what="The child's end")
    (outcome,) = render_in_child([path], tmp_path / "second", limits, keep_warm=True)
    assert isinstance(outcome, Rendered)
    end_warm_children()


def is_dead(pid: int) -> bool:
    """Whether a process has ended, though nobody has asked for its exit code yet."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
