"""A protocol file is read whole, or refused with line, field and remedy for everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from readerstudy.studies.protocol import ProtocolError, read
from readerstudy.studies.protocol.document import schema
from readerstudy.studies.protocol.reference import reference

SMALLEST = """\
format: 1
study: {title: Two models, question: What is better}
arms:
  - {name: Alpha, source: imported}
  - {name: Beta, source: human}
criteria:
  - key: correct
    kind: likert
    question: Is it correct?
    options:
      - {value: 1, label: Mostly wrong}
      - {value: 2, label: Nothing wrong}
    acceptable: [2]
allocation: {plan: crossed}
"""
KEYWORDS = {
    "$schema", "$defs", "$ref", "title", "description", "type", "additionalProperties", "required", "properties",
    "items", "enum", "const", "pattern", "format", "oneOf", "uniqueItems", "minLength", "maxLength",
    "minItems", "maxItems", "minProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
}  # fmt: skip


def problems(text: str) -> list[str]:
    with pytest.raises(ProtocolError) as refusal:
        read(text.encode())
    return [str(problem) for problem in refusal.value.problems]


def changed(old: str, new: str) -> str:
    assert old in SMALLEST
    return SMALLEST.replace(old, new)


def test_the_smallest_protocol_is_read() -> None:
    document = read(SMALLEST.encode())
    assert document.data["arms"][1] == {"name": "Beta", "source": "human"}
    assert document.line(("criteria", 0, "options", 1)) == 12
    assert document.sha256 == read(b"\xef\xbb\xbf# A comment.\n" + SMALLEST.encode()).sha256


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            changed("source: human", "source: robot"),
            ['line 5, arms[2].source: "robot" is not one of the choices: model, human, imported, unaided.'],
        ),
        (
            changed("question: What is better", "aim: x"),
            [
                "line 2, study: “question” is missing. Add it: What the study is to find out in one or two sentences.",
                "line 2, study.aim: “aim” is not known here. "
                "Known are: title, question, hypotheses, template, source, language.",
            ],
        ),
        (
            changed("name: Beta", "name: Alpha"),
            ["line 5, arms[2].name: “Alpha” stands here twice. Give each a name of its own."],
        ),
        (
            changed("source: imported", "source: model, prompt: P"),
            [
                "line 4, arms[1]: “connection” is missing. A model that is called needs it.",
                "line 4, arms[1]: “model” is missing. A model that is called needs it.",
                "line 4, arms[1].prompt: There is no prompt “P” under “prompts”. Add it there.",
            ],
        ),
        (
            changed("acceptable: [2]", "acceptable: [3]"),
            ["line 13, criteria[1].acceptable[1]: 3 is not among the options. Use one of their values."],
        ),
        (
            changed("plan: crossed", "plan: split_plot"),
            ["line 14, allocation: The plan split_plot needs “groups”. Add it."],
        ),
        (
            changed("plan: crossed", "plan: crossed, shared: 0.2"),
            ["line 14, allocation: “shared” belongs to the plan overlap. Remove it, or choose that plan."],
        ),
        (
            changed("plan: crossed", "plan: crossed, checks: {}"),
            [
                "line 14, allocation.checks: This is empty. "
                "Write one of these at least: codes, every, key, known_bad, identical, blank."
            ],
        ),
        (changed("format: 1", "format: 2"), ["line 1, format: This must be 1."]),
        (
            changed("acceptable: [2]", "acceptable: [2]\n    acceptable: [1]"),
            ["line 14, criteria[1].acceptable: “acceptable” stands here twice. Keep one of the two."],
        ),
        (
            changed("kind: likert", "kind: number"),
            ["line 10, criteria[1].options: A question of the kind number has no options. Remove them."],
        ),
        (
            changed("    acceptable: [2]", "    when: [{criterion: later, is: [1]}]"),
            [
                "line 13, criteria[1].when[1].criterion: No earlier question has the key “later”. Name one above it."
            ],
        ),
        ("study: [", ["line 1: This is not well-formed YAML: did not find expected node content."]),
        ("- a\n- b", ["line 1: A protocol begins with “format: 1” and names its parts."]),
        ("", ["line 1: A protocol begins with “format: 1” and names its parts."]),
        ("a: &x 1\nb: *x", ["line 1: Anchors and aliases are not read. Write the value out."]),
        ("a: !!python/name:os.system", ["line 1: Tags (“!…”) are not read. Remove it."]),
    ],
)
def test_what_is_wrong_is_told_with_line_field_and_remedy(text: str, sentences: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(sentences)
    for told, wanted in zip(found, sentences, strict=True):
        assert told.startswith(wanted.split(": did not find")[0])


LAST_QUESTION = """\
    - key: source_guess
      kind: single_choice
      question: Who wrote most of the texts?
      applies_to: case
      direction: none
      options: [{value: ai, label: A model}, {value: human, label: A person}]
"""
ENDPOINT = """\
endpoints:
  - {name: Better, criterion: correct, contrast: [Alpha, Beta], %s}
"""


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        ("statistic: mean_score, margin: 0.5", ""),
        ("statistic: acceptable_share, margin: 0.1, primary: true", ""),
        (
            "statistic: kappa",
            "line 16, endpoints[1].contrast: The statistic kappa does not compare two arms; it is given for each. "
            "Remove the contrast, or choose one of accuracy, ",
        ),
        (
            "statistic: mean_error, margin: 2",
            "line 16, endpoints[1].margin: Neither more nor less is better here, so nothing can be worse by a margin.",
        ),
        (
            "statistic: win_rate, margin: 5",
            "line 16, endpoints[1].margin: Shares lie between 0 and 1, so a margin of 1 or more is never passed.",
        ),
        (
            "statistic: mean_score, contrast: [Alpha, Gamma]",
            "line 16, endpoints[1].contrast[2]: There is no arm “Gamma”. Name two of the arms.",
        ),
        (
            "statistic: mean_score, contrast: [Alpha, Alpha]",
            "line 16, endpoints[1].contrast: An arm is not compared with itself. Name two arms.",
        ),
    ],
)
def test_an_endpoint_asks_only_for_what_the_report_can_give(endpoint: str, sentence: str) -> None:
    usual = "contrast: [Alpha, Beta], "
    text = SMALLEST + ENDPOINT.replace(usual, "" if "contrast" in endpoint else usual) % endpoint
    if not sentence:
        assert read(text.encode()).data["endpoints"]
        return
    (found,) = problems(text)
    assert found.startswith(sentence)


def test_a_blinding_index_needs_the_readers_guess() -> None:
    text = SMALLEST + "endpoints:\n  - {name: Blind, statistic: blinding_index}\n"
    (found,) = problems(text)
    assert found.startswith("line 16, endpoints[1].statistic: Readers are not asked who wrote the texts.")
    assert read(f"{text}phases:\n  exit:\n{LAST_QUESTION}".encode()).data["endpoints"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("contrast: [Alpha, Beta], ", "", "A margin says how much worse the first arm of a contrast may be."),
        ("    acceptable: [2]", "    direction: none", "Neither more nor less is better here"),
    ],
)
def test_a_margin_needs_two_arms_and_a_better_end(old: str, new: str, sentence: str) -> None:
    text = SMALLEST + ENDPOINT % "statistic: mean_score, margin: 0.5"
    (found,) = problems(text.replace(old, new))
    assert f"endpoints[1].margin: {sentence}" in found


def test_words_that_other_readers_of_yaml_turn_into_something_else_stay_words() -> None:
    text = (
        changed("title: Two models", "title: no")
        .replace("name: Alpha", "name: 2026-11-23")
        .replace("Beta", "'0x1F'")
    )
    data = read(text.encode()).data
    assert data["study"]["title"] == "no"
    assert [arm["name"] for arm in data["arms"]] == ["2026-11-23", "0x1F"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: \x00", b"x" * 5_000_001, b"a: " + b"[" * 3000])
def test_hostile_bytes_are_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(ProtocolError) as refusal:
        read(content)
    assert str(refusal.value).endswith(".")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_whatever_the_bytes_are_they_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(ProtocolError) as refusal:
        read(content)
    assert refusal.value.problems


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_file_with_one_value_changed_is_read_or_refused(data: st.DataObject) -> None:
    document = yaml.safe_load(SMALLEST)
    _change_somewhere(document, data)
    try:
        read(yaml.safe_dump(document, allow_unicode=True).encode())
    except ProtocolError as refusal:
        assert all(problem.sentence for problem in refusal.problems)  # noqa: PT017  either way is right


def _change_somewhere(value: Any, data: st.DataObject) -> None:
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    place = data.draw(st.sampled_from(places))
    if isinstance(value[place], dict | list) and value[place] and data.draw(st.booleans()):
        _change_somewhere(value[place], data)
        return
    value[place] = data.draw(st.sampled_from([None, "", "x", -1, 0, 1.5, True, [], {}, [{}], {"a": 1}]))


def test_the_schema_is_valid_and_says_what_every_property_is_for() -> None:
    Draft202012Validator.check_schema(schema())
    for path, properties in _properties(schema(), "protocol"):
        for name, rules in properties.items():
            assert rules.keys() <= KEYWORDS, f"{path}.{name}"
            described = "description" in rules or "$ref" in rules or path.endswith("$defs")
            assert described, f"{path}.{name} has no description"


def _properties(rules: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    if isinstance(rules, dict):
        found += [(path, rules["properties"])] if isinstance(rules.get("properties"), dict) else []
        for name, inner in rules.items():
            found += _properties(inner, f"{path}.{name}")
    if isinstance(rules, list):
        for number, inner in enumerate(rules):
            found += _properties(inner, f"{path}[{number}]")
    return found


def test_the_reference_of_protocol_files_is_made_from_the_schema() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "protocol.md").read_text()
    assert page.endswith(f"{reference()}\n"), "Write reference() into docs/reference/protocol.md."
