"""What goes with the tables: the codebook, the protocol as a file, and what a script needs to know of the design."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import HEADER, OUTPUTS_FILE, rows
from readerstudy.analysis.declared import ON_IMAGES
from readerstudy.analysis.drawn import Marks, boxes_of_models, reference_marks
from readerstudy.analysis.evidence import is_figured, seed_of
from readerstudy.analysis.exports.tables import ExportTable, Source
from readerstudy.analysis.table import STRATUM, LongTable
from readerstudy.generation.verdicts.agreement import verdict_seed
from readerstudy.reading.protocol import frozen_of
from readerstudy.stats.inference import Inference
from readerstudy.studies.models import Arm, Criterion, Design
from readerstudy.studies.protocol.exporting import data_of
from readerstudy.studies.protocol.writing import written
from readerstudy.studies.rubrics.values import as_text


def codebook(source: Source, tables: Iterable[ExportTable]) -> bytes:
    """Every column of every table with unit and coding; `applies_to` names the file, or a question of ratings.csv."""
    found = [
        (column.name, table.name, column.meaning, column.unit, column.coding, "")
        for table in tables
        if table.name != OUTPUTS_FILE
        for column in table.columns(source)
    ]
    every = [*rows(source.long), *found]
    return cells.write([HEADER, *([cells.text(cell) for cell in row] for row in every)])


def protocol(source: Source) -> bytes:
    """The protocol as study.yaml; while the study is blinded without the seed, which would give the allocation away."""
    data = data_of(source.study)
    if source.is_blinded and "seed" in data.get("allocation", {}):
        data["allocation"] = {name: told for name, told in data["allocation"].items() if name != "seed"}
    return written(data).encode()


def design(source: Source) -> bytes:
    """What scripts need beside the tables: arms, questions, readers, cases, the level, the seed and the resamples."""
    study, table = source.study, source.long
    plan = Design.objects.of(study).section("analysis")
    asked = Inference(**{"seed": seed_of(study), **{name: plan[name] for name in PLANNED if name in plan}})
    told: dict[str, Any] = {
        "study": study.key,
        "arms": list(source.arms.values()),
        "readers": [reader.pseudonym for reader in table.readers.values()],
        "cases": [case.code for case in table.cases.values()],
        "positive": study.positive_label,
        "refusals": study.refusal_policy,
        "level": asked.level,
        "resamples": asked.resamples,
        "seed": asked.seed,
        "verdict_seeds": _verdict_seeds(source),
        "strata": [STRATUM + name for name in table.strata],
        "correction": plan.get("multiplicity", "holm"),
        "is_blinded": source.is_blinded,
        "criteria": [_question(row) for row in table.criteria.values()],
        "last_questions": [_question(row) for row in Criterion.objects.exit(study)],
        "second_stage": [_question(row) for row in frozen_of(study).terms.second],
        "endpoints": _endpoints(source),
        **_marks(source),
    }
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _endpoints(source: Source) -> list[dict[str, Any]]:
    """The declared endpoints; two arms that are compared stand under the names, and in the order, of the report."""
    arms, order = dict(Arm.objects.filter(study=source.study).values_list("name", "pk")), source.shown.order
    found = []
    for each in Design.objects.of(source.study).section("endpoints"):
        pair = [arms[name] for name in each.get("contrast", ())]
        named = [source.arms[pk] for pk in (sorted(pair, key=order.index) if source.is_blinded else pair)]
        told = {name: each.get(name) for name in ("name", "statistic", "criterion", "margin")}
        found.append({**told, "is_primary": bool(each.get("primary")), "contrast": named})
    return found


def _marks(source: Source) -> dict[str, Any]:
    """What endpoints on images are measured with: reference marks by case, and boxes of models by arm and case.

    In pixels of what readers saw, as the answers in ratings.csv are; nothing where no endpoint needs them.
    """
    if not {each["statistic"] for each in Design.objects.of(source.study).section("endpoints")} & ON_IMAGES:
        return {}
    table = source.long
    boxes = boxes_of_models(table)
    return {
        "reference_marks": _by_case(table, reference_marks(table)),
        "model_boxes": {source.arms[arm]: _by_case(table, boxes[arm]) for arm in source.arms if arm in boxes},
    }


def _by_case(table: LongTable, marks: Mapping[int, Marks]) -> dict[str, list[dict[str, Any]]]:
    return {
        case.code: [
            {"slot": slot, "frame": frame, "points": points}
            for (slot, frame), placed in marks[pk].items()
            for points in placed
        ]
        for pk, case in table.cases.items()
        if pk in marks
    }


def _verdict_seeds(source: Source) -> dict[str, Any]:
    """The seeds of the intervals of verdicts, by arm, over all arms and between people."""
    places = dict(Arm.objects.filter(study=source.study).values_list("pk", "position"))
    by_arm = {name: verdict_seed(source.study, str(places[pk])) for pk, name in source.arms.items()}
    return {"arms": by_arm, **{name: verdict_seed(source.study, name) for name in ("all", "people")}}


PLANNED = ("level", "resamples", "seed")
QUESTION = (
    "key",
    "kind",
    "question",
    "applies_to",
    "direction",
    "acceptable_from",
    "minimum",
    "maximum",
    "unit",
    "is_required",
    "acceptable",
    "high_quality",
    "when",
)


def _question(row: Any) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in QUESTION},
        "when": [{**each, "is": [as_text(value) for value in each["is"]]} for each in row.when],
        "options": [{"value": option["value"], "label": option["label"]} for option in row.options],
        "is_scored": row.is_scored,
        "is_figured": is_figured(row),
    }
