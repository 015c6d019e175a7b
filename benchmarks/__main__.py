"""`make bench`: runs every benchmark in a process of its own and prints one table and one JSON document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = (
    "reading",
    "viewer",
    "allocation",
    "generation",
    "limits",
    "ingest",
    "uploads",
    "agreement",
    "mrmc",
    "report",
)


def main() -> None:
    results = {name: run(name) for name in NAMES if (Path(__file__).parent / f"{name}.py").exists()}
    for name, result in results.items():
        print(f"\n{name}")
        for line in rows(result):
            print("  " + line)
    print("\n" + json.dumps(results, indent=1))


def run(name: str) -> dict[str, Any]:
    """The JSON that one benchmark prints; its last top-level object, if it prints more."""
    print(f"Running {name} …", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True, check=True
    )
    start = done.stdout.index("{")
    found, _end = json.JSONDecoder().raw_decode(done.stdout[start:])
    return dict(found)


def rows(result: dict[str, Any], prefix: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in result.items():
        if isinstance(value, dict):
            lines += rows(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            lines.append(f"{prefix + key:<52} {value}")
    return lines


if __name__ == "__main__":
    main()
