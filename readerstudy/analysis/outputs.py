"""The table of outputs: one row for each output of each arm, with its verdict, its own label, confidence and boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Case, Value, When

from readerstudy.analysis import cells
from readerstudy.analysis.blinding import ShownArms
from readerstudy.analysis.labels import own_label
from readerstudy.cases.models import COMPARED, ReferenceStandard
from readerstudy.cases.models import Case as StudyCase
from readerstudy.generation.models import Interpretation, RefusalVerdict
from readerstudy.studies.models import Study

ROWS_AT_ONCE = 500
PATHS = (
    "pk",
    "generation__case__code",
    "generation__arm_id",
    "generation__replicate",
    "extraction__status",
    "extraction__label",
    "extraction__confidence",
    "extraction__boxes",
    "sha256",
    "attempt__served_model",
    "attempt__seconds",
    "text",
)


def output_rows(study: Study) -> Iterator[list[str]]:
    """The rows of outputs.csv as finished cells, in case order, then by arm and replicate."""
    shown = ShownArms.of(study)
    standing = RefusalVerdict.objects.filter(interpretation__generation__arm__study=study).standing()
    told = ("interpretation_id", "verdict", "declined", "signal", "by_id")
    verdicts = {row[0]: row[1:] for row in standing.values_list(*told)}
    labels = _labels(study)
    for row in _found(study, shown).iterator(chunk_size=ROWS_AT_ONCE):
        yield _cells(study, row, verdicts[row[0]], shown, labels)


def _labels(study: Study) -> list[str]:
    """The labels of the reference standard."""
    found = ReferenceStandard.objects.filter(case__in=StudyCase.objects.of(study))
    return sorted(set(found.values_list("label", flat=True)))


def _found(study: Study, shown: ShownArms) -> Any:
    lots = [When(generation__arm=pk, then=Value(place)) for place, pk in enumerate(shown.order)]
    mine = Interpretation.objects.filter(
        generation__arm__study=study,
        generation__case__left_out_at=None,
        generation__case__purpose__in=COMPARED,
    )
    places = ("generation__case__position", Case(*lots, default=Value(0)), "generation__replicate")
    return mine.order_by(*places).values_list(
        *PATHS, "generation__arm__is_simulated", "generation__arm__kind"
    )


def _cells(
    study: Study, row: tuple[Any, ...], judged: tuple[Any, ...], shown: ShownArms, labels: list[str]
) -> list[str]:
    _pk, case, arm, replicate, status, label, confidence, boxes, sha256, served, seconds, text, *rest = row
    simulated, kind = rest
    verdict, declined, signal, by = judged
    return [
        cells.text(study.key),
        cells.text(case),
        cells.text(shown.arm(arm).name),
        str(replicate),
        verdict,
        cells.flag(declined),
        "" if shown.is_blinded else cells.text(signal),
        cells.flag(by is not None),
        status or "",
        cells.text(label or ""),
        cells.number(confidence),
        json.dumps(boxes, sort_keys=True) if boxes else "",
        sha256,
        "" if shown.is_blinded else cells.text(served),
        "" if shown.is_blinded else cells.number(seconds),
        cells.flag(simulated if shown.tells_simulated else None),
        "" if shown.is_blinded else kind,
        cells.text(own_label(text, label, status, labels) or ""),
    ]
