"""Figures: the same contents give the same bytes, and a file needs nothing outside itself."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.document.words import decimal
from readerstudy.analysis.figures import draw_figure, every_name, names_of
from readerstudy.analysis.figures.colours import luminance
from readerstudy.analysis.figures.forest import Axis, ticks
from readerstudy.analysis.figures.svg import Form
from readerstudy.analysis.report import build_report
from readerstudy.studies.models import Study

pytestmark = pytest.mark.django_db
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
KEYS = ("correctness", "harm", "sign", "main-error", "minutes")


@pytest.fixture(scope="module")
def content(rated_study: Study) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(build_report(rated_study)))
    return found


def drawn(content: dict[str, Any], name: str) -> bytes:
    found = draw_figure(content, name)
    assert found is not None
    return found


def test_each_question_has_its_figures(content: Any) -> None:
    scored = [key for key in KEYS if key != "main-error"]
    own = {*(f"distribution-{key}" for key in KEYS), *(f"forest-{key}" for key in scored)}
    assert {name for criterion in content["criteria"] for name in names_of(criterion)} == own
    pairs = {f"pairs-{key}" for key in KEYS if key != "minutes"}
    assert set(every_name(content)) == own | pairs | {"confusion", "disagreement", "times"}
    assert draw_figure(content, "forest-remark") is None
    assert draw_figure(content, "pie-correctness") is None


def test_the_same_contents_give_the_same_bytes(content: Any) -> None:
    for name in every_name(content):
        assert drawn(content, name) == drawn(deepcopy(content), name)


def test_a_figure_to_keep_has_no_date_and_its_letters_with_it(content: Any) -> None:
    starts: dict[Form, bytes] = {"png": b"\x89PNG", "pdf": b"%PDF"}
    for name in ("forest-correctness", "pairs-correctness", "disagreement"):
        for form, start in starts.items():
            first, second = (draw_figure(content, name, form=form) for _time in range(2))
            assert first is not None
            assert first.startswith(start)
            assert first == second
            assert b"CreationDate" not in first
            assert form == "png" or b"/FontFile2" in first


def test_a_figure_on_a_dark_page_has_other_inks_and_the_same_marks(content: Any) -> None:
    for name in every_name(content):
        light, dark = drawn(content, name).decode(), draw_figure(content, name, dark=True)
        assert dark is not None
        assert "#ffffff" in light
        assert "#1a1d20" in dark.decode()
        assert light.count("<path") == dark.decode().count("<path")


def test_a_figure_is_xml_without_style_script_font_or_reference_outside(content: Any) -> None:
    for name in every_name(content):
        svg = drawn(content, name).decode()
        root = ElementTree.fromstring(svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.find("{http://www.w3.org/2000/svg}title") is not None
        assert set(re.findall(r'https?://[^"\s<]+', svg)) <= NAMESPACES
        assert "<!DOCTYPE" not in svg
        assert "<style" not in svg
        assert " style=" not in svg
        assert "<script" not in svg
        assert "<text" not in svg  # letters are shapes, so every computer shows the same
        for reference in re.findall(r'(?:xlink:href="|url\()([^")]+)', svg):
            assert reference.startswith("#")
        assert not re.search(r"20\d\d-\d\d-\d\d", svg)


def test_names_are_drawn_as_they_are_written(content: Any) -> None:
    hostile = deepcopy(content)
    for arm, name in zip(hostile["arms"], ["$x^2$ <b>&", "A" * 200], strict=True):
        _rename(hostile, arm["name"], name)
    for name in every_name(hostile):
        ElementTree.fromstring(drawn(hostile, name))


def test_a_figure_that_does_not_exist_is_said_to_be_not_estimable(content: Any) -> None:
    empty = deepcopy(content)
    for row in empty["criteria"][0]["estimates"]:
        row |= {"value": None, "ci": None}
    assert drawn(empty, "forest-correctness") != drawn(content, "forest-correctness")
    for arm in empty["criteria"][0]["distribution"]:
        arm |= {"n": 0, "options": [{**option, "share": None, "count": 0} for option in arm["options"]]}
    assert len(drawn(empty, "distribution-correctness")) < len(drawn(content, "distribution-correctness"))


def test_twelve_options_and_six_arms_fit(content: Any) -> None:
    wide = deepcopy(content)
    [arm, _other] = wide["criteria"][3]["distribution"]
    options = [{"value": f"v{n}", "label": f"Option {n}", "count": 1, "share": 1 / 12} for n in range(12)]
    names = [f"Model {n}" for n in range(6)]
    wide["arms"] = [{**wide["arms"][0], "name": name} for name in names]
    wide["criteria"][3]["distribution"] = [{**arm, "arm": name, "options": options} for name in names]
    ElementTree.fromstring(drawn(wide, "distribution-main-error"))


def test_every_picture_says_its_numbers_in_words(content: Any) -> None:
    pictures = {picture.name: picture.alt for picture in _pictures(document_of(content))}
    assert set(pictures) == set(every_name(content))
    for criterion in content["criteria"]:
        for row in criterion["estimates"]:
            if row["variant"] == "rrrc":
                alt = pictures[f"forest-{criterion['key']}"]
                assert row["arm"] in alt
                assert f"{row['value']:.3f}" in alt
                assert f"{row['ci'][0]:.3f} to {row['ci'][1]:.3f}" in alt
        for arm in criterion["distribution"]:
            for option in arm["options"]:
                assert (
                    f"{option['count']} ({option['share']:.3f})"
                    in pictures[f"distribution-{criterion['key']}"]
                )


def test_the_further_pictures_say_their_numbers_too(content: Any) -> None:
    pictures = {picture.name: picture.alt for picture in _pictures(document_of(content))}
    for entry in content["kappas"]:
        for value in filter(None, itertools.chain.from_iterable(entry["pairs"]["kappa"])):
            assert decimal(value) in pictures[f"pairs-{entry['criterion']}"]
    for case in content["disagreement"]["cases"]:
        assert f"{case['case']} {case['value']:.3f}" in pictures["disagreement"]
    for entry in content["confusion"]:
        assert all(str(count) in pictures["confusion"] for row in entry["counts"] for count in row)
    for step in content["times"]["steps"]:
        assert f"median {step['median']:.1f} s" in pictures["times"]


def test_neighbouring_segments_differ_in_grey_or_hatching(content: Any) -> None:
    from readerstudy.analysis.figures.distribution import _look

    for criterion in content["criteria"]:
        for count in (2, 3, 5, 7, 11):
            looks = [_look(criterion, place, count) for place in range(count)]
            for (fill, hatch), (next_fill, next_hatch) in pairwise(looks):
                assert hatch != next_hatch or abs(luminance(fill) - luminance(next_fill)) > 0.01


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 5, [1, 2, 3, 4, 5]),
        (-2, 2, [-2, -1, 0, 1, 2]),
        (0, 100, [0, 20, 40, 60, 80, 100]),
    ],
)
def test_axes_are_marked_at_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert ticks(Axis(low, high)) == pytest.approx(expected)


def _pictures(part: Any) -> Iterator[Any]:
    for section in getattr(part, "sections", None) or getattr(part, "inner", ()):
        yield from section.pictures
        yield from _pictures(section)


def _rename(content: Any, old: str, new: str) -> None:
    for holder in _dicts(content):
        for key in ("arm", "name"):
            if holder.get(key) == old:
                holder[key] = new


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _dicts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _dicts(inner)
