"""The pack as Markdown and as one HTML file."""

from __future__ import annotations

import base64
import re

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from readerstudy.analysis.exports.methods.drawings import picture
from readerstudy.analysis.exports.methods.pack import pack_of
from readerstudy.analysis.exports.methods.parts import Line, Pack, Sheet
from readerstudy.analysis.exports.tables import Source

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")
FENCE = "~~~~~~~~"


def plain(words: str) -> str:
    """The words so that Markdown shows them as they are: no mark-up, no link and no HTML out of them."""
    one_line = " ".join(words.split())
    return _SIGNS.sub(r"\\\1", one_line.replace("&", "&amp;").replace("<", "&lt;"))


def markdown(source: Source) -> bytes:
    pack = pack_of(source)
    blocks = [f"# {plain(pack.title)}", *map(plain, pack.lead)]
    for heading, paragraphs in pack.sections:
        blocks += [f"## {plain(heading)}", *map(plain, paragraphs)]
    blocks += [f"## {_('Drawings')}"]
    for drawing in pack.drawings:
        blocks += [f"![{plain(drawing.alt)}](methods/{drawing.name}.svg)", f"*{plain(drawing.heading)}*"]
    for guideline in pack.guidelines:
        counted = f"{guideline.filled}/{len(guideline.lines)}"
        blocks += [
            f"## {plain(guideline.name)} ({counted})",
            plain(guideline.about),
            *(_line(line) for line in guideline.lines),
        ]
    blocks += [block for sheet in pack.sheets for block in (f"## {plain(sheet.heading)}", _table(sheet))]
    blocks += _prompts(pack)
    return ("\n\n".join(blocks) + "\n").encode()


def _line(line: Line) -> str:
    told = [f"**{plain(line.number)}** {plain(line.asks)}.", *map(plain, line.known)]
    return "  \n".join([*told, *([f"**{_('To add')}:** {plain(line.prompt)}"] if line.prompt else [])])


def _table(sheet: Sheet) -> str:
    rows = [sheet.head, ("---",) * len(sheet.head), *sheet.rows]
    return "\n".join(
        "| " + " | ".join(cell if cell == "---" else plain(cell) for cell in row) + " |" for row in rows
    )


def _prompts(pack: Pack) -> list[str]:
    if not pack.prompts:
        return []
    found = [f"## {_('Prompts, word for word')}"]
    for heading, words in pack.prompts:
        fence = FENCE
        while fence in words:
            fence += "~"
        found += [f"### {plain(heading)}", f"{fence}json\n{words}\n{fence}"]
    return found


def html(source: Source) -> bytes:
    pack = pack_of(source)
    drawings = [
        (each, "data:image/svg+xml;base64," + base64.b64encode(picture(source, each.name)).decode())
        for each in pack.drawings
    ]
    return render_to_string("analysis/methods.html", {"pack": pack, "drawings": drawings}).encode()
