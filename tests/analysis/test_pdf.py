"""The report for print: whole, numbered, with its fonts inside, and the same each time."""

from __future__ import annotations

import base64
import io
import re
import zlib
from dataclasses import replace

import pytest
from django.utils.translation import override
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Table

from readerstudy.analysis.actions import freeze_report
from readerstudy.analysis.document import document_of
from readerstudy.analysis.exports import picture_names
from readerstudy.analysis.exports.pdf import WIDE, pdf
from readerstudy.analysis.exports.pdf import _table as table_on_paper
from readerstudy.analysis.exports.vector import Figure
from readerstudy.analysis.figures.svg import Drawing, drawn
from readerstudy.analysis.models import Report
from readerstudy.studies.models import Study

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def report(rated_study: Study) -> Report:
    return freeze_report(study=rated_study, by=None)


@pytest.fixture(scope="module")
def made(report: Report) -> bytes:
    return pdf(report)


def streams(content: bytes) -> list[bytes]:
    """The drawing of every page and the fonts, unpacked."""
    found = re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream", content, re.DOTALL)
    return [
        zlib.decompress(base64.a85decode(each.strip(), adobe=False) if each.strip().endswith(b"~>") else each)
        for each in map(_bare, found)
    ]


def _bare(stream: bytes) -> bytes:
    return stream.strip().removesuffix(b"~>") if stream.strip().endswith(b"~>") else stream


def test_the_same_report_gives_the_same_bytes(report: Report, made: bytes) -> None:
    assert made.startswith(b"%PDF-1.")
    assert made == pdf(report)


def test_fonts_are_embedded_and_no_other_is_named(made: bytes) -> None:
    faces = set(re.findall(rb"/FontName /(\S+)", made))
    assert faces
    assert all(b"DejaVuSans" in face for face in faces)
    assert made.count(b"/FontFile2") == made.count(b"/FontDescriptor /") or made.count(b"/FontFile2") >= 2
    used = set(re.findall(rb"/BaseFont /(\S+)", made))
    assert {face.split(b"+")[-1] for face in used} <= {b"DejaVuSans", b"DejaVuSans-Bold", b"Helvetica"}


def test_there_are_pages_a_title_and_the_hash(report: Report, made: bytes) -> None:
    [pages] = re.findall(rb"/Count (\d+)", made)[:1]
    assert 4 <= int(pages) <= 40
    assert report.input_sha256.encode() in made
    assert b"/Lang" in made


def test_the_language_of_the_file_is_that_of_its_words(report: Report, made: bytes) -> None:
    assert b"/Lang (en" in made
    with override("de"):
        assert b"/Lang (de" in pdf(report)


def test_a_long_table_begins_on_the_page_of_its_heading(report: Report) -> None:
    """A caption that must stay with its table would push all of a table that fits on one page to the next."""
    told = document_of(report.content).sections[-1].tables[0]
    (group, *_others) = told.groups
    long = replace(told, groups=(replace(group, rows=group.rows[:1] * 40),))
    assert not any(
        each.getKeepWithNext() or isinstance(each, KeepTogether) for each in table_on_paper(long, "")
    )


def test_no_page_begins_with_the_last_rows_of_a_table(report: Report) -> None:
    told = document_of(report.content).sections[-1].tables[0]
    short, *_rest = table_on_paper(told, "")
    assert isinstance(short, KeepTogether)
    (group, *_others) = told.groups
    (long,) = [
        each
        for each in table_on_paper(replace(told, groups=(replace(group, rows=group.rows[:1] * 40),)), "")
        if isinstance(each, Table)
    ]
    width, height = long.wrap(WIDE, 5000)
    row = height / len(long._cellvalues)
    first, second = long.split(width, height - 1.5 * row)
    assert len(second._cellvalues) - 1 >= 3  # without the head, which is repeated
    assert first.wrap(WIDE, 5000)[1] < height


def lined() -> Drawing:
    sheet = Drawing(60, "lines")
    sheet.path([(10, 10), (300, 10)], dash="--", color="#d55e00", width=2.0)
    sheet.path([(10, 20), (300, 20)], color="#0072b2")
    sheet.box(10, 30, 160, 20, fill="#ffffff", hatch="..", edge="#009e73")
    return sheet


def on_paper(svg: bytes) -> str:
    """The operators that a page holds once the figure is drawn on it."""
    written = io.BytesIO()
    canvas = Canvas(written, pageCompression=0)
    found = Figure(svg, 400.0)
    found.drawOn(canvas, 0, 0)
    canvas.save()
    return written.getvalue().decode("latin-1")


def test_dashes_and_dots_are_drawn() -> None:
    told = on_paper(drawn(lined))
    assert re.findall(r"\[([\d. ]+)\] [\d.]+ d\b", told) == ["7.4 3.2"]  # of the broken line alone
    fills = re.findall(r"([\d. ]+) rg\b", told)
    assert fills[:2] == ["1 1 1", "1 1 1"]  # the paper, and one ground under all tiles
    assert "0 .619608 .45098" in fills[2:]
    dots = told[told.index("0 .619608 .45098 rg") :]
    assert len(re.findall(r" c\b", dots)) > 40  # circles are curves


def test_every_figure_is_drawn_as_paths(report: Report, made: bytes) -> None:
    assert picture_names(document_of(report.content))
    assert b"/Subtype /Image" not in made
