"""The deployment files agree with the settings, and the deployment passes Django's own check without a warning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
FILLED_IN = {
    "SECRET_KEY": "a long enough secret " * 4,
    "POSTGRES_PASSWORD": "secret",
    "SITE_NAME": "reading.example.org",
}


def test_every_part_of_a_deployment_is_there() -> None:
    assert set(COMPOSE["services"]) == {"migrate", "web", "worker", "beat", "postgres", "redis", "proxy"}
    assert COMPOSE["services"]["postgres"]["image"] == "postgres:18"
    for name in ("postgres", "redis", "worker"):
        assert "test" in COMPOSE["services"][name]["healthcheck"]
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_every_variable_of_a_container_is_a_documented_setting() -> None:
    documented = set(
        re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/reference/settings.md").read_text(), flags=re.M)
    )
    assert set(COMPOSE["x-app"]["environment"]) <= documented


def test_every_variable_that_is_asked_for_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked == set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.M))


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "SITE_NAME"):
        assert f"${{{name}:?" in text


def test_the_deployment_check_is_clean(tmp_path: Path) -> None:
    environment = {name: fill_in(str(value)) for name, value in COMPOSE["x-app"]["environment"].items()}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=kept | environment | {"READERSTUDY_VAR": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def fill_in(value: str) -> str:
    """What docker compose makes of a value: the variable, its default, or nothing."""
    return re.sub(r"\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)?\}", lambda m: FILLED_IN.get(m[1], m[2] or ""), value)
