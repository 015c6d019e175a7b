"""What a rating may be: every kind takes what its scale holds and refuses everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.reading.scales import About, Answer, Frame, RatingError, check_answer, is_whole
from readerstudy.reading.scales.checking import CHECKS
from readerstudy.studies.models import Criterion, Kind

ABC = [{"value": value, "label": value.upper()} for value in "abc"]
FIVE = [{"value": str(value), "label": f"step {value}"} for value in range(1, 6)]
SIDES = [{"value": str(value), "label": f"side {value}"} for value in range(-2, 3)]
TEXT = "Clear lungs. Small effusion 😀 left."
ABOUT = About(
    letters=("A", "B"),
    text=TEXT,
    source="Clear lungs.",
    images={"current": Frame(100, 50, frames=3, spacing=(0.5, 0.25))},
)


def criterion(kind: str, **fields: Any) -> Criterion:
    options = {
        "likert": FIVE,
        "comparative": SIDES,
        "single_choice": ABC,
        "multiple_choice": ABC,
        "text_span": ABC,
        "grid": ABC,
        "quality_gate": ABC,
    }.get(kind, [])
    return Criterion(kind=kind, key=kind, question="Which?", **{"options": options, **fields})


def check(kind: str, raw: str, **fields: Any) -> Answer:
    return check_answer(criterion(kind, **fields), raw, cannot_judge=False, about=ABOUT)


def spans(*found: tuple[object, object, object]) -> str:
    return json.dumps([{"start": start, "end": end, "label": label} for start, end, label in found])


def marks(*points: Any, slot: str = "current", frame: object = 0) -> str:
    return json.dumps([{"slot": slot, "frame": frame, "points": list(points)}])


def test_every_kind_has_its_check() -> None:
    assert set(CHECKS) == set(Kind.values)


@pytest.mark.parametrize(
    ("kind", "raw", "value", "score"),
    [
        ("yes_no", "1", "1", 1.0),
        ("single_choice", "b", "b", None),
        ("likert", "5", "5", 5.0),
        ("comparative", "-2", "-2", -2.0),
        ("grid", "c", "c", None),
        ("quality_gate", "a", "a", None),
        ("multiple_choice", '["c","a"]', '["a","c"]', None),
        ("multiple_choice", "[]", "", None),
        ("ranking", '["B","A"]', '["B","A"]', None),
        ("ranking", '["B"]', '["B"]', None),
        ("integer", " 12 ", "12", 12.0),
        ("integer", "−3", "-3", -3.0),
        ("number", "3,25", "3.25", 3.25),
        ("number", "1234567.125", "1234567.125", 1234567.125),
        ("number", "1e3", "1000", 1000.0),
        ("number", "-0", "0", 0.0),
        ("number", "", "", None),
        ("visual_analogue", "100", "100", 100.0),
        ("confidence", "3", "3", 3.0),
        ("free_text", "  words\x00 ", "words", None),
        ("text_span", spans((0, 5, "b")), '[{"end":5,"label":"b","start":0}]', None),
        ("text_span", "[]", "[]", None),
        ("box", marks([30, 20], [10, 5]), None, None),
        ("box", "[]", "[]", None),
        ("point", marks([1, 2]), None, None),
        ("polygon", marks([0, 0], [10, 0], [10, 10]), None, None),
        ("length", marks([0, 0], [30, 40]), None, 50.0),
        (
            "edit",
            '{"text":"Clear lungs.","significant":null}',
            '{"significant":false,"text":"Clear lungs."}',
            None,
        ),
        ("edit", '{"text":"No.","significant":true}', '{"significant":true,"text":"No."}', None),
    ],
)
def test_answers_are_stored_in_one_form(kind: str, raw: str, value: str | None, score: float | None) -> None:
    answer = check(kind, raw)
    assert answer.score == score
    assert value is None or answer.value == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("yes_no", "yes"),
        ("yes_no", ""),
        ("single_choice", "d"),
        ("likert", "6"),
        ("likert", "5.0"),
        ("comparative", "3"),
        ("grid", "ok"),
        ("quality_gate", ""),
        ("multiple_choice", "a"),
        ("multiple_choice", '["a","a"]'),
        ("multiple_choice", '["a","d"]'),
        ("multiple_choice", '{"a":1}'),
        ("multiple_choice", "[1]"),
        ("ranking", '["A","A"]'),
        ("ranking", '["A","C"]'),
        ("integer", "1.5"),
        ("integer", "twelve"),
        ("number", "1_000"),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1e999"),
        ("visual_analogue", "101"),
        ("visual_analogue", "-1"),
        ("confidence", "6"),
        ("free_text", "x" * 5001),
        ("text_span", spans((5, 5, "a"))),
        ("text_span", spans((-1, 5, "a"))),
        ("text_span", spans((0, len(TEXT) + 1, "a"))),
        ("text_span", spans((0, 5, "z"))),
        ("text_span", spans((0.5, 5, "a"))),
        ("text_span", spans((True, 5, "a"))),
        ("text_span", '[{"start":0}]'),
        ("text_span", '"all"'),
        ("box", marks([10, 5])),
        ("box", marks([10, 5], [10, 9])),
        ("box", marks([10, 5], [101, 9])),
        ("box", marks([10, 5], [20, 9], slot="prior")),
        ("box", marks([10, 5], [20, 9], frame=3)),
        ("box", marks([10, 5], [20, 9], frame=-1)),
        ("box", marks([10, "5"], [20, 9])),
        ("box", '[{"slot":"current","frame":0,"points":[[0,NaN],[1,1]]}]'),
        ("box", '[{"slot":"current","frame":0,"points":[[0,1e999],[1,1]]}]'),
        ("box", "[" * 5000),
        ("point", marks([1, 2], [3, 4])),
        ("polygon", marks([0, 0], [10, 0])),
        ("length", marks([0, 0])),
        ("edit", '{"text":"","significant":true}'),
        ("edit", '{"text":"No.","significant":"yes"}'),
        ("edit", '{"text":"No."}'),
        ("edit", "No."),
    ],
)
def test_everything_else_is_refused_with_a_sentence_that_names_the_question(kind: str, raw: str) -> None:
    with pytest.raises(RatingError, match=r"“Which\?”: .*\."):
        check(kind, raw)


@pytest.mark.parametrize("kind", Kind.values)
@given(
    raw=st.one_of(
        st.text(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        ["start", "end", "label", "slot", "frame", "points", "text", "significant"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ).map(json.dumps),
    )
)
def test_whatever_arrives_is_an_answer_or_a_refusal_and_the_stored_form_is_stable(
    kind: str, raw: str
) -> None:
    try:
        first = check(kind, raw)
    except RatingError:
        return
    if not first.is_empty:
        assert check(kind, first.value) == first


@given(chosen=st.lists(st.sampled_from("abc"), unique=True))
def test_several_options_are_stored_in_the_order_of_the_criterion(chosen: list[str]) -> None:
    value = check("multiple_choice", json.dumps(chosen)).value
    assert value == (json.dumps(sorted(chosen), separators=(",", ":")) if chosen else "")


@given(found=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10), st.sampled_from("abc")), max_size=6))
def test_passages_are_stored_in_the_order_of_the_text_each_once(found: list[tuple[int, int, str]]) -> None:
    raw = spans(*((start, start + length, label) for start, length, label in found))
    stored = json.loads(check("text_span", raw).value)
    assert {(each["start"], each["end"], each["label"]) for each in stored} == {
        (start, start + length, label) for start, length, label in found
    }
    assert stored == sorted(stored, key=lambda each: (each["start"], each["end"]))
    assert len(stored) == len(set(found))


def test_a_length_is_in_millimetres_where_the_study_asks_for_them_and_the_image_has_them() -> None:
    assert check("length", marks([0, 0], [30, 40]), unit="mm").score == pytest.approx(
        (7.5**2 + 20**2) ** 0.5, abs=1e-3
    )
    plain = About(images={"current": Frame(100, 50)})
    asked = criterion("length", unit="mm")
    answer = check_answer(asked, marks([0, 0], [30, 40]), cannot_judge=False, about=plain)
    assert answer.score is None


def test_what_a_length_may_measure_is_bounded() -> None:
    with pytest.raises(RatingError, match="from 0 to 10"):
        check("length", marks([0, 0], [30, 40]), unit="mm", minimum=0, maximum=10)


@pytest.mark.parametrize("kind", Kind.values)
def test_cannot_judge_is_an_answer_only_where_it_is_offered(kind: str) -> None:
    answer = check_answer(criterion(kind, allows_cannot_judge=True), "", cannot_judge=True)
    assert answer == Answer(cannot_judge=True)
    with pytest.raises(RatingError, match="has to be judged"):
        check_answer(criterion(kind, allows_cannot_judge=False), "", cannot_judge=True)


def test_a_study_may_ask_why_it_cannot_be_judged() -> None:
    asked = criterion("likert", allows_cannot_judge=True, asks_reason=True)
    with pytest.raises(RatingError, match="say in a few words why"):
        check_answer(asked, "", cannot_judge=True, reason="  ")
    answer = check_answer(asked, "", cannot_judge=True, reason=" Too dark. ")
    assert answer == Answer(cannot_judge=True, reason="Too dark.")
    assert check_answer(asked, "3", cannot_judge=False).reason == ""
    with pytest.raises(RatingError, match="at most 500"):
        check_answer(asked, "", cannot_judge=True, reason="x" * 501)


@pytest.mark.parametrize(("acceptable", "closing"), [([], {"c"}), (["a"], {"b", "c"}), (["a", "b"], {"c"})])
def test_an_image_that_cannot_be_read_needs_a_reason(acceptable: list[str], closing: set[str]) -> None:
    gate = criterion("quality_gate", acceptable=acceptable)
    for value in "abc":
        if value in closing:
            with pytest.raises(RatingError, match="why"):
                check_answer(gate, value, cannot_judge=False)
        assert check_answer(gate, value, cannot_judge=False, reason="Motion.").value == value


@pytest.mark.parametrize(
    ("kind", "value", "whole"),
    [
        ("ranking", '["A"]', False),
        ("ranking", '["A","B"]', True),
        ("edit", '{"significant":null,"text":"No."}', False),
        ("edit", '{"significant":true,"text":"No."}', True),
        ("likert", "3", True),
        ("likert", "", False),
        ("box", "[]", True),
    ],
)
def test_what_is_begun_is_stored_and_leaves_the_question_open(kind: str, value: str, whole: bool) -> None:
    assert is_whole(criterion(kind), value, ABOUT) is whole
