"""The pack as a Word document, written by hand: a few parts of Office Open XML in a zip, the same bytes each time."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from readerstudy.analysis.exports.bundle import entry_of
from readerstudy.analysis.exports.methods.drawings import picture
from readerstudy.analysis.exports.methods.pack import pack_of
from readerstudy.analysis.exports.methods.parts import Guideline, Pack, Sheet
from readerstudy.analysis.exports.tables import Source

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
WIDE, EMU = 9026, 914400  # twentieths of a point of A4 between its margins; units of a drawing in an inch
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def docx(source: Source) -> bytes:
    """The document: headings, paragraphs, drawings as pictures, tables with repeated heads, pages numbered."""
    pack = pack_of(source)
    pictures = {each.name: picture(source, each.name, form="png") for each in pack.drawings}
    parts = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _relations((("rId1", "officeDocument", "word/document.xml"),), core=True),
        "docProps/core.xml": _core(pack.title),
        "word/document.xml": _document(pack, pictures),
        "word/styles.xml": _styles(),
        "word/footer1.xml": _footer(),
        "word/_rels/document.xml.rels": _relations(_of_document(pictures)),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(entry_of(name), (HEAD + text).encode())
        for name, content in pictures.items():
            archive.writestr(entry_of(f"word/media/{name}.png"), content)
    return written.getvalue()


def _of_document(pictures: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    own = (("rIdS", "styles", "styles.xml"), ("rIdF", "footer", "footer1.xml"))
    return (*own, *((f"rId-{name}", "image", f"media/{name}.png") for name in pictures))


def _types() -> str:
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    overrides = "".join(
        f'<Override PartName="/word/{part}.xml" ContentType="{main}.{kind}+xml"/>'
        for part, kind in (("document", "document.main"), ("styles", "styles"), ("footer1", "footer"))
    )
    core = "application/vnd.openxmlformats-package.core-properties+xml"
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        f'{overrides}<Override PartName="/docProps/core.xml" ContentType="{core}"/></Types>'
    )


def _relations(rows: Iterable[tuple[str, str, str]], *, core: bool = False) -> str:
    found = "".join(
        f'<Relationship Id="{name}" Type="{KIND}/{kind}" Target="{target}"/>' for name, kind, target in rows
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    more = f'<Relationship Id="rIdC" Type="{package}/metadata/core-properties" Target="docProps/core.xml"/>'
    return f'<Relationships xmlns="{package}">{found}{more if core else ""}</Relationships>'


def _core(title: str) -> str:
    kinds = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    return (
        f'<cp:coreProperties xmlns:cp="{kinds}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{_fit(title)}</dc:title><dc:creator>readerstudy</dc:creator></cp:coreProperties>"
    )


def _styles() -> str:
    heads = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
        f'<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/>'
        f'<w:spacing w:before="{before}" w:after="80"/>'
        f'<w:outlineLvl w:val="{level - 1}"/></w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
        for level, size, before in ((1, 34, 0), (2, 27, 320), (3, 23, 200))
    )
    return (
        f'<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" '
        'w:cs="Calibri"/><w:sz w:val="21"/></w:rPr></w:rPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        '<w:pPr><w:spacing w:after="100" w:line="271" w:lineRule="auto"/></w:pPr></w:style>'
        f'{heads}<w:style w:type="paragraph" w:styleId="Code"><w:name w:val="Code"/><w:basedOn w:val="Normal"/><w:rPr>'
        '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas"/><w:sz w:val="17"/></w:rPr></w:style></w:styles>'
    )


def _footer() -> str:
    field = '<w:fldSimple w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    return f'<w:ftr xmlns:w="{W}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr>{field}</w:p></w:ftr>'


def _document(pack: Pack, pictures: dict[str, bytes]) -> str:
    body = [_head(pack.title, 1), *map(_words, pack.lead)]
    for heading, paragraphs in pack.sections:
        body += [_head(heading, 2), *map(_words, paragraphs)]
    body.append(_head(_("Drawings"), 2))
    for number, drawing in enumerate(pack.drawings, 1):
        body += [_image(number, drawing.name, drawing.alt, pictures[drawing.name]), _words(drawing.heading)]
    body += [part for guideline in pack.guidelines for part in _guideline(guideline)]
    body += [part for sheet in pack.sheets for part in (_head(sheet.heading, 2), _table(sheet))]
    if pack.prompts:
        body.append(_head(_("Prompts, word for word"), 2))
        body += [part for heading, words in pack.prompts for part in (_head(heading, 3), _code(words))]
    page = (
        f'<w:sectPr><w:footerReference xmlns:r="{R}" w:type="default" r:id="rIdF"/><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="708" w:footer="708"/>'
        ""
        "</w:sectPr>"
    )
    return f'<w:document xmlns:w="{W}"><w:body>{"".join(body)}{page}</w:body></w:document>'


def _guideline(guideline: Guideline) -> list[str]:
    found = [
        _head(f"{guideline.name} ({guideline.filled}/{len(guideline.lines)})", 2),
        _words(guideline.about),
    ]
    for line in guideline.lines:
        found.append(_paragraph(_run(f"{line.number}  {line.asks}", bold=True), keep=True))
        found += map(_words, line.known)
        if line.prompt:
            found.append(_paragraph(_run(_("To add:") + " ", bold=True) + _run(line.prompt, marked=True)))
    return found


def _head(words: str, level: int) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="Heading{level}"/></w:pPr>{_run(words)}</w:p>'


def _words(words: str) -> str:
    return _paragraph(_run(words))


def _code(words: str) -> str:
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{_fit(line)}</w:t>' for line in words.split("\n"))
    return f'<w:p><w:pPr><w:pStyle w:val="Code"/></w:pPr><w:r>{lines}</w:r></w:p>'


def _paragraph(runs: str, *, keep: bool = False) -> str:
    return f"<w:p>{'<w:pPr><w:keepNext/></w:pPr>' if keep else ''}{runs}</w:p>"


def _run(words: str, *, bold: bool = False, marked: bool = False) -> str:
    look = ("<w:b/>" if bold else "") + ('<w:highlight w:val="yellow"/>' if marked else "")
    return (
        f'<w:r>{f"<w:rPr>{look}</w:rPr>" if look else ""}<w:t xml:space="preserve">{_fit(words)}</w:t></w:r>'
    )


def _table(sheet: Sheet) -> str:
    width = WIDE // len(sheet.head)
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    border = "".join(f'<w:{side} w:val="single" w:sz="4" w:color="BFC4C9"/>' for side in sides)
    grid = f'<w:gridCol w:w="{width}"/>' * len(sheet.head)
    rows = _row(sheet.head, width, head=True) + "".join(_row(row, width) for row in sheet.rows)
    look = f'<w:tblPr><w:tblW w:w="{WIDE}" w:type="dxa"/><w:tblBorders>{border}</w:tblBorders></w:tblPr>'
    return f"<w:tbl>{look}<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl><w:p/>"


def _row(cells: Iterable[str], width: int, *, head: bool = False) -> str:
    look = "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" if head else "<w:trPr><w:cantSplit/></w:trPr>"
    found = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_paragraph(_run(cell, bold=head))}</w:tc>'
        for cell in cells
    )
    return f"<w:tr>{look}{found}</w:tr>"


def _image(number: int, name: str, alt: str, content: bytes) -> str:
    """A picture as wide as the text; `alt` says its content in words."""
    across, down = struct.unpack(">II", content[16:24])
    wide = WIDE * EMU // 1440
    high = wide * down // across
    told = f'id="{number}" name={quoteattr(name)} descr={quoteattr(_UNFIT.sub("", alt))}'
    return (
        f'<w:p><w:r><w:drawing><wp:inline xmlns:wp="{DRAWING}/wordprocessingDrawing">'
        f'<wp:extent cx="{wide}" cy="{high}"/>'
        f'<wp:docPr {told}/><a:graphic xmlns:a="{DRAWING}/main"><a:graphicData uri="{DRAWING}/picture">'
        f'<pic:pic xmlns:pic="{DRAWING}/picture"><pic:nvPicPr>'
        f'<pic:cNvPr id="{number}" name={quoteattr(name)}/><pic:cNvPicPr/>'
        f'</pic:nvPicPr><pic:blipFill><a:blip xmlns:r="{R}" r:embed="rId-{name}"/><a:stretch><a:fillRect/></a:stretch>'
        f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )


def _fit(words: str) -> str:
    """The words as XML text, without signs that XML cannot hold."""
    return escape(_UNFIT.sub("", words))
