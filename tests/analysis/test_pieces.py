"""Pieces of outputs by class and passages that were marked, counted by hand."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.reading.actions import rate, show_reading
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.scales import check_answer
from readerstudy.studies.models import Criterion, Study
from tests import factories
from tests.analysis.test_endpoints import each_case, say, study_of
from tests.analysis.test_report import figure
from tests.analysis.test_scripts import agrees
from tests.reading.disputes import submit

pytestmark = pytest.mark.django_db
PLAN = {"plan": "crossed", "outputs": "one_at_a_time", "seed": 1}
KINDS = ("name", "date", "phone")


def grid(key: str, question: str, values: tuple[str, ...], **more: Any) -> dict[str, Any]:
    options = [{"value": value, "label": value.title()} for value in values]
    told = {"key": key, "kind": "grid", "question": question, "applies_to": "sentence", "options": options}
    return {**told, "direction": "none", "required": False, **more}


MASKED = grid("masked", "Is it gone?", ("removed", "leaked"), acceptable=["removed"], direction="higher")
KIND = grid("kind", "What is it?", KINDS)
MARKS = {
    "key": "invented",
    "kind": "text_span",
    "question": "Mark what was made up.",
    "applies_to": "output",
    "options": [{"value": "made_up", "label": "Made up"}, {"value": "against", "label": "Against"}],
    "direction": "none",
    "required": False,
}
Said = Callable[[Allocation, AllocatedOutput, int], None]


def read_study(*questions: dict[str, Any], said: Said, readers: int = 3) -> Study:
    """Every output of four cases and two arms is read; `said` answers about it, with a number of its own."""
    study = study_of(*questions, endpoints=[], plan=PLAN, readers=readers)
    for allocation in each_case(study):
        show_reading(seat=allocation.seat, allocation=allocation)
        for output in allocation.outputs.select_related("arm"):
            turn = allocation.case.position * 5 + (allocation.seat.seat or 0) * 3 + output.arm.position
            said(allocation, output, turn)
        submit(allocation)
    return factories.name_arms(study)


def of_part(allocation: Allocation, output: AllocatedOutput, key: str, part: str, value: str) -> None:
    seat = allocation.seat
    criterion = Criterion.objects.of(seat.study).get(key=key)
    answer = check_answer(criterion, value, cannot_judge=False)
    about = {"seat": seat, "allocation": allocation, "output": output, "criterion": criterion, "part": part}
    rate(**about, answer=answer, token=uuid.uuid4(), by=seat.user)


Leaks = dict[tuple[str, str | None], list[bool]]


def leaking(heard: Leaks) -> Said:
    """Two pieces of each output; every seventh has no class."""

    def said(allocation: Allocation, output: AllocatedOutput, turn: int) -> None:
        for number, part in enumerate(("s1", "s2")):
            leaked, kind = (turn + number) % 3 == 0, KINDS[(turn * 2 + number) % 2]
            of_part(allocation, output, "masked", part, "leaked" if leaked else "removed")
            named = (turn + number) % 7 != 0
            if named:
                of_part(allocation, output, "kind", part, kind)
            for category in (kind if named else "", None):
                heard[output.arm.name, category].append(leaked)

    return said


@pytest.mark.parametrize("readers", [1, 3])
def test_what_is_not_acceptable_by_class(tmp_path: Path, readers: int) -> None:
    heard: Leaks = defaultdict(list)
    study = read_study(MASKED, KIND, said=leaking(heard), readers=readers)
    report = agrees(study, tmp_path)
    (entry,) = report["pieces"]
    assert (entry["criterion"], entry["by"]) == ("masked", "kind")
    found = {(row["arm"], each["category"]): row for each in entry["classes"] for row in each["arms"]}
    assert set(found) == set(heard)
    for place, row in found.items():
        assert row["n_not_acceptable"] == sum(heard[place])
        assert row["n_ratings"] == len(heard[place])
        assert row["value"] == pytest.approx(sum(heard[place]) / len(heard[place]))
    assert all((found[arm, None]["ci"] is None) is (readers == 1) for arm in ("Arm 1", "Arm 2"))
    (section,) = (each for each in document_of(report).sections if each.slug == "pieces-masked-kind")
    titles = [group.title for group in section.tables[0].groups]
    assert titles == ["Name", "Date", "Without a class", "All pieces"]


def test_one_piece_a_case_of_one_reader_has_wilsons_interval() -> None:
    def said(allocation: Allocation, output: AllocatedOutput, turn: int) -> None:
        of_part(allocation, output, "masked", "s1", "leaked" if turn % 2 else "removed")
        of_part(allocation, output, "kind", "s1", "phone")

    study = read_study(MASKED, KIND, said=said, readers=1)
    (entry,) = build_report(study)["pieces"]
    for row in entry["classes"][0]["arms"]:
        limits = proportion_confint(row["n_not_acceptable"], row["n_ratings"], method="wilson")
        assert (row["n_ratings"], row["ci"]) == (4, pytest.approx(limits))


def test_a_verdict_without_a_class_beside_it_has_no_table() -> None:
    def said(allocation: Allocation, output: AllocatedOutput, _turn: int) -> None:
        of_part(allocation, output, "masked", "s1", "removed")

    assert build_report(read_study(MASKED, said=said))["pieces"] == []


Spans = dict[tuple[str, str], list[list[str]]]


def marking(heard: Spans) -> Said:
    """None to two passages an output; where none is marked the question is left as it was."""

    def said(allocation: Allocation, output: AllocatedOutput, turn: int) -> None:
        labels = [(), ("made_up",), ("made_up", "against"), ("against",)][turn % 4]
        places = [{"start": 2 * at, "end": 2 * at + 2, "label": label} for at, label in enumerate(labels)]
        if places:
            say(allocation, "invented", json.dumps(places), output)
        heard[output.arm.name, allocation.seat.pseudonym].append(list(labels))

    return said


def test_passages_by_label_and_reader(tmp_path: Path) -> None:
    heard: Spans = defaultdict(list)
    report = agrees(read_study(MARKS, said=marking(heard)), tmp_path)
    (entry,) = report["spans"]
    for arm in entry["arms"]:
        mine = {reader: labels for (name, reader), labels in heard.items() if name == arm["arm"]}
        for row in arm["readers"]:
            counts = Counter(label for output in mine[row["reader"]] for label in output)
            assert row["outputs"] == len(mine[row["reader"]]) == 4
            assert row["counts"] == [counts["made_up"], counts["against"]]
            assert row["spans"] == sum(counts.values())
        outputs = [output for labels in mine.values() for output in labels]
        for label in ("made_up", "against", None):
            row = figure(arm["estimates"], category=label)
            total = sum(len(each) if label is None else each.count(label) for each in outputs)
            assert (row["value"], row["n_ratings"]) == (pytest.approx(total / len(outputs)), len(outputs))
            assert row["ci"][0] >= 0
    (section,) = (each for each in document_of(report).sections if each.slug == "spans-invented")
    assert [group.title for group in section.tables[0].groups] == ["Made up", "Against", "All labels"]
    assert [cell.text for cell in section.tables[1].head] == [
        "Reader",
        "Made up",
        "Against",
        "All labels",
        "Outputs",
    ]


def test_an_output_that_nobody_submitted_is_no_output_without_marks() -> None:
    study = study_of(MARKS, endpoints=[], plan=PLAN)
    for allocation in each_case(study):
        show_reading(seat=allocation.seat, allocation=allocation)
    assert build_report(study)["spans"] == []
