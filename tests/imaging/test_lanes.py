"""Several children side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from readerstudy.imaging.lanes import Lanes
from readerstudy.imaging.rendition import Refused, Rendered
from readerstudy.imaging.sandbox import SandboxError
from tests.imaging.make import dicom, gradient


def test_files_are_rendered_side_by_side_and_each_outcome_is_its_own(tmp_path: Path) -> None:
    paths = []
    for number in range(8):
        path = tmp_path / f"{number}"
        path.write_bytes(b"no image" if number % 4 == 3 else dicom(gradient(columns=16 + number)))
        paths.append(path)
    with Lanes(tmp_path / "out", count=2) as lanes:
        outcomes = [each.result() for each in [lanes.render(path) for path in paths]]
    kinds = [Refused if number % 4 == 3 else Rendered for number in range(8)]
    assert [type(outcome) for outcome in outcomes] == kinds
    widths = [outcome.meta["width"] for outcome in outcomes if isinstance(outcome, Rendered)]
    assert widths == [16, 17, 18, 20, 21, 22]
    folders = {outcome.folder for outcome in outcomes if isinstance(outcome, Rendered)}
    assert len(folders) == 6


def test_a_lane_that_failed_on_our_side_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(dicom())
    with Lanes(tmp_path / "out", count=1) as lanes:
        with pytest.raises(SandboxError):
            lanes.render(tmp_path / "nowhere").result()
        for _lane in range(2):
            assert isinstance(lanes.render(good).result(), Rendered)


def test_there_are_as_many_lanes_as_cores_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    with Lanes(tmp_path / "out") as lanes:
        assert lanes.count >= 1
