"""What the endpoints of a protocol are computed from, read at the same moment as all other evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readerstudy.analysis.answers import Answers, answers_of
from readerstudy.analysis.drawn import Marks, boxes_of_models, reference_marks
from readerstudy.analysis.table import LongTable, Record, reference_of
from readerstudy.generation.models import Interpretation
from readerstudy.reading.models import AllocatedOutput, Rating, Reading
from readerstudy.reading.visibility import source_of
from readerstudy.studies.models import Arm, Criterion, Design, Kind

Shown = tuple[int, int, int | None]
"""A reader, a case and the position of one presentation."""
CHOICES = frozenset({Kind.SINGLE_CHOICE, Kind.YES_NO})
ON_IMAGES = frozenset({"iou", "hit_share"})
COMPARED = frozenset({"win_rate", "preference_share", "mean_score"})
PLACE = ("allocation__seat_id", "allocation__case_id", "allocation__position")


def place_of(record: Record) -> Shown:
    """Which presentation a record belongs to."""
    return record.reader, record.case, record.position


@dataclass(frozen=True)
class Declared:
    """The endpoints as the protocol has them, and what their figures need; nothing is read that none of them needs.

    `analysis` is that section of the protocol, `letters` the arms behind the letters of a presentation, `sources` the
    texts that edits began from, `seconds` those of each reading with the arms it showed, `texts` the outputs of each
    arm by case, `choices` the answers to the choice that a confidence belongs to, by the confidence's key;
    `reference_marks` those of the reference standard by case, `model_boxes` those of each arm's outputs by case.
    """

    endpoints: tuple[Mapping[str, Any], ...] = ()
    analysis: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, list[Answers]] = field(default_factory=dict)
    arms: Mapping[str, int] = field(default_factory=dict)
    letters: Mapping[Shown, Mapping[str, int]] = field(default_factory=dict)
    sources: Mapping[tuple[Shown, int], str] = field(default_factory=dict)
    seconds: tuple[tuple[float, tuple[int, ...]], ...] = ()
    texts: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[Shown, str]] = field(default_factory=dict)
    reference_marks: Mapping[int, Marks] = field(default_factory=dict)
    model_boxes: Mapping[int, Mapping[int, Marks]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: LongTable) -> Declared:
        study = table.study
        design = Design.objects.of(study)
        endpoints, analysis = tuple(design.section("endpoints")), design.section("analysis")
        if not endpoints:
            return cls(analysis=analysis)
        statistics = {each["statistic"] for each in endpoints}
        return cls(
            endpoints=endpoints,
            analysis=analysis,
            answers=answers_of(table, [each.get("criterion", "") for each in endpoints]),
            arms=dict(Arm.objects.filter(study=study).values_list("name", "pk")),
            letters=_letters(table) if statistics & COMPARED else {},
            sources=_sources(table) if "edit_distance" in statistics else {},
            seconds=_seconds(table) if "median_time" in statistics else (),
            texts=_texts(table) if "rouge" in statistics else {},
            choices=_choices(table, endpoints),
            reference_marks=reference_marks(table) if statistics & ON_IMAGES else {},
            model_boxes=boxes_of_models(table) if statistics & ON_IMAGES else {},
        )


def _outputs(table: LongTable) -> Any:
    mine = {"allocation__plan__study": table.study, "allocation__plan__is_pilot": False}
    return AllocatedOutput.objects.filter(**mine)


def _letters(table: LongTable) -> dict[Shown, dict[str, int]]:
    found: dict[Shown, dict[str, int]] = defaultdict(dict)
    rows = _outputs(table).values_list(*PLACE, "letter", "arm_id")
    for reader, case, position, letter, arm in rows.iterator():
        found[reader, case, position][letter] = arm
    return found


def _sources(table: LongTable) -> dict[tuple[Shown, int], str]:
    rows = _outputs(table).select_related("interpretation__frozen__shown", "allocation")
    return {
        ((row.allocation.seat_id, row.allocation.case_id, row.allocation.position), row.arm_id): source_of(
            row
        )
        for row in rows.iterator(chunk_size=500)
    }


def _seconds(table: LongTable) -> tuple[tuple[float, tuple[int, ...]], ...]:
    """Active seconds where the browser told them, else from showing to submitting."""
    mine = {"allocation__plan__study": table.study, "allocation__plan__is_pilot": False}
    rows = Reading.objects.filter(**mine, submitted_at__isnull=False)
    arms: dict[int, list[int]] = defaultdict(list)
    for reading, arm in rows.filter(allocation__outputs__isnull=False).values_list(
        "pk", "allocation__outputs__arm_id"
    ):
        arms[reading].append(arm)
    timed = rows.order_by("pk").values_list("pk", "active_seconds", "shown_at", "submitted_at")
    return tuple(
        ((end - begin).total_seconds() if active is None else float(active), tuple(arms[pk]))
        for pk, active, begin, end in timed
        if end is not None
    )


def _texts(table: LongTable) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = defaultdict(dict)
    with_reference = [pk for pk, case in table.cases.items() if reference_of(case)]
    rows = Interpretation.objects.filter(
        generation__arm__study=table.study, generation__case__in=with_reference, generation__replicate=1
    )
    for arm, case, text in rows.values_list("generation__arm_id", "generation__case_id", "text").iterator():
        found[arm][case] = text
    return found


def _choices(table: LongTable, endpoints: tuple[Mapping[str, Any], ...]) -> dict[str, dict[Shown, str]]:
    named = {each.get("criterion") for each in endpoints if each["statistic"] == "auc"}
    asked = [each for each in table.criteria.values() if each.key in named]
    found = {each.key: choice_before(table, each) for each in asked}
    return {key: _answers_to(choice) for key, choice in found.items() if choice is not None}


def choice_before(table: LongTable, criterion: Criterion) -> Criterion | None:
    """The nearest earlier choice about the same thing that offers the positive label."""
    earlier = [each for each in table.criteria.values() if each.position < criterion.position]
    same = [each for each in earlier if each.kind in CHOICES and each.applies_to == criterion.applies_to]
    return next((each for each in reversed(same) if table.study.positive_label in each.values), None)


def _answers_to(criterion: Criterion) -> dict[Shown, str]:
    rows = Rating.objects.filter(criterion=criterion, allocation__plan__is_pilot=False)
    return {(reader, case, at): value for reader, case, at, value in rows.values_list(*PLACE, "value")}
