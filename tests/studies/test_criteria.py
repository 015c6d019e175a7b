"""A criterion as row and as document: nothing is lost, nothing impossible is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings

from readerstudy.studies.models import Criterion, Kind, Study
from readerstudy.studies.models.criterion import Phase
from readerstudy.studies.protocol.document import schema
from readerstudy.studies.protocol.library import criteria_of, rubrics, templates
from readerstudy.studies.protocol.questions import problems_asked
from readerstudy.studies.rubrics.documents import COLUMNS, canonical, from_document, to_document
from readerstudy.studies.rubrics.kinds import TAKES
from readerstudy.studies.rubrics.rules import problems_after_last_case, problems_among, problems_of
from tests import factories
from tests.studies.criteria_documents import questions

SCALE = [{"value": value, "label": f"Step {value}"} for value in (1, 2, 3, 4, 5)]
SHIPPED = [
    *(question for each in rubrics() for question in each.criteria),
    *(
        question
        for each in templates()
        for stage in each.stages.values()
        for question in (*criteria_of(stage), *stage.data["phases"].get("exit", ()))
    ),
]


def asked(kind: str = "likert", **more: Any) -> dict[str, Any]:
    """A small question of a kind, as a file has it."""
    told: dict[str, Any] = {
        "key": "q",
        "kind": kind,
        "question": "Is it so?",
        "applies_to": TAKES[kind].about[0],
    }
    words = [{"value": "a", "label": "One"}, {"value": "b", "label": "Two"}]
    if kind in {"likert", "comparative"}:
        told["options"] = SCALE
    elif TAKES[kind].options.value == "must":
        told["options"] = words
    return {**told, **more}


@given(questions())
def test_any_question_comes_back_from_its_row_as_it_stood_in_the_file(question: dict[str, Any]) -> None:
    assert problems_asked("main", [question], {}) == []
    row = Criterion(**from_document(question))
    assert to_document(row) == question
    assert {name: getattr(row, name) for name in COLUMNS} == from_document(to_document(row))


@pytest.mark.parametrize("question", SHIPPED, ids=lambda question: question["key"])
def test_every_question_that_we_ship_is_written_in_the_product_s_own_way(question: dict[str, Any]) -> None:
    assert canonical(question) == question


def test_what_means_the_same_is_written_alike() -> None:
    short = {"key": "q", "kind": "yes_no", "question": "Is it so?"}
    said = {
        "help": "",
        "applies_to": "output",
        "direction": "higher",
        "cannot_judge": "yes",
        "required": True,
    }
    assert canonical(short) == canonical({**short, **said})
    assert canonical(asked("integer", minimum=0.0, acceptable=[3.0]))["minimum"] == 0


def test_the_kinds_are_those_of_the_form() -> None:
    kinds = schema()["$defs"]["criterion"]["properties"]["kind"]["enum"]
    assert set(Kind.values) == set(TAKES) == set(kinds)


@pytest.mark.parametrize(
    ("question", "field", "sentence"),
    [
        (asked("grid", applies_to="output"), "applies_to", "applies to: finding, sentence, step"),
        (asked("comparative", applies_to="output"), "applies_to", "applies to: pair"),
        (asked("yes_no", stage="before"), "stage", "only the case can be asked about"),
        (asked("single_choice", options=[]), "options", "needs what may be answered"),
        (asked("number", options=SCALE), "options", "has no options"),
        (
            asked("likert", options=[*SCALE, {"value": "x", "label": "X"}]),
            "options.5.value",
            "is not a number",
        ),
        (
            asked("likert", options=[*SCALE, {"value": 5.0, "label": "X"}]),
            "options.5.value",
            "stands here twice",
        ),
        (
            asked("single_choice", options=[{"value": " ", "label": "X"}] * 2),
            "options.0.value",
            "Give this option",
        ),
        (
            asked(options=[{"value": 1, "label": " "}, *SCALE[1:]]),
            "options.0.label",
            "Write what readers see",
        ),
        (
            asked("comparative", options=[{"value": "a", "label": "A"}] * 2),
            "options.1.value",
            "stands here twice",
        ),
        (
            asked("comparative", options=[{"value": "a", "label": "A"}, {"value": 1, "label": "B"}]),
            "options",
            "two sides",
        ),
        (asked("likert", minimum=1), "minimum", "has no lowest or highest value"),
        (asked("number", minimum=1e13), "minimum", "too large"),
        (asked("number", minimum=3, maximum=3), "maximum", "must be above the lowest"),
        (asked("yes_no", unit="mm"), "unit", "has no unit"),
        (asked("likert", shuffled=True), "shuffled", "is not shuffled"),
        (
            asked(options=[{"value": 1, "label": "X", "significance": "s"}, *SCALE[1:]]),
            "options.0.significance",
            "grid",
        ),
        (asked("free_text", acceptable=["x"]), "acceptable", "no better and worse"),
        (asked("integer", acceptable=[1, 2]), "acceptable.1", "write one value"),
        (asked("integer", high_quality=["many"]), "high_quality.0", "Write a number"),
        (asked("likert", acceptable=[6]), "acceptable.0", "6 is not among the options"),
        (asked("yes_no", acceptable=[1]), "acceptable.0", "1 is not among the options"),
        (asked("single_choice", high_quality=["c"]), "high_quality.0", "'c' is not among"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_at_its_field(
    question: dict[str, Any], field: str, sentence: str
) -> None:
    found = {".".join(map(str, path)): told for path, told in problems_of(question)}
    assert sentence in found[field]


FIRST = asked("yes_no", key="first")
STRATA = {"site": ["one", "two"]}


@pytest.mark.parametrize(
    ("earlier", "condition", "changes", "sentence"),
    [
        (FIRST, {"criterion": "later", "is": [True]}, {}, "No earlier question has the key “later”"),
        (FIRST, {"criterion": "first", "is": ["maybe"]}, {}, "is no answer to “first”"),
        (FIRST, {"criterion": "first", "is": [True]}, {"applies_to": "case"}, "cannot decide"),
        (asked("free_text", key="first"), {"criterion": "first", "is": ["x"]}, {}, "cannot decide"),
        (
            asked("grid", key="first", applies_to="step"),
            {"criterion": "first", "is": ["a"]},
            {"kind": "grid", "applies_to": "sentence", "options": asked("grid")["options"]},
            "cannot decide",
        ),
        (
            asked("yes_no", key="first", applies_to="case", stage="after"),
            {"criterion": "first", "is": [True]},
            {"applies_to": "case", "stage": "before"},
            "cannot decide",
        ),
        (asked("integer", key="first"), {"criterion": "first", "is": ["x"]}, {}, "is no number"),
        (FIRST, {"stratum": "place", "is": ["one"]}, {}, "There is no stratum “place”"),
        (FIRST, {"stratum": "site", "is": ["three"]}, {}, "Its levels are: one, two"),
    ],
)
def test_a_condition_that_could_never_be_decided_is_refused(
    earlier: dict[str, Any], condition: dict[str, Any], changes: dict[str, Any], sentence: str
) -> None:
    question = {**asked("yes_no", key="second", when=[condition]), **changes}
    found = [told for path, told in problems_among([earlier, question], STRATA) if path[:3] == (1, "when", 0)]
    assert len(found) == 1
    assert sentence in found[0]


@pytest.mark.parametrize(
    ("earlier", "condition", "changes"),
    [
        (FIRST, {"criterion": "first", "is": [True]}, {}),
        (asked("likert", key="first"), {"criterion": "first", "is": [4, 5.0]}, {}),
        (asked("integer", key="first"), {"criterion": "first", "is": [0, 2]}, {}),
        (asked("yes_no", key="first", applies_to="case"), {"criterion": "first", "is": [False]}, {}),
        (
            FIRST,
            {"criterion": "first", "is": [True]},
            {"kind": "grid", "applies_to": "step", "options": asked("grid")["options"]},
        ),
        (FIRST, {"stratum": "site", "is": ["two"]}, {}),
    ],
)
def test_a_condition_may_name_what_is_wider_and_known(
    earlier: dict[str, Any], condition: dict[str, Any], changes: dict[str, Any]
) -> None:
    question = {**asked("yes_no", key="second", when=[condition]), **changes}
    assert list(problems_among([earlier, question], STRATA)) == []


def test_two_questions_need_two_keys() -> None:
    found = list(problems_among([FIRST, FIRST], {}))
    assert [path for path, _told in found] == [(1, "key")]


def test_after_the_last_case_there_is_nothing_to_look_at() -> None:
    wrong = [
        asked("box", key="a"),
        asked("yes_no", key="b"),
        asked("yes_no", key="c", applies_to="case", stage="before"),
        asked("yes_no", key="d", applies_to="case", when=[{"stratum": "site", "is": ["one"]}]),
    ]
    paths = [path for path, _told in problems_after_last_case(wrong)]
    assert paths == [(0, "kind"), (1, "applies_to"), (2, "stage"), (3, "when", 0, "stratum")]


@pytest.mark.parametrize(
    ("question", "value", "accepted", "best"),
    [
        (asked(acceptable=[4, 5], high_quality=[5]), "4", True, False),
        (asked(acceptable=[4, 5], high_quality=[5]), "3", False, False),
        (asked("yes_no", acceptable=[False], direction="lower"), "0", True, None),
        (asked("single_choice", acceptable=["a"], high_quality=["a"]), "b", False, False),
        (asked("integer", direction="lower", acceptable=[2], high_quality=[0]), "1", True, False),
        (asked("integer", direction="higher", acceptable=[2]), "1", False, None),
        (asked("free_text"), "anything", None, None),
    ],
)
def test_what_counts_is_told_of_any_answer(
    question: dict[str, Any], value: str, accepted: bool | None, best: bool | None
) -> None:
    row = Criterion(**from_document(question))
    assert row.accepts(value) is accepted
    assert row.is_high_quality(value) is best


@pytest.mark.parametrize(
    ("question", "cut"),
    [
        (asked(acceptable=[4, 5]), 4),
        (asked(acceptable=[1, 2], direction="lower"), 2),
        (asked(acceptable=[3, 4]), None),  # no end of the scale
        (asked("yes_no", acceptable=[False], direction="lower"), 0),
        (asked("yes_no", acceptable=[False], direction="higher"), None),
        (asked("single_choice", acceptable=["a"]), None),
        (asked("number", acceptable=[2.5]), 2.5),
    ],
)
def test_options_that_count_are_a_cut_where_they_are_one_end_of_a_scale(
    question: dict[str, Any], cut: float | None
) -> None:
    assert from_document(question)["acceptable_from"] == cut


@pytest.fixture
def study() -> Study:
    return factories.make_study()


def test_a_cut_alone_names_the_options_beyond_it(db: None, study: Study) -> None:
    row = factories.make_criterion(study, acceptable_from=4)
    assert row.acceptable == ["4", "5"]
    assert to_document(row)["acceptable"] == [4, 5]


def test_what_a_kind_does_not_take_is_not_kept(db: None, study: Study) -> None:
    row = factories.make_criterion(study, kind="free_text", acceptable_from=4, unit="mm", minimum=1.0)
    assert (row.acceptable_from, row.unit, row.minimum) == (None, "", None)


IMPOSSIBLE: list[dict[str, Any]] = [
    {"kind": "guess"},
    {"phase": "end"},
    {"applies_to": "weather"},
    {"stage": "during"},
    {"phase": "exit"},
    {"phase": "exit", "applies_to": "case", "stage": "after"},
    {"stage": "before"},
    {"kind": "comparative"},
    {"kind": "grid"},
    {"kind": "quality_gate"},
    {"asks_reason": True, "allows_cannot_judge": False},
    {"options": []},
    {"options": {"value": "1"}},
    {"kind": "number"},
    {"kind": "number", "options": [], "acceptable": ["1"]},
    {"kind": "number", "options": [], "high_quality": ["1", "2"]},
    {"kind": "confidence", "options": [{"value": "1", "label": "One"}]},
    {"acceptable": ["9"]},
    {"high_quality": ["9"]},
    {"high_quality": {}},
    {"minimum": 1.0},
    {"unit": "mm"},
    {"kind": "confidence", "unit": "mm"},
    {"when": {}},
    {"minimum": 2.0, "maximum": 1.0, "kind": "number", "options": []},
]


@pytest.mark.parametrize("change", IMPOSSIBLE, ids=repr)
def test_the_database_keeps_no_impossible_question(db: None, study: Study, change: dict[str, Any]) -> None:
    row = factories.make_criterion(study)
    with pytest.raises(IntegrityError), transaction.atomic():
        Criterion.objects.filter(pk=row.pk).update(**change)


def test_two_questions_never_stand_in_one_place(db: None, study: Study) -> None:
    factories.make_criterion(study, key="one")
    two = factories.make_criterion(study, key="two")
    Criterion.objects.filter(pk=two.pk).update(position=0)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(questions())
def test_any_question_survives_the_database(question: dict[str, Any]) -> None:
    with transaction.atomic():
        made = factories.make_study()
        rubric = made.rubrics.get()
        row = Criterion.objects.create(rubric=rubric, position=0, phase=Phase.MAIN, **from_document(question))
        assert to_document(Criterion.objects.get(pk=row.pk)) == question
        transaction.set_rollback(True)
