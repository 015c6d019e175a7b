"""What the tests need is looked for, and said plainly where it is missing and cannot be installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests import prerequisites


def test_here_everything_is_there() -> None:
    assert [need.name for need in prerequisites.NEEDS if not need.is_there()] == []


def test_what_is_missing_is_named_with_the_packages_that_bring_it(tmp_path: Path) -> None:
    script = Path(settings.BASE_DIR, "tests", "prerequisites.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for need in prerequisites.NEEDS:
        assert f"The tests need {need.name}" in done.stderr
        assert f"apt-get install {' '.join(need.packages)}" in done.stderr
