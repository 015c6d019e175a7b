"""What `make demo` promises: one sentence for what is in its way, nothing left behind, data kept until the reset."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from playwright.sync_api import expect

from readerstudy.demo.people import COORDINATOR
from readerstudy.demo.processes import is_free, wait_until
from tests.journeys.people import Person
from tests.journeys.site import Demo


def test_a_taken_port_is_said_in_one_sentence(demo: Demo) -> None:
    second = demo.run_another()
    assert second.returncode == 1
    assert second.stderr.strip().splitlines()[-1] == (
        f"CommandError: Port {demo.port} is taken by another program. "
        f"Choose another: make demo PORT={demo.port + 1}"
    )


def test_ctrl_c_leaves_nothing_and_the_next_start_keeps_the_data(
    arrive: Callable[..., Person], demo: Demo
) -> None:
    study = demo.study
    assert demo.stop() == 0
    expect_nothing_left(demo)
    demo.start()
    assert "Building" not in demo.said
    assert demo.study == study
    coordinator = arrive()
    coordinator.sign_in(COORDINATOR)
    coordinator.open(f"/studies/{study}/readers/")
    expect(coordinator.page.locator("#board").get_by_role("row", name="R06")).to_contain_text("48 / 48")


def test_killed_it_takes_its_children_along_and_starts_again(demo: Demo) -> None:
    assert demo.process is not None
    demo.process.kill()
    demo.process.wait()
    demo.process.stdout.close()  # type: ignore[union-attr]
    wait_until(
        lambda: all("postgres" in command for command in demo.processes().values()),
        seconds=30,
        what="The end of the children",
    )
    demo.start()
    assert demo.stop() == 0
    expect_nothing_left(demo)


def test_the_reset_deletes_everything(demo: Demo) -> None:
    assert demo.process is not None
    demo.process.send_signal(signal.SIGTERM)
    assert demo.end() == 0
    demo.reset()
    assert not demo.var.exists()


def expect_nothing_left(demo: Demo) -> None:
    assert demo.processes() == {}
    assert is_free(demo.port)
    left = [name for _folder, _folders, names in os.walk(demo.var) for name in names]
    assert [name for name in left if name.endswith((".pid", ".lock", ".sock"))] == []
