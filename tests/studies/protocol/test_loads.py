"""What a protocol file asks of its readers is counted from its allocation and its questions."""

from __future__ import annotations

import pytest

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.rows import Presentation
from readerstudy.studies.protocol import Document, ProtocolError, loads, read
from readerstudy.studies.protocol.allocating import arms_of, cases_of, plan_of_document
from tests.studies.protocol.test_reading import SMALLEST

PAIRED = (
    SMALLEST.replace("    acceptable: [2]\n", "    applies_to: output\n    acceptable: [2]\n")
    + "cases: {count: 12}\n"
)
QUESTIONS = """\
  - {key: sure, kind: yes_no, question: Sure}
  - {key: steps, kind: likert, question: Sound, applies_to: step, options: [{value: 1, label: a}, {value: 2, label: b}]}
  - key: order
    kind: ranking
    question: Order
    options: [{value: 1, label: a}, {value: 2, label: b}, {value: 3, label: c}]
  - {key: note, kind: free_text, question: Note}
"""


def rows_of(document: Document, readers: int = 2) -> list[Presentation]:
    return allocate(
        plan_of_document(document),
        seed=1,
        people=People(tuple(range(1, readers + 1))),
        batches=[cases_of(document)],
        arms=arms_of(document),
    )


def with_plan(text: str) -> Document:
    return read(PAIRED.replace("{plan: crossed}", text).encode())


def test_every_row_and_every_question_of_an_output_counts() -> None:
    document = with_plan("{plan: crossed, outputs: together}")
    found = loads.loads_of(document, rows_of(document))
    assert [(each.reader, each.period, each.presentations, each.presses) for each in found] == [
        (1, 1, 12, 12 * 3),
        (2, 1, 12, 12 * 3),
    ]


def test_periods_repeats_and_practice_are_counted() -> None:
    document = with_plan(
        "{plan: crossed, crossover: true, washout_days: 14, repeats: {share: 0, fewest: 2, distance: 3}}"
    )
    rows = rows_of(document)
    found = loads.loads_of(document, rows)
    assert sum(each.presentations for each in found) == len(rows) > 2 * 24
    assert sorted({each.period for each in found}) == [1, 2]
    assert loads.washout_of(document) == 14
    assert loads.washout_of(with_plan("{plan: crossed}")) == 0


def test_questions_count_by_kind_and_by_what_they_are_asked_about() -> None:
    document = read(PAIRED.replace("allocation:", QUESTIONS + "allocation:").encode())
    assert loads.presses_for(document, outputs=2, parts=5) == 1 + 2 + 1 + 10 + 3
    assert loads.presses_for(document, outputs=1, parts=1) == 1 + 1 + 1 + 1 + 3


def test_a_ready_rubric_needs_the_presses_said() -> None:
    start, end = PAIRED.index("criteria:"), PAIRED.index("allocation:")
    document = read((PAIRED[:start] + "criteria: {rubric: ccc-5}\n" + PAIRED[end:]).encode())
    with pytest.raises(ProtocolError, match=r"line 6, criteria: .*Add --presses"):
        loads.loads_of(document, rows_of(document))
    found = loads.loads_of(document, rows_of(document), presses=5)
    assert {each.presses for each in found} == {24 * 5}


def test_the_pace_follows_the_pauses_of_the_file() -> None:
    document = read((PAIRED + "phases: {break_minutes: 30, break_cases: 10}\n").encode())
    pace = loads.pace_of(document, seconds=12.0)
    assert (pace.seconds, pace.sitting_minutes, pace.most_presentations) == (12.0, 30, 10)
    usual = loads.pace_of(with_plan("{plan: crossed}"))
    assert (usual.sitting_minutes, usual.most_presentations) == (45.0, None)
