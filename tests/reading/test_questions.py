"""Which questions are asked: subjects, pieces, conditions, the gate, the stages."""

from __future__ import annotations

from typing import Any

from readerstudy.reading.questions import Presentation, Subject, asked
from readerstudy.studies.models import Criterion

YES = [{"value": "1", "label": "Yes"}, {"value": "0", "label": "No"}]


def criterion(key: str, kind: str = "yes_no", **fields: Any) -> Criterion:
    return Criterion(key=key, kind=kind, question=key, **{"options": YES, **fields})


def fields(*criteria: Criterion, letters: str = "A", **more: Any) -> list[str]:
    return [each.field for each in presentation(*criteria, letters=letters, **more).questions]


def presentation(*criteria: Criterion, letters: str = "A", html: str = "", **more: Any) -> Presentation:
    subjects = tuple(Subject(letter, html) for letter in letters)
    return Presentation(criteria=criteria, subjects=subjects, **more)


def test_a_criterion_is_asked_once_for_each_of_its_subjects() -> None:
    criteria = [criterion("c", applies_to="case"), criterion("p", applies_to="pair"), criterion("o")]
    assert fields(*criteria, letters="AB") == ["case-c", "case-p", "A-o", "B-o"]
    assert fields(*criteria, letters="") == ["case-c", "case-p"]


def test_pieces_of_each_text_are_asked_about() -> None:
    grid = criterion("g", "grid", applies_to="sentence")
    assert fields(grid, letters="AB", html="<p>One. Two.</p>") == ["A-g.s1", "A-g.s2", "B-g.s1", "B-g.s2"]


def test_pieces_of_the_reference_are_asked_about_where_the_key_says_so() -> None:
    criteria = [
        criterion("reference_finding", "grid", applies_to="finding"),
        criterion(
            "why_missing",
            "grid",
            applies_to="finding",
            when=[{"criterion": "reference_finding", "is": ["0"]}],
        ),
        criterion("finding", "grid", applies_to="finding"),
    ]
    made = presentation(*criteria, html="<p>One</p>", reference="<p>Two</p><p>Three</p>").questions
    found = [(each.field, each.part.text, each.part.of_reference) for each in made if each.part]
    assert found == [
        ("A-reference_finding.f1", "Two", True),
        ("A-reference_finding.f2", "Three", True),
        ("A-why_missing.f1", "Two", True),
        ("A-why_missing.f2", "Three", True),
        ("A-finding.f1", "One", False),
    ]


def test_a_condition_on_a_stratum_is_settled_before_the_page() -> None:
    only = criterion("only", when=[{"stratum": "site", "is": ["a", "b"]}])
    assert fields(only, strata={"site": "b"}) == ["A-only"]
    assert fields(only, strata={"site": "c"}) == []
    assert fields(only) == []


def test_a_question_waits_for_the_answer_it_depends_on() -> None:
    first = criterion("first")
    second = criterion("second", when=[{"criterion": "first", "is": [True]}])
    third = criterion("third", when=[{"criterion": "second", "is": ["0"]}])
    questions = presentation(first, second, third).questions
    assert asked(questions, {}) == {"A-first"}
    assert asked(questions, {"A-first": "1"}) == {"A-first", "A-second"}
    assert asked(questions, {"A-first": "1", "A-second": "0"}) == {"A-first", "A-second", "A-third"}
    assert asked(questions, {"A-first": "0", "A-second": "0"}) == {"A-first"}, (
        "a hidden answer does not count"
    )


def test_conditions_look_at_the_same_output_and_the_same_piece() -> None:
    first = criterion("first", "grid", applies_to="sentence")
    second = criterion("second", "grid", applies_to="sentence", when=[{"criterion": "first", "is": ["0"]}])
    questions = presentation(first, second, letters="AB", html="<p>One. Two.</p>").questions
    found = asked(questions, {"A-first.s1": "0", "B-first.s2": "0"})
    assert {field for field in found if "second" in field} == {"A-second.s1", "B-second.s2"}


def test_a_question_about_a_text_may_wait_for_one_about_the_case_and_the_other_way_round() -> None:
    case = criterion("case", applies_to="case")
    text = criterion("text", when=[{"criterion": "case", "is": ["1"]}])
    last = criterion("last", applies_to="case", when=[{"criterion": "text", "is": ["0"]}])
    questions = presentation(case, text, last, letters="AB").questions
    assert asked(questions, {"case-case": "1"}) == {"case-case", "A-text", "B-text"}
    assert "case-last" in asked(questions, {"case-case": "1", "B-text": "0"})


def test_an_answer_of_several_options_meets_a_condition_by_any_of_them() -> None:
    options = [{"value": value, "label": value} for value in ("a", "ab", "b")]
    first = criterion("first", "multiple_choice", options=options)
    second = criterion("second", when=[{"criterion": "first", "is": ["a"]}])
    questions = presentation(first, second).questions
    assert "A-second" in asked(questions, {"A-first": '["a","b"]'})
    assert "A-second" not in asked(questions, {"A-first": '["ab"]'})


def test_a_closed_gate_leaves_out_everything_else() -> None:
    gate = criterion("gate", "quality_gate", applies_to="case", acceptable=["1"])
    other = criterion("other")
    questions = presentation(gate, other).questions
    assert asked(questions, {"case-gate": "1"}) == {"case-gate", "A-other"}
    assert asked(questions, {"case-gate": "0", "A-other": "1"}) == {"case-gate"}


def test_a_staged_case_is_asked_in_two_stages() -> None:
    criteria = [
        criterion("own", applies_to="case", stage="before"),
        criterion("later", stage="after"),
        criterion("always", applies_to="case"),
    ]
    staged = presentation(*criteria)
    assert [each.field for each in staged.of_stage(revealed=False)] == ["case-own"]
    assert [each.field for each in staged.of_stage(revealed=True)] == ["A-later", "case-always"]
