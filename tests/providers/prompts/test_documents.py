"""A prompt is a document of blocks; what would give an answer away can never be asked for."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.prompts import Example, Form, Level, Output, Prompt, PromptProblem, Rubric, gallery
from readerstudy.providers.prompts.variables import VARIABLES

GRADES = Rubric((Level("normal"), Level("abnormal", ("a focal lesion",))), "One component is enough.", True)


def test_equal_prompts_give_equal_json_and_hash() -> None:
    written = {
        "task": "Look.\r\n",
        "rubric": {"levels": ["a", {"name": "b", "components": ["x"]}]},
        "role": " You. ",
    }
    prompt = Prompt.from_json(written)
    assert prompt == Prompt(role="You.", task="Look.", rubric=Rubric((Level("a"), Level("b", ("x",)))))
    assert Prompt.from_json(prompt.to_json()) == prompt
    assert Prompt.from_json(prompt.to_json()).sha256 == prompt.sha256


def test_a_prompt_of_role_and_task_keeps_the_hash_it_had_before_other_blocks_existed() -> None:
    assert Prompt(role="R", task="T").to_json() == {"role": "R", "task": "T"}
    assert Prompt(role="R", task="T").sha256 == hashlib.sha256(b'{"role":"R","task":"T"}').hexdigest()


@pytest.mark.parametrize("key", list(gallery()))
def test_every_ready_prompt_survives_its_own_json(key: str) -> None:
    prompt = gallery()[key].prompt
    assert Prompt.from_json(prompt.to_json()).sha256 == prompt.sha256
    assert gallery()[key].title
    assert gallery()[key].purpose


def test_the_gallery_holds_the_eight_ready_prompts() -> None:
    assert list(gallery()) == [
        "nerif-classification",
        "nerif-interpretation",
        "structured-report",
        "multiple-choice",
        "differential-diagnosis",
        "localisation",
        "comparison",
        "plain-question",
    ]


@pytest.mark.parametrize(
    "word", ["label", "reference", "stratum", "file", "code", "arm", "strata.sex", "case!r"]
)
@pytest.mark.parametrize("block", ["role", "task", "context", "notes"])
def test_an_unknown_variable_is_refused_by_block_and_word(block: str, word: str) -> None:
    with pytest.raises(PromptProblem, match="no variable") as caught:
        Prompt(**{block: f"Look at {{{word}}}."})  # type: ignore[arg-type]  # the block's name varies
    assert caught.value.block == block
    assert block in str(caught.value)
    assert f"{{{word}}}" in str(caught.value)


@pytest.mark.parametrize(
    ("document", "block"),
    [
        ({"rubric": {"rule": "As {label}."}}, "rubric"),
        ({"rubric": {"levels": ["a", {"name": "b", "components": ["{stratum}"]}]}}, "rubric"),
        ({"rubric": {"levels": ["a", "{clinical_text}"]}}, "rubric"),
        ({"captions": {"current": "{file}"}}, "captions"),
        ({"output": {"unable": "{code}"}}, "output"),
        ({"output": {"label_line": "{label}"}}, "output"),
        ({"examples": [{"case": "C001", "level": "a", "rationale": "{clinical_text}"}]}, "examples"),
    ],
)
def test_no_block_takes_a_variable_it_must_not(document: dict[str, Any], block: str) -> None:
    with pytest.raises(PromptProblem) as caught:
        Prompt.from_json(document)
    assert caught.value.block == block


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Z"]), min_size=1, max_size=20))
def test_a_word_in_braces_is_a_known_variable_or_refused_or_no_word(word: str) -> None:
    is_word = word.strip()[:1].isalpha() and not set(word) & set('{}"\n\u2028\u2029')
    assert is_refused(f"{{{word}}}") or not is_word or word.strip() in VARIABLES


def is_refused(task: str) -> bool:
    try:
        Prompt(task=task)
    except PromptProblem:
        return True
    return False


def test_a_sample_of_json_in_a_text_is_no_variable() -> None:
    assert Prompt(task='Reply as {"a": 1}.').task == 'Reply as {"a": 1}.'


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"colour": "red"}, "no block “colour”"),
        ({"task": 3}, "must be a text"),
        ({"kind": "guess"}, "must be one of"),
        ({"examples": "C001"}, "must be a list"),
        ({"examples": ["C001"]}, "An example is a case"),
        ({"examples": [{"case": "", "level": "a"}]}, "names no case"),
        ({"examples": [{"case": "C001", "level": ""}]}, "no expected level"),
        ({"examples": [{"case": "C001", "level": "a"}] * 2}, "twice"),
        (
            {"rubric": {"levels": ["a", "b"]}, "examples": [{"case": "C1", "level": "c"}]},
            "no level of the rubric",
        ),
        ({"rubric": {"levels": ["a"]}}, "at least two"),
        ({"rubric": {"levels": ["a", "A."]}}, "Two levels"),
        ({"rubric": {"is_ordered": "yes"}}, "true or false"),
        ({"rubric": {"levels": [3]}}, "A level of the rubric"),
        ({"captions": ["current"]}, "named parts"),
        ({"output": {"form": "xml"}}, "must be one of"),
        ({"output": {"fields": ["findings"]}}, "no fields"),
        ({"output": {"label_line": "Label: "}}, "colon"),
        ({"output": {"form": "json"}}, "at least one field"),
        ({"output": {"form": "json", "fields": ["findings"], "label_line": "Label"}}, "no line"),
        ({"output": {"form": "json", "fields": ["secret"]}}, "is no field"),
        ({"output": {"form": "json", "fields": ["label"]}}, "needs the levels"),
        ({"output": {"form": "json", "fields": ["findings", "findings"]}}, "One field"),
        ({"task": "x" * 20_001}, "longer than"),
    ],
)
def test_what_no_model_could_be_told_is_refused(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PromptProblem, match=sentence):
        Prompt.from_json(document)


def test_a_problem_survives_a_pickle() -> None:
    problem = pickle.loads(pickle.dumps(PromptProblem("task", "Too long.")))
    assert (problem.block, str(problem)) == ("task", "Too long.")


def test_everything_a_prompt_can_hold_is_stored() -> None:
    prompt = Prompt(
        role="You.",
        task="Score {clinical_text}.",
        context="C",
        rubric=GRADES,
        notes="N",
        examples=(Example("C001", "normal", "Clear."),),
        output=Output(Form.JSON, ("level", "rationale", "unable"), "", "Say why."),
        captions={"current": "Now:", "prior": "Then:"},
    )
    assert Prompt.from_json(prompt.to_json()) == prompt
