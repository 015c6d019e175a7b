"""What the tests need beside Python: a Chromium, and R with jsonlite for the script that studies are exported with.

Found on the path, else installed through apt, else said plainly.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@dataclass(frozen=True)
class Need:
    """A program, how it is found, Debian's packages that bring it, and what to do where they cannot be installed."""

    name: str
    is_there: Callable[[], bool]
    packages: tuple[str, ...]
    remedy: str = ""


def find_chromium() -> str | None:
    """The path of a Chromium; CHROMIUM in the environment wins."""
    named = os.environ.get("CHROMIUM", "")
    return next((path for name in (named, *NAMES) if name and (path := shutil.which(name))), None)


def has_r() -> bool:
    """Whether R runs here and can read JSON, so that its script compares its figures with the report's."""
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "--vanilla", "-e", "library(jsonlite)"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


NEEDS = (
    Need("a Chromium", lambda: find_chromium() is not None, ("chromium",), "or name its program in CHROMIUM"),
    Need("R with the package jsonlite", has_r, ("r-base-core", "r-cran-jsonlite")),
)


def main() -> None:
    missing = [need for need in NEEDS if not need.is_there()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install([package for need in missing for package in need.packages])
        missing = [need for need in missing if not need.is_there()]
    if missing:
        sys.exit("\n".join(map(_sentence, missing)))


def _install(packages: list[str]) -> None:
    print(f"Installing what the tests need: {', '.join(packages)}.", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for deed in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *deed], check=False, env=quiet, stdout=subprocess.DEVNULL)


def _sentence(need: Need) -> str:
    other = f", {need.remedy}" if need.remedy else ""
    return (
        f"The tests need {need.name} and found none. Install it (on Debian or Ubuntu: "
        f"apt-get install {' '.join(need.packages)}){other}."
    )


if __name__ == "__main__":
    main()
