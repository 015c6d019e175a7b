"""The modules as production serves them: under hashed names that name each other, announced before they are needed."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
IMPORT = re.compile(r"""^\s*(?:import\s*|(?:import|export)\b[^"';(]*\bfrom\s*)["']([^"']+)["']""", re.M)
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


def collected() -> dict[str, str]:
    """The hashed name of every static file of ours."""
    manifest = json.loads((Path(settings.STATIC_ROOT) / "staticfiles.json").read_text())
    return {name: hashed for name, hashed in manifest["paths"].items() if name.startswith("js/")}


def imports_of(path: Path) -> list[str]:
    return [name for name in IMPORT.findall(path.read_text()) if name.startswith(".")]


def test_every_import_names_a_hashed_file_that_is_there() -> None:
    seen = 0
    hashed = set(collected().values())
    for name in hashed:
        path = Path(settings.STATIC_ROOT) / name
        for imported in imports_of(path):
            assert HASHED.search(imported), f"{name} imports {imported}"
            target = (path.parent / imported).resolve()
            assert str(target.relative_to(Path(settings.STATIC_ROOT).resolve())) in hashed
            seen += 1
    assert seen > 20


def test_every_import_of_the_sources_is_rewritten() -> None:
    """An import written in a way that the storage does not know would be left alone."""
    for name, hashed in collected().items():
        before = imports_of(ROOT / "static" / name)
        after = imports_of(Path(settings.STATIC_ROOT) / hashed)
        assert [HASHED.sub(".js", path) for path in after] == before


def test_the_reading_page_announces_every_module_of_viewer_and_questions() -> None:
    """And in the second place: over a slow line the picture comes before the code that improves it."""
    source = Path(get_template("reading/read.html").origin.name).read_text()  # type: ignore[attr-defined]
    announced = re.findall(
        r"""<link rel="modulepreload" fetchpriority="low" href="{% static '([^']+)' %}">""", source
    )
    parts = [
        f"js/{room}/{path.name}"
        for room in ("viewer", "reading", "outbox")
        for path in (ROOT / "static/js" / room).glob("*.js")
    ]
    assert sorted(announced) == sorted(parts)
