"""Cases with their strata and reference; nothing that an uploaded file was called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import YES, Column
from readerstudy.analysis.exports.tables import ExportTable, Source
from readerstudy.analysis.table import STRATUM, reference_of
from readerstudy.cases.models import Case, Image

COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("case", "The case, by its code."),
    Column(
        "purpose",
        "What the case is there for.",
        "study, later = in a later batch, practice, check = attention check, example, validation = of a prompt",
    ),
    Column("left_out", "Whether a coordinator left it out.", YES),
    Column("reference", "The reference standard; empty where there is none."),
    Column("images", "How many images it has.", "number", "count"),
    Column("frames", "How many frames these have in all.", "number", "count"),
    Column("slots", "The places of its images.", "names, separated by spaces"),
    Column("imaging_modality", "What kind of images, as their files say.", "codes, separated by spaces"),
    Column(
        "clinical_text_characters", "How long the clinical text is that goes with it.", "number", "characters"
    ),
)


def _columns(source: Source) -> Sequence[Column]:
    strata = (Column(STRATUM + name, f"The case's stratum “{name}”.") for name in _strata(source))
    return (*COLUMNS, *strata)


def _strata(source: Source) -> list[str]:
    rows = Case.objects.filter(study=source.study).values_list("strata", flat=True)
    return sorted({name for strata in rows for name in strata})


def _rows(source: Source) -> Iterator[list[str]]:
    strata, images = _strata(source), _images(source)
    found = Case.objects.filter(study=source.study).select_related("reference").order_by("position")
    for case in found.iterator(chunk_size=500):
        own = images.get(case.pk, [])
        kinds = sorted({str(image.meta.get("imaging_modality") or "") for image in own} - {""})
        yield [
            cells.text(source.study.key),
            cells.text(case.code),
            case.purpose,
            cells.flag(case.left_out_at is not None),
            cells.text(reference_of(case)),
            str(len(own)),
            str(sum(image.frames for image in own)),
            cells.text(" ".join(image.slot for image in own)),
            cells.text(" ".join(kinds)),
            str(len(case.clinical_text)),
            *(cells.text(str(case.strata.get(name, ""))) for name in strata),
        ]


def _images(source: Source) -> dict[int, list[Image]]:
    found: dict[int, list[Image]] = defaultdict(list)
    for image in sorted(Image.objects.filter(case__study=source.study), key=lambda image: image.slot):
        found[image.case_id].append(image)
    return found


cases = ExportTable(
    "cases.csv",
    _("The cases with their purpose, strata, reference standard and number of images."),
    _columns,
    _rows,
)
