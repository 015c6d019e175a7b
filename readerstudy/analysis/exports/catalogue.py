"""Everything a study can be taken away as, in groups: one list for the page, the archive and the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from readerstudy.analysis.codebook import COLUMNS, Column
from readerstudy.analysis.exports import description, mrmc
from readerstudy.analysis.exports.adjudications import adjudications, has_rules
from readerstudy.analysis.exports.bundle import Chunks, File, zipped
from readerstudy.analysis.exports.cases import cases
from readerstudy.analysis.exports.marks import DRAWN, coco, marks
from readerstudy.analysis.exports.methods.docx import MIME, docx
from readerstudy.analysis.exports.methods.drawings import picture
from readerstudy.analysis.exports.methods.writing import html, markdown
from readerstudy.analysis.exports.models import generations, outputs, verdicts
from readerstudy.analysis.exports.pdf import pdf
from readerstudy.analysis.exports.people import allocation, sessions
from readerstudy.analysis.exports.ratings import events, wide_tables
from readerstudy.analysis.exports.readers import readers
from readerstudy.analysis.exports.report_files import as_html, as_json
from readerstudy.analysis.exports.tables import ExportTable, Source
from readerstudy.analysis.exports.trail import audit
from readerstudy.analysis.exports.workbook import workbook
from readerstudy.analysis.models import Report
from readerstudy.analysis.report import software
from readerstudy.analysis.snapshot import one_moment
from readerstudy.analysis.table import STRATUM
from readerstudy.cases.models import ReferenceStandard
from readerstudy.generation.models import Extraction
from readerstudy.studies.models import Design, Study

CSV, JSON, YAML = "text/csv; charset=utf-8", "application/json", "application/yaml"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML, PDF = "text/html; charset=utf-8", "application/pdf"
ZIP, TEXT, SVG = "application/zip", "text/plain; charset=utf-8", "image/svg+xml"
WITH_REPORT = frozenset({"report.json", "report.pdf", "report.html", "everything.zip"})
"""Files that hold the report's numbers."""

GROUPS = (
    ("report", _("The report")),
    ("ratings", _("Ratings")),
    ("study", _("The study")),
    ("models", _("Models and their outputs")),
    ("marks", _("Marks on images")),
    ("scripts", _("For R and Python")),
    ("mrmc", _("For iMRMC and RJafroc")),
    ("methods", _("Methods pack")),
    ("all", _("Everything at once")),
)


UNLISTED = "parts"
"""The group of files that are in the archive but not on the page."""


@dataclass(frozen=True)
class Group:
    """Files that belong together, under a heading."""

    heading: str | Promise
    files: tuple[File, ...]


def _long_columns(source: Source) -> Sequence[Column]:
    return (
        *COLUMNS,
        *(Column(STRATUM + name, f"The case's stratum “{name}”.") for name in source.long.strata),
    )


long_table = ExportTable(
    "ratings.csv",
    _(
        "The analysis table: one row a reader, case, arm and question, planned readings without an answer included."
    ),
    _long_columns,
    lambda source: source.long.rows(),
    "ratings",
)


def tables_of(source: Source) -> list[ExportTable]:
    """Every table of this study; settlements only where the protocol has rules, marks where something can be drawn."""
    settled = [adjudications] if has_rules(source) else []
    drawn = [marks] if _has_marks(source) else []
    asked = [events, long_table, *wide_tables(source)]
    numbered = [mrmc.names] if mrmc.questions(source) else []
    return [
        *asked,
        *settled,
        readers,
        sessions,
        cases,
        allocation,
        audit,
        outputs,
        generations,
        verdicts,
        *drawn,
        *numbered,
    ]


def _has_marks(source: Source) -> bool:
    if any(row.kind in DRAWN for row in source.criteria.values()):
        return True
    if ReferenceStandard.objects.filter(study=source.study).exclude(marks=None).exclude(marks=[]).exists():
        return True
    return Extraction.objects.of(source.study).exclude(boxes=[]).exists()


def files_of(source: Source, report: Report | None) -> list[File]:
    """Every file but those that hold others, in the order of the archive."""
    tables = tables_of(source)
    found = [File(table.name, table.purpose, table.group, CSV, table.csv) for table in tables]
    found += _scripts()
    found += _descriptions([each for each in tables if each is not long_table])
    if any(table is marks for table in tables):
        purpose = _("The same marks in the form of COCO, for image tools.")
        found.append(File("marks.json", purpose, "marks", JSON, whole(coco)))
    found += [
        File(name, purpose, "mrmc", _mime(name), whole(made)) for name, purpose, made in mrmc.files(source)
    ]
    found += _methods()
    if report is not None:
        purpose = _("The report's numbers in full precision, as the scripts compare them.")
        found.append(
            File(
                "report.pdf",
                _("The report for print, one file."),
                "report",
                PDF,
                lambda _source: iter([pdf(report)]),
            )
        )
        found.append(File("report.json", purpose, "scripts", JSON, lambda _source: iter([as_json(report)])))
    return found


def _methods() -> list[File]:
    """The methods pack in three forms, and its drawings."""
    told = (
        ("methods.docx", _("Methods and reporting guidelines for Word, with open lines marked."), MIME, docx),
        ("methods.md", _("The same as Markdown."), "text/markdown; charset=utf-8", markdown),
        ("methods.html", _("The same as one page."), HTML, html),
        ("methods/flow.svg", _("Flow of cases and readers."), SVG, partial(picture, name="flow")),
        ("methods/assignment.svg", _("Who was to read what."), SVG, partial(picture, name="assignment")),
        ("methods/timeline.svg", _("When readers sat down."), SVG, partial(picture, name="timeline")),
    )
    return [File(name, purpose, "methods", mime, whole(made)) for name, purpose, mime, made in told]


def _mime(name: str) -> str:
    return XLSX if name.endswith(".xlsx") else TEXT


SCRIPTS = settings.BASE_DIR / "fixtures" / "scripts"


def _scripts() -> list[File]:
    """What computes the report's numbers from the tables: a folder for Python, which runs packed as well, and R."""
    in_r = _("The same in R, with the packages that statisticians know.")
    return [*_modules(), File("analyse.R", in_r, "scripts", TEXT, whole(partial(_script, "analyse.R")))]


def _modules() -> list[File]:
    purpose = _("A part of what analyse.zip holds.")
    names = sorted(path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.glob("analyse/*.py"))
    return [File(name, purpose, UNLISTED, TEXT, whole(partial(_script, name))) for name in names]


def _script(name: str, _source: Source) -> bytes:
    return (SCRIPTS / name).read_bytes()


def _packed_modules(source: Source) -> Iterator[bytes]:
    """The folder as one file that Python runs as it is; it can also be unpacked and changed."""
    inside = [replace(file, name=PurePath(file.name).name) for file in _modules()]
    return zipped(source, inside)


def _descriptions(tables: Sequence[ExportTable]) -> list[File]:
    return [
        File(
            "codebook.csv",
            _("What every column of every table means, its unit and its coding."),
            "study",
            CSV,
            whole(lambda source: description.codebook(source, tables)),
        ),
        File(
            "study.yaml",
            _("The protocol as a file that can be loaded again."),
            "study",
            YAML,
            whole(description.protocol),
        ),
        File(
            "design.json",
            _("What the scripts need to know: arms, questions, level, seed."),
            "scripts",
            JSON,
            whole(description.design),
        ),
    ]


def _workbook(source: Source) -> Iterator[bytes]:
    return workbook(source, tables_of(source))


WORKBOOK = File("tables.xlsx", _("All tables in one workbook, one sheet each."), "all", XLSX, _workbook)


def containers_of(source: Source, report: Report | None) -> list[File]:
    """The packed script, the workbook, the archive, and the report as a page, which says when it was computed."""
    page = (
        []
        if report is None
        else [
            File("report.html", _("The report as one page."), "report", HTML, whole(partial(_page, report)))
        ]
    )
    in_python = _(
        "Computes the report's numbers from the tables, and compares them: python analyse.zip FOLDER."
    )
    return [
        File("analyse.zip", in_python, "scripts", ZIP, _packed_modules),
        WORKBOOK,
        File(
            "everything.zip",
            _("All tables, scripts, the report and the methods pack, with their checksums."),
            "all",
            ZIP,
            lambda source: everything(source, report),
        ),
        *page,
    ]


def _page(report: Report, _source: Source) -> bytes:
    return as_html(report).encode()


def archived(source: Source, report: Report | None) -> list[File]:
    """What the archive holds: all files and the workbook."""
    return [*files_of(source, report), WORKBOOK]


def everything(source: Source, report: Report | None) -> Iterator[bytes]:
    """The archive, in portions."""
    return zipped(source, archived(source, report), told=about(source, report))


def about(source: Source, report: Report | None) -> dict[str, Any]:
    """What an archive says of itself."""
    study = source.study
    return {
        "study": study.key,
        "title": study.title,
        "state": study.state,
        "protocol_version": study.protocol_version,
        "study_manifest_sha256": study.manifest_sha256,
        "is_blinded": source.is_blinded,
        "report_input_sha256": report.input_sha256 if report else None,
        "report_seed": report.seed if report else None,
        "software": software(),
    }


def catalogue(source: Source, report: Report | None) -> list[Group]:
    """All files in groups, for the page."""
    found = [*containers_of(source, report), *files_of(source, report)]
    grouped = [
        Group(heading, tuple(file for file in found if file.group == name)) for name, heading in GROUPS
    ]
    return [group for group in grouped if group.files]


def named(source: Source, report: Report | None, name: str) -> File | None:
    """The file of this name, or None."""
    found = [*files_of(source, report), *containers_of(source, report)]
    return next((file for file in found if file.name == name), None)


@contextmanager
def opened(study: Study) -> Iterator[Source]:
    """A study to export: one moment of the database, and the study's own language, whoever asks."""
    with one_moment(), translation.override(_language(study)):
        yield Source(Study.objects.get(pk=study.pk))


def _language(study: Study) -> str:
    own = Design.objects.of(study).language
    return own if own in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def streamed(study: Study, name: str, report: Report | None = None) -> Iterator[bytes]:
    """The bytes of a file; nothing is read before they are asked for."""
    with opened(study) as source:
        file = named(source, report, name)
        if file is not None:
            yield from file.chunks(source)


def whole(made: Callable[[Source], bytes]) -> Chunks:
    """A file that is made in one piece."""
    return lambda source: iter([made(source)])
