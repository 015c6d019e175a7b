"""The report for print: A4, fonts embedded, figures as paths, heads of tables repeated, pages numbered.

It is made from the frozen contents alone, so the same report gives the same bytes.
"""

from __future__ import annotations

import io
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from readerstudy.analysis.document import Cell, Document, Section
from readerstudy.analysis.document import Table as Told
from readerstudy.analysis.exports.report_files import document_for, figure
from readerstudy.analysis.exports.vector import Figure
from readerstudy.analysis.figures.svg import INK, LIGHT, LINE, MUTED
from readerstudy.analysis.models import Report

FACE, BOLD = "DejaVu Sans", "DejaVu Sans Bold"
SIDE, TOP, FOOT = 48.0, 52.0, 54.0
WIDE = A4[0] - 2 * SIDE
BODY, SMALL, CELL = 9.2, 7.6, 7.4
SHORT = 24  # rows of a table that is never broken
WASH, WARN = "#f3f5f7", "#8a5300"


def pdf(report: Report) -> bytes:
    """The report as PDF."""
    _fonts()
    document, written = document_for(report), io.BytesIO()
    maker = BaseDocTemplate(
        written,
        pagesize=A4,
        title=document.title,
        author="readerstudy",
        subject=f"report {report.input_sha256}",
        lang=get_language() or settings.LANGUAGE_CODE,
        invariant=1,
    )
    frame = Frame(
        SIDE, FOOT, WIDE, A4[1] - TOP - FOOT, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )
    maker.addPageTemplates([PageTemplate(frames=[frame])])
    maker.build(_story(report, document), canvasmaker=partial(_Numbered, report=report, title=document.title))
    return written.getvalue()


@cache
def _fonts() -> None:
    """Registers the font that matplotlib brings; its letters are embedded as they are used."""
    from matplotlib import get_data_path

    folder = Path(get_data_path()) / "fonts" / "ttf"
    for name, file in ((FACE, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(FACE, normal=FACE, bold=BOLD, italic=FACE, boldItalic=BOLD)


class _Numbered(Canvas):  # type: ignore[misc]  # ReportLab has no types
    """A canvas that writes “page of pages” under every page once it knows how many there are."""

    def __init__(self, *args: Any, report: Report, title: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._report, self._heading, self._pages = report, title, list[dict[str, Any]]()

    def showPage(self) -> None:  # ReportLab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self._foot(number)
            super().showPage()
        super().save()

    def _foot(self, number: int) -> None:
        self.setStrokeColor(HexColor(LIGHT[LINE]))
        self.line(SIDE, FOOT - 14, A4[0] - SIDE, FOOT - 14)
        self.setFillColor(HexColor(LIGHT[MUTED]))
        self.setFont(FACE, 7)
        said = _cut(f"{self._heading} · {self._report.short_name}", WIDE - 90, 7)
        self.drawString(SIDE, FOOT - 26, said)
        self.drawRightString(
            A4[0] - SIDE, FOOT - 26, _("Page %(n)d of %(all)d") % {"n": number, "all": len(self._pages)}
        )


def _cut(words: str, width: float, size: float) -> str:
    while stringWidth(words, FACE, size) > width:
        words = words[:-2] + "…"
    return words


def _style(size: float = BODY, **more: Any) -> ParagraphStyle:
    usual = {
        "fontName": FACE,
        "fontSize": size,
        "leading": size * 1.42,
        "textColor": HexColor(LIGHT[INK]),
        "spaceAfter": 4,
    }
    return ParagraphStyle(name="", **{**usual, **more})


def _words(words: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(words), style)


def _heading(words: str, level: int) -> Paragraph:
    size = {1: 18.0, 2: 13.0, 3: 10.5}[level]
    return _words(
        words,
        _style(
            size,
            fontName=BOLD,
            leading=size * 1.25,
            spaceBefore=4 if level == 1 else 14,
            spaceAfter=6,
            keepWithNext=1,
        ),
    )


def _story(report: Report, document: Document) -> list[Flowable]:
    story = [_heading(document.title, 1)]
    story += [_words(document.question, _style(10.5))] if document.question else []
    story += [
        Paragraph(f"<b>{escape(label)}.</b> {escape(told)}", _style(SMALL))
        for label, told in document.notices
    ]
    story.append(_heading(_("In short"), 2))
    story += [
        Paragraph(f"<b>{escape(line.heading)}</b><br/>{escape(line.sentence)}", _style())
        for line in document.summary
    ]
    story += [Spacer(0, 6), _facts(document)]
    for section in document.sections:
        story += _section(report, section, 2)
    missing = _without_glyph(story)
    return [
        *story,
        *(
            [
                _words(
                    _(
                        "The font of this file lacks some letters of this study's words; the HTML report shows them."
                    ),
                    _style(SMALL),
                )
            ]
            if missing
            else []
        ),
    ]


def _without_glyph(story: list[Flowable]) -> bool:
    known = pdfmetrics.getFont(FACE).face.charToGlyph
    texts = "".join(part.getPlainText(identify=1) for part in story if isinstance(part, Paragraph))
    return any(ord(letter) not in known for letter in texts if letter > " ")


def _facts(document: Document) -> Table:
    rows = [
        [_words(name, _style(SMALL, fontName=BOLD)), _words(told, _style(SMALL))]
        for name, told in document.facts
    ]
    table = Table(rows, colWidths=[82, WIDE - 82])
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, -1), HexColor(WASH)),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ]
    )
    return table


def _section(report: Report, section: Section, level: int) -> list[Flowable]:
    pictures = [
        (each, Figure(drawn, WIDE)) for each in section.pictures if (drawn := figure(report, each.name))
    ]
    # A heading never stands at the foot of a page with its figure on the next.
    first = pictures[0][1].height + 60 if pictures and not section.sentences else 90
    story: list[Flowable] = [CondPageBreak(first), _heading(section.heading, level)]
    if section.sentences:
        story.append(_words(section.sentences[0], _style(10.2)))
        rest = " ".join(section.sentences[1:])
        story += [_words(rest, _style())] if rest else []
    story += [_words(notice, _style(textColor=HexColor(WARN))) for notice in section.notices]
    for picture, drawing in pictures:
        caption = _words(picture.caption, _style(SMALL, textColor=HexColor(LIGHT[MUTED])))
        story.append(KeepTogether([drawing, caption]))
    for table in section.tables:
        story += _table(table, section.heading)
    for inner in section.inner:
        story += _section(report, inner, 3)
    return story


def _table(told: Told, heading: str) -> list[Flowable]:
    small = _style(SMALL, textColor=HexColor(LIGHT[MUTED]))
    head = [_words(told.caption, _style(SMALL, fontName=BOLD))] if told.caption != heading else []
    widths, size = _widths(told)
    rows = _rows(told, size)
    table = Table(rows, colWidths=widths, repeatRows=1)
    table.setStyle(_looks(told))
    notes = [_words(caution, small) for caution in told.cautions]
    notes += [_words(" ".join(told.methods), small)] if told.methods else []
    parts = [*head, table, Spacer(0, 3), *notes]
    return [KeepTogether(parts)] if len(rows) <= SHORT else [CondPageBreak(110), *parts]


def _rows(told: Told, size: float) -> list[list[Any]]:
    empty = [""] * (len(told.head) - 1)
    rows = [[_cell(cell, size, bold=True) for cell in told.head]]
    for group in told.groups:
        if group.title:
            rows.append([_words(group.title, _style(size, fontName=BOLD, spaceAfter=0)), *empty])
        rows += [[_cell(cell, size) for cell in row] for row in group.rows]
    return rows


def _cell(cell: Cell, size: float, *, bold: bool = False) -> Paragraph:
    look = {"alignment": TA_RIGHT} if cell.kind == "number" else {}
    face = BOLD if bold else FACE
    text = escape(cell.text) + "".join(
        f' <font size="{size - 1.4}" color="{LIGHT[MUTED]}">{escape(badge)}</font>' for badge in cell.badges
    )
    return Paragraph(text, _style(size, fontName=face, leading=size * 1.3, spaceAfter=0, **look))


def _looks(told: Told) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, HexColor(LIGHT[INK])),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(LIGHT[LINE])),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ]
    row = 1
    for group in told.groups:
        if group.title:
            found += [
                ("SPAN", (0, row), (-1, row)),
                ("BACKGROUND", (0, row), (-1, row), HexColor(WASH)),
                ("NOSPLIT", (0, row), (0, min(row + 1, row + len(group.rows)))),
            ]
            row += 1
        row += len(group.rows)
    # A long table breaks, but never before its last rows.
    return [*found, ("NOSPLIT", (0, max(1, row - 3)), (0, row - 1))] if row > 2 else found


def _widths(told: Told) -> tuple[list[float], float]:
    """Columns as wide as their words where these fit, else as the longest words and a share of the rest; the size."""
    for size in (CELL, CELL - 0.8, CELL - 1.6):
        least, most = zip(*(_needs(told, place, size) for place in range(len(told.head))), strict=True)
        if sum(most) <= WIDE:
            rest = (WIDE - sum(most)) / len(most)
            return [each + rest for each in most], size
        if sum(least) <= WIDE:
            share = (WIDE - sum(least)) / max(sum(most) - sum(least), 1e-9)
            return [low + share * (high - low) for low, high in zip(least, most, strict=True)], size
    return [WIDE * each / sum(least) for each in least], size


def _needs(told: Told, place: int, size: float) -> tuple[float, float]:
    """Points for the longest word and for the longest text of a column."""
    cells = [
        told.head[place],
        *(row[place] for group in told.groups for row in group.rows if place < len(row)),
    ]
    texts = [" ".join((cell.text, *cell.badges)) for cell in cells]
    words = [word for text in texts for word in text.split(" ")] or [""]
    least = max(stringWidth(word, BOLD, size) for word in words)
    most = max((stringWidth(text, BOLD, size) for text in texts), default=0.0)
    return min(least, WIDE / 3) + 8, min(max(most, least), WIDE / 2) + 8
