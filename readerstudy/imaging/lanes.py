"""Several decoding children side by side, each with one file in hand: as many as the machine has cores."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from readerstudy.imaging.asked import Asked
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.rendition import Outcome
from readerstudy.imaging.sandbox import render_in_child

Given = tuple[Path, Asked]


class _Lane:
    """One child, asked for one file at a time. After a failure on our side the next file gets a fresh one."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._begun = 0
        self._next: Given | None = None
        self._outcomes: Generator[Outcome, None, None] | None = None

    def render(self, given: Given) -> Outcome:
        self._next = given
        self._outcomes = self._outcomes or self._begin()
        try:
            return next(self._outcomes)
        except BaseException:
            self._outcomes = None
            raise

    def close(self) -> None:
        """End the child."""
        if self._outcomes is not None:
            self._outcomes.close()

    def _begin(self) -> Generator[Outcome, None, None]:
        self._begun += 1
        yield from render_in_child(self._given(), self._folder / str(self._begun), self._limits)

    def _given(self) -> Iterator[Given]:
        while self._next is not None:
            yield self._next


class Lanes:
    """Renders files side by side; use it in a `with` block, at the end of which the children end.

    Renditions go to folders of their own below `folder`. `count` is the number of children, by default the number of
    cores this process may use.
    """

    def __init__(self, folder: Path, limits: Limits | None = None, *, count: int | None = None) -> None:
        self.count = count or len(os.sched_getaffinity(0))
        self._lanes = [_Lane(folder / f"lane-{number}", limits or Limits()) for number in range(self.count)]
        self._free: SimpleQueue[_Lane] = SimpleQueue()
        for lane in self._lanes:
            self._free.put(lane)
        self._threads = ThreadPoolExecutor(self.count)

    def render(self, path: Path, asked: Asked | None = None) -> Future[Outcome]:
        """Has a file rendered as soon as a child is free. The result raises SandboxError where our side failed."""
        return self._threads.submit(self._render, (path, asked or Asked()))

    def _render(self, given: Given) -> Outcome:
        lane = self._free.get()
        try:
            return lane.render(given)
        finally:
            self._free.put(lane)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for lane in self._lanes:
            lane.close()
