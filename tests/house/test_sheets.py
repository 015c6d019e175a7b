"""A stylesheet is written in short chapters and sent as one file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import Storage

from readerstudy import sheets
from readerstudy.sheets import CSS, SheetFinder

FILES = sorted(CSS.rglob("*.css"))
MOST_LINES = 500


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CSS)))
def test_no_file_is_long_and_none_loads_another(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) < MOST_LINES
    assert "@import" not in text
    assert text.count("{") == text.count("}"), "a chapter ends between two rules"


def test_every_sheet_is_linked_from_a_page_and_no_chapter_is() -> None:
    pages = "".join(path.read_text() for path in (CSS.parents[1] / "templates").rglob("*.html"))
    for name in {file.relative_to(CSS).parts[0].removesuffix(".css") for file in FILES}:
        assert f"{{% static 'css/{name}.css' %}}" in pages
        assert f"css/{name}/" not in pages


def collected() -> dict[str, Storage]:
    return dict(SheetFinder().list([]))


def test_a_sheet_is_its_chapters_in_order_and_takes_their_place() -> None:
    for name in ("readerstudy", "reading-controls"):
        chapters = sorted((CSS / name).glob("*.css"))
        whole = b"".join(path.read_bytes() for path in chapters)
        found = finders.find(f"css/{name}.css")
        assert found is not None
        assert Path(found).read_bytes() == whole
        with collected()[f"css/{name}.css"].open(f"css/{name}.css") as sent:
            assert sent.read() == whole
    assert not [path for path in collected() if path.startswith("css/") and path.count("/") > 1]
    assert "css/path.css" in collected()
    assert "js/page.js" in collected()


def test_a_changed_chapter_makes_a_new_sheet_and_an_unchanged_one_leaves_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    monkeypatch.setattr(settings, "VAR", tmp_path / "var")
    monkeypatch.setattr(sheets, "CSS", tmp_path / "css")
    chapters = tmp_path / "css" / "plain"
    chapters.mkdir(parents=True)
    (chapters / "2-b.css").write_text("b {}\n")
    (chapters / "1-a.css").write_text("a {}\n")
    made = Path(SheetFinder().find("css/plain.css"))
    assert made.read_text() == "a {}\nb {}\n"
    os.utime(made, (1, 1))
    assert SheetFinder().find("css/plain.css") == str(made)
    assert made.stat().st_mtime == 1
    (chapters / "3-c.css").write_text("c {}\n")
    assert Path(SheetFinder().find("css/plain.css")).read_text() == "a {}\nb {}\nc {}\n"
    assert made.stat().st_mtime > 1
