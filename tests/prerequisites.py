"""What the tests need beside Python: a Chromium. Found on the path, else installed through apt, else said plainly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium() -> str | None:
    """The path of a Chromium; CHROMIUM in the environment wins."""
    named = os.environ.get("CHROMIUM", "")
    return next((path for name in (named, *NAMES) if name and (path := shutil.which(name))), None)


def main() -> None:
    if find_chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium on the path: installing Debian's.", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
            check=False,
            env=quiet,
            stdout=subprocess.DEVNULL,
        )
    if not find_chromium():
        sys.exit(
            "The tests need a Chromium and found none. Install one (on Debian or Ubuntu: apt-get install chromium), "
            "or name its program in CHROMIUM."
        )


if __name__ == "__main__":
    main()
