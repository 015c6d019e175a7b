"""A document becomes the same bytes for every vendor, and nothing of a case gets in that has no name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.base import ImagePart, TextPart
from readerstudy.providers.prompts import (
    Example,
    Form,
    Given,
    Level,
    Output,
    Prompt,
    PromptProblem,
    Rendered,
    Rubric,
    Scored,
    gallery,
    render,
)

PIXELS = ImagePart("current", "image/png", b"pixels")
PRIOR = ImagePart("prior", "image/png", b"older")
NERIF = Prompt(
    role="You score images.",
    task="Score the image.",
    context="Imaging modality: {imaging_modality}.",
    rubric=Rubric(
        (Level("normal", ("clear lungs",)), Level("abnormal", ("an opacity", "an effusion"))),
        "One component of “abnormal” is enough.",
        True,
    ),
    notes="Look behind the heart.",
    examples=(Example("C901", "normal", "Both lungs are clear."), Example("C902", "abnormal")),
    output=Output(Form.TEXT, (), "Level", "If you cannot, say which part and why."),
    captions={"current": "Radiograph:"},
)
SCORED = (
    Scored((ImagePart("current", "image/png", b"one"),), "normal", "Both lungs are clear.", "Check."),
    Scored((ImagePart("current", "image/png", b"two"),), "abnormal", ""),
)


def told(rendered: Rendered) -> list[str]:
    return [part.text if isinstance(part, TextPart) else f"[{part.slot}]" for part in rendered.parts]


def test_blocks_come_in_one_order_with_the_images_where_they_belong() -> None:
    rendered = render(NERIF, Given((PIXELS,), "Cough.", {"imaging_modality": "DX"}), SCORED)
    assert rendered.system == "You score images."
    assert told(rendered) == [
        "Score the image.\n\nContext: Imaging modality: DX.\n\nClinical information: Cough.\n\n"
        "Levels, from the lowest to the highest:\n- normal\n  - clear lungs\n- abnormal\n  - an opacity\n"
        "  - an effusion\n\nRule: One component of “abnormal” is enough.\n\nNotes: Look behind the heart.",
        "Example 1:",
        "Radiograph:",
        "[current]",
        "Clinical information: Check.\nExpected: normal\nRationale: Both lungs are clear.",
        "Example 2:",
        "Radiograph:",
        "[current]",
        "Expected: abnormal",
        "End with one line of the form “Level: normal” or “Level: abnormal”.\n\n"
        "If you cannot, say which part and why.",
        "The case to assess:",
        "Radiograph:",
        "[current]",
    ]
    assert rendered.schema is None


SNAPSHOTS = {
    "nerif-classification": "0be79e71f757b1932838c9a57f7594f58a84b3e2ab53e0ff0ed0193ed2fd4e4b",
    "nerif-interpretation": "2c5c0799e9e44f91ab5c4b009d071e0bfa194fe9b9e76135ad86836c1410d84d",
    "structured-report": "7c7a5ed12ac8cb13ee07fab9831c21024fc74607a6829b21f75c740d3b8bd02f",
    "multiple-choice": "b057d737a0efa1e82fae51322bc35c894b52bbf86c3744280d777d26fb386b1c",
    "differential-diagnosis": "3b9ac647c59e3503f89e799ebfa1df7d8862d3b4c950dfe2673b66cc25c662a0",
    "localisation": "2baeda221349b18a0b19bd05271b542570d8d34c89b5994360f8f0126a3fdcf1",
    "comparison": "fe75e02187dbf6c203d4d4900d660f990fb7323729660b7f5845e204fd996bf7",
    "plain-question": "4839fda320a57026d35d692a0acdb59d56e1a2db020d592e3f57a595d4968a53",
}


@pytest.mark.parametrize("key", list(SNAPSHOTS))
def test_the_bytes_of_the_ready_prompts_never_change_by_accident(key: str) -> None:
    facts = {"age_band": "50-59", "sex": "F", "imaging_modality": "DX", "days_between": "30"}
    rendered = render(gallery()[key].prompt, Given((PIXELS, PRIOR), "Cough.", facts))
    assert rendered.sha256 == SNAPSHOTS[key]


def test_the_clinical_text_stands_where_the_prompt_puts_it_and_only_there() -> None:
    prompt = Prompt(task="History: {clinical_text}. What is it?")
    assert told(render(prompt, Given(clinical_text="Cough"))) == ["History: Cough. What is it?"]
    assert told(render(prompt, Given())) == ["History: not given. What is it?"]


def test_a_value_with_braces_is_never_filled_again() -> None:
    rendered = render(
        Prompt(task="{clinical_text}"), Given(clinical_text="{sex} {label}", facts={"sex": "F"})
    )
    assert told(rendered) == ["{sex} {label}"]


def test_several_images_without_captions_are_told_apart_by_their_slots() -> None:
    rendered = render(Prompt(task="Compare."), Given((PIXELS, PRIOR)))
    assert told(rendered) == ["Compare.", "Image “current”:", "[current]", "Image “prior”:", "[prior]"]


def test_a_prompt_without_its_examples_is_not_sent() -> None:
    with pytest.raises(PromptProblem, match="examples"):
        render(NERIF, Given((PIXELS,)), SCORED[:1])


def test_the_schema_is_closed_and_complete_at_every_level() -> None:
    fields = ("label", "findings", "diagnoses", "boxes", "confidence", "unable")
    rubric = Rubric((Level("a"), Level("b")))
    rendered = render(Prompt(task="T", rubric=rubric, output=Output(Form.JSON, fields)), Given())
    assert rendered.schema is not None
    found = list(_objects(dict(rendered.schema)))
    assert len(found) == 3
    for each in found:
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
    assert rendered.schema["properties"]["label"] == {"type": ["string", "null"], "enum": ["a", "b", None]}


def test_without_a_way_to_say_unable_the_label_is_never_null() -> None:
    rubric = Rubric((Level("a"), Level("b")))
    rendered = render(Prompt(task="T", rubric=rubric, output=Output(Form.JSON, ("level",))), Given())
    assert rendered.schema is not None
    assert rendered.schema["properties"]["level"] == {"type": "string", "enum": ["a", "b"]}
    assert "“level”: one of “a”, “b”" in told(rendered)[-1]


texts = st.text(max_size=60)


@given(texts, texts, st.dictionaries(st.sampled_from(["label", "code", "file", "arm", "stratum"]), texts))
def test_facts_without_a_name_of_ours_never_reach_a_model(
    task: str, clinical: str, secrets: dict[str, str]
) -> None:
    try:
        prompt = Prompt(task=task)
    except PromptProblem:
        return
    plain = render(prompt, Given((PIXELS,), clinical))
    assert render(prompt, Given((PIXELS,), clinical, secrets)) == plain


@given(st.text(min_size=1, max_size=10), st.integers(0, 9))
def test_the_code_of_an_example_never_reaches_a_model(rationale: str, number: int) -> None:
    code = f"C{number}0{number}7-hidden"
    try:
        prompt = Prompt(task="T", examples=(Example(code, "a", rationale),))
    except PromptProblem:
        return
    rendered = render(prompt, Given((PIXELS,)), (Scored((PRIOR,), "a", rationale),))
    assert all(code not in text for text in [rendered.system, *told(rendered)])


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if schema.get("type") == "object":
        yield schema
    for each in [*schema.get("properties", {}).values(), schema.get("items")]:
        if isinstance(each, dict):
            yield from _objects(each)
