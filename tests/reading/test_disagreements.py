"""The queue of adjudication is exactly the disagreements: against a plain definition, and rule by rule."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.reading.adjudication.comparing import Rule, apart, overlap, sets_off
from readerstudy.reading.adjudication.finding import Given, Place, Screen, disagreements
from readerstudy.studies.protocol.adjudicating import turned

BOX = '[{"frame":0,"points":[[0.0,0.0],[10.0,10.0]],"slot":"current"}]'
HALF = '[{"frame":0,"points":[[0.0,0.0],[10.0,5.0]],"slot":"current"}]'
ELSEWHERE = '[{"frame":1,"points":[[0.0,0.0],[10.0,10.0]],"slot":"current"}]'
TRIANGLE = '[{"frame":0,"points":[[0.0,0.0],[10.0,0.0],[0.0,10.0]],"slot":"current"}]'

SQUARE = '[{"frame":0,"points":[[0.0,0.0],[10.0,0.0],[10.0,10.0],[0.0,10.0]],"slot":"current"}]'


def points(*places: tuple[float, float]) -> str:
    return json.dumps([{"slot": "current", "frame": 0, "points": [list(place)]} for place in places])


# ------------------------------------------------------------------ each trigger

TABLE = [
    (Rule("q", "single_choice", "difference"), ("a", "a"), False),
    (Rule("q", "single_choice", "difference"), ("a", "b"), True),
    (Rule("q", "single_choice", "difference"), ("a",), False),
    (Rule("q", "multiple_choice", "difference"), ('["a","b"]', '["a"]'), True),
    (Rule("q", "likert", "gap", 2), ("2", "3"), False),
    (Rule("q", "likert", "gap", 2), ("2", "4"), True),
    (Rule("q", "likert", "gap", 2), ("2", "3", "4"), True),
    (Rule("q", "number", "gap", 0.3), ("0.1", "0.4"), True),
    (Rule("q", "comparative", "gap", 2), ("unusable", "1"), False),
    (Rule("q", "box", "overlap", 0.5), (BOX, HALF), False),
    (Rule("q", "box", "overlap", 0.6), (BOX, HALF), True),
    (Rule("q", "box", "overlap", 0.1), (BOX, ELSEWHERE), True),
    (Rule("q", "box", "overlap", 0.1), ("[]", BOX), True),
    (Rule("q", "box", "overlap", 1.0), ("[]", "[]"), False),
    (Rule("q", "point", "distance", 5), (points((0, 0)), points((3, 4))), False),
    (Rule("q", "point", "distance", 4), (points((0, 0)), points((3, 4))), True),
    (Rule("q", "point", "distance", 9), (points((0, 0)), "[]"), True),
    (Rule("q", "single_choice", "any_of", values=("severe",)), ("none",), False),
    (Rule("q", "single_choice", "any_of", values=("severe",)), ("none", "severe"), True),
    (Rule("q", "comparative", "any_of", values=("-1", "1"), readers=2), ("-1", "0"), False),
    (Rule("q", "comparative", "any_of", values=("-1", "1"), readers=2), ("-1", "1"), True),
    (Rule("q", "multiple_choice", "any_of", values=("b",)), ('["a","b"]',), True),
    (Rule("q", "likert", "at_least", 3), ("2", "2"), False),
    (Rule("q", "likert", "at_least", 3), ("3",), True),
    (Rule("q", "likert", "at_least", 3, readers=2), ("3", "1"), False),
]


@pytest.mark.parametrize(("rule", "answers", "wanted"), TABLE)
def test_a_rule_is_set_off_by_what_it_says(rule: Rule, answers: Sequence[str], wanted: bool) -> None:
    assert sets_off(rule, answers) is wanted


def test_overlap_is_intersection_over_union_of_all_that_was_marked() -> None:
    assert overlap("box", BOX, HALF) == pytest.approx(0.5)
    assert overlap("box", BOX, BOX) == 1.0
    both = json.dumps([*json.loads(BOX), *json.loads(ELSEWHERE)])
    assert overlap("box", BOX, both) == pytest.approx(0.5)
    assert overlap("polygon", TRIANGLE, TRIANGLE) == 1.0
    assert overlap("polygon", TRIANGLE, SQUARE) == pytest.approx(0.5, abs=0.06)  # by pixels


def test_points_lie_apart_by_the_farthest_that_has_no_other_near_it() -> None:
    assert apart(points((0, 0), (10, 0)), points((0, 0))) == 10
    assert apart(points((0, 0)), points((0, 0), (10, 0))) == 10
    assert apart("[]", "[]") == 0
    assert apart("[]", points((0, 0))) == math.inf


@pytest.mark.parametrize(
    ("value", "other", "options"),
    [
        ("-2", "2", ("-2", "-1", "0", "1", "2")),
        ("0", "0", ("-1", "0", "1", "unusable")),
        ("-1", "1", ("-1", "0", "1", "unusable")),
        ("unusable", "unusable", ("-1", "0", "1", "unusable")),
        ("1", "5", ("1", "2", "3", "4", "5")),
        ("2", "-2", ("2", "1", "0", "-1", "-2")),
    ],
)
def test_a_comparison_is_turned_to_the_other_side(value: str, other: str, options: tuple[str, ...]) -> None:
    assert turned(value, options) == other
    assert turned(other, options) == value


# ------------------------------------------------------------------ the whole queue, against a plain definition

KEYS = ("choice", "scale", "harm")
RULES = st.lists(
    st.one_of(
        st.just(Rule("choice", "single_choice", "difference")),
        st.builds(lambda d: Rule("scale", "likert", "gap", d), st.integers(1, 4)),
        st.builds(lambda d: Rule("harm", "likert", "at_least", d), st.integers(1, 5)),
        st.builds(
            lambda values, n: Rule("choice", "single_choice", "any_of", values=tuple(values), readers=n),
            st.sets(st.sampled_from("123"), min_size=1),
            st.integers(1, 3),
        ),
    ),
    max_size=4,
)
WHERE = st.tuples(
    st.integers(1, 3),  # case
    st.sampled_from([(1,), (2,), (1, 2)]),  # arms
    st.sampled_from(KEYS),
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["", "s1"]),
    st.integers(1, 4),  # reader
)
ANSWERS = st.dictionaries(WHERE, st.sampled_from(["", "1", "2", "3", "4", "5"]), max_size=40)


def plainly(rules: Sequence[Rule], answers: dict[tuple, str]) -> set[tuple]:
    """Every place about which some rule says that there is a disagreement, spelled out reader by reader."""
    found = set()
    for place in {key[:5] for key in answers}:
        said = [value for key, value in answers.items() if key[:5] == place and value]
        for rule in rules:
            if rule.criterion != place[2]:
                continue
            pairs = list(itertools.combinations(said, 2))
            held = {
                "difference": any(one != other for one, other in pairs),
                "gap": any(abs(int(one) - int(other)) >= rule.limit for one, other in pairs),
                "at_least": len([each for each in said if int(each) >= rule.limit]) >= rule.readers,
                "any_of": len([each for each in said if each in rule.values]) >= rule.readers,
            }
            if held[rule.trigger]:
                found.add(place)
    return found


@settings(max_examples=300)
@given(RULES, ANSWERS)
def test_the_queue_is_exactly_the_disagreements(rules: list[Rule], answers: dict[tuple, str]) -> None:
    told = [
        Given(Screen(case, arms), Place(key, arm, part), reader, value)
        for (case, arms, key, arm, part, reader), value in answers.items()
    ]
    found = disagreements(rules, told)
    places = [
        (each.screen.case, each.screen.arms, each.place.criterion, each.place.arm, each.place.part)
        for each in found
    ]
    assert len(places) == len(set(places))
    assert set(places) == plainly(rules, answers)
    for each in found:
        readers = {key[5] for key, value in answers.items() if key[:5] == places[found.index(each)] and value}
        assert set(each.readers) == readers


def test_who_could_not_judge_disagrees_with_nobody() -> None:
    screen, place = Screen(1, (1,)), Place("q", 1)
    rule = Rule("q", "single_choice", "difference")
    given_by_two = [Given(screen, place, 1, "a"), Given(screen, place, 2, "", cannot_judge=True)]
    assert disagreements([rule], given_by_two) == []


def test_the_same_question_beside_other_texts_is_another_one() -> None:
    rule = Rule("q", "single_choice", "difference")
    told = [
        Given(Screen(1, (1, 2)), Place("q", 1), 1, "a"),
        Given(Screen(1, (1, 3)), Place("q", 1), 2, "b"),
    ]
    assert disagreements([rule], told) == []
