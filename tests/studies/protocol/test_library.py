"""Twenty templates and twenty-one rubrics are whole: each is read, drawn and keeps what its plan promises."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.promises import promises
from readerstudy.designs.rows import Presentation, RowKind
from readerstudy.studies.protocol import Document, ProtocolError, read
from readerstudy.studies.protocol.allocating import arms_of, cases_of, plan_of_document
from readerstudy.studies.protocol.document import schema
from readerstudy.studies.protocol.library import (
    Rubric,
    criteria_of,
    read_rubric,
    rubric,
    rubrics,
    template,
    templates,
)
from tests.studies.protocol.test_reading import SMALLEST

CODES = [f"T{number:02d}" for number in range(1, 21)]
TEMPLATES = {each.code: each for each in templates()}
STAGES = {
    f"{code}/{name}": document for code, each in TEMPLATES.items() for name, document in each.stages.items()
}
RUBRICS = {each.name: each for each in rubrics()}
PARTS_OF_A_PAGE = (
    "What it is for", "What the reader sees", "What the reader answers", "What is reported",
    "Published figures", "What is ours", "Source",
)  # fmt: skip
KINDS_WITHOUT_A_BEST_BIN = {"free_text", "text_span", "box", "point", "length", "polygon", "edit"}


def rows_of(document: Document, *, seed: int = 1, cases: list[str] | None = None) -> list[Presentation]:
    readers = tuple(range(1, document.data["readers"]["count"] + 1))
    plan = plan_of_document(document)
    return allocate(
        plan,
        seed=seed,
        people=People(readers),
        batches=[cases or cases_of(document)],
        arms=arms_of(document),
    )


def test_every_template_and_every_rubric_is_there_once() -> None:
    assert list(TEMPLATES) == CODES
    assert [each.number for each in RUBRICS.values()] == list(range(1, 22))


@pytest.mark.parametrize("code", CODES)
def test_a_template_says_which_one_it_is_and_its_page_says_what_for(code: str) -> None:
    found = TEMPLATES[code]
    assert all(document.data["study"]["template"] == code for document in found.stages.values())
    assert found.page.startswith(f"# {code} · {found.study.data['study']['title']}\n")
    parts = dict(re.findall(r"^\*\*([^*]+)\.\*\*\s+(\S[^*]+)", found.page, flags=re.M))
    assert tuple(parts) == PARTS_OF_A_PAGE
    assert parts["Source"].strip() == f"{found.study.data['study']['source']}."


@pytest.mark.parametrize("name", STAGES)
def test_a_template_is_complete_without_a_shortcut(name: str) -> None:
    data = STAGES[name].data
    wanted = {
        "endpoints",
        "analysis",
        "cases",
        "display",
        "phases",
        "blinding",
        "refusals",
        "readers",
        "texts",
    }
    assert wanted <= data.keys()
    assert any(endpoint.get("primary") for endpoint in data["endpoints"])
    assert data["texts"][data["study"]["language"]]["instructions"]


@pytest.mark.parametrize("name", STAGES)
def test_every_name_in_a_template_stands_for_something(name: str) -> None:
    document = STAGES[name]
    questions = criteria_of(document)
    keys = {question["key"] for question in questions}
    assert all(each.get("criterion") in {None, *keys} for each in document.data["endpoints"])
    assert list(conditions_on_what_cannot_be_answered(questions)) == []
    prompts = document.data.get("prompts", {})
    assert {arm["prompt"] for arm in document.data["arms"] if "prompt" in arm} == prompts.keys()


def conditions_on_what_cannot_be_answered(questions: list[dict[str, Any]]) -> Iterator[str]:
    """Conditions for a value that the earlier question does not offer."""
    offered = {each["key"]: {option["value"] for option in each.get("options", [])} for each in questions}
    for question in questions:
        for condition in question.get("when", []):
            values = offered.get(condition.get("criterion", ""), set())
            if values and not values >= set(condition["is"]):
                yield question["key"]


@pytest.mark.parametrize("name", STAGES)
def test_what_a_reader_sees_fits_what_is_hidden_and_asked(name: str) -> None:
    data, questions = STAGES[name].data, criteria_of(STAGES[name])
    hides_truth = "truth" in data["blinding"]["hidden"]
    assert not (data["display"]["layout"] == "against_reference" and hides_truth)
    staged = {question.get("stage") for question in questions} - {None}
    assert staged == ({"before", "after"} if data["display"]["reveal"] == "after_own_answer" else set())
    asks_of_pairs = any(question.get("applies_to") == "pair" for question in questions)
    assert asks_of_pairs == (data["allocation"]["outputs"] == "pairs")
    guesses = {question["key"] for question in data["phases"]["exit"]} & {"source_guess"}
    assert bool(guesses) == data["blinding"]["source_guess"]


ORDERED = {"likert", "comparative", "confidence", "visual_analogue", "integer", "number", "length"}
NOMINAL = {"yes_no", "single_choice", "multiple_choice", "grid"}
TRUTHS = {"label", "answer"}
KINDS_OF = {
    "accuracy": {"yes_no", "single_choice", "ranking"},
    "sensitivity": {"yes_no", "single_choice"},
    "specificity": {"yes_no", "single_choice"},
    "d_prime": {"yes_no", "single_choice"},
    "auc": {"likert", "confidence", "visual_analogue"},
    "acceptable_share": NOMINAL | {"likert"},
    "top_box_share": {"likert", "single_choice"},
    "mean_score": ORDERED,
    "preference_share": {"comparative"},
    "win_rate": {"comparative"},
    "refusal_share": {"single_choice"},
    "kappa": NOMINAL,
    "weighted_kappa": {"likert"},
    "alpha": NOMINAL | ORDERED,
    "ac1": NOMINAL,
    "icc": ORDERED,
    "iou": {"box", "polygon"},
    "hit_share": {"box", "point", "polygon"},
    "mean_error": {"integer", "number", "length"},
    "limits_of_agreement": {"integer", "number", "length"},
    "kendall_tau": ORDERED | {"ranking"},
    "edit_distance": {"edit"},
    "top_k": {"integer", "ranking"},
}


@pytest.mark.parametrize("name", STAGES)
def test_an_endpoint_can_be_computed_from_its_question_and_the_reference(name: str) -> None:
    data = STAGES[name].data
    questions = {question["key"]: question for question in criteria_of(STAGES[name])}
    for endpoint in data["endpoints"]:
        question = questions.get(endpoint.get("criterion"))
        if question is None:
            assert endpoint["statistic"] in {"median_time", "refusal_share", "rouge"}, endpoint
        else:
            assert question["kind"] in KINDS_OF[endpoint["statistic"]], endpoint
        assert question is None or endpoint["statistic"] != "acceptable_share" or question["acceptable"]
        assert has_a_truth(endpoint["statistic"], data["cases"]), endpoint


def has_a_truth(statistic: str, cases: dict[str, Any]) -> bool:
    """Whether the cases hold what a statistic compares with."""
    if statistic in {"accuracy", "sensitivity", "specificity", "auc", "d_prime"}:
        directed = statistic == "accuracy" or "positive" in cases
        return directed and (cases["reference"] in TRUTHS or "labels" in cases)
    needed = {"rouge": "report", "mean_error": "measurement"}
    return needed.get(statistic) in {None, cases["reference"]}


@pytest.mark.parametrize("name", STAGES)
def test_a_template_keeps_what_its_plan_promises(name: str) -> None:
    document = STAGES[name]
    readers, cases, arms = (
        range(1, document.data["readers"]["count"] + 1),
        cases_of(document),
        arms_of(document),
    )
    assert len(cases) == document.data["cases"]["count"]
    rows = rows_of(document)
    found = promises(plan_of_document(document), rows, readers=readers, cases=cases, arms=arms)
    assert found
    assert [each for each in found if not each.kept] == []
    assert rows == rows_of(document)
    assert rows != rows_of(document, seed=2)


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("size", [12, 31])
def test_a_template_can_be_drawn_for_other_numbers_of_cases(name: str, size: int) -> None:
    document = STAGES[name]
    cases = [f"D{number:02d}" for number in range(size)]
    rows = rows_of(document, cases=cases)
    readers, arms = range(1, document.data["readers"]["count"] + 1), arms_of(document)
    found = promises(plan_of_document(document), rows, readers=readers, cases=cases, arms=arms)
    assert [each for each in found if not each.kept] == []


def test_the_command_draws_and_checks_a_template_from_its_file() -> None:
    out = io.StringIO()
    path = Path(settings.BASE_DIR) / "fixtures/templates/T17/study.yaml"
    call_command("allocate", str(path), "--check", stdout=out)
    assert "difference between sides within reader and pair" in out.getvalue()
    assert "NO" not in out.getvalue()


def per_reader(code: str) -> Counter[int]:
    return Counter(row.reader for row in rows_of(TEMPLATES[code].study) if row.kind == RowKind.MAIN)


def test_published_sizes_come_out_of_the_plans() -> None:
    assert set(per_reader("T01").values()) == {42 * 2}
    assert per_reader("T03") == {1: 929}
    assert set(per_reader("T17").values()) == {100}
    assert len(per_reader("T17")) == 10
    assert set(per_reader("T20").values()) == {4 * 2}
    assert len(per_reader("T20")) == 23


def test_two_dermatologists_read_30_conversations_of_each_model_and_15_in_common() -> None:
    rows = rows_of(TEMPLATES["T19"].study)
    read_by = Counter((row.reader, row.arms[0]) for row in rows)
    assert set(read_by.values()) == {30}
    common = Counter((row.case, row.arms[0]) for row in rows)
    assert Counter(common.values()) == {2: 60, 1: 120}


def test_no_reader_of_T05_sees_two_input_conditions_of_a_case() -> None:
    seen = Counter((row.reader, row.case) for row in rows_of(TEMPLATES["T05"].study))
    assert set(seen.values()) == {1}


def test_every_kind_of_question_is_used_by_a_template_or_a_rubric() -> None:
    asked = [question for document in STAGES.values() for question in criteria_of(document)]
    asked += [question for each in RUBRICS.values() for question in each.criteria]
    kinds = schema()["$defs"]["criterion"]["properties"]["kind"]["enum"]
    assert {question["kind"] for question in asked} == set(kinds)


@pytest.mark.parametrize("name", RUBRICS)
def test_a_rubric_says_direction_best_bin_and_whether_one_may_decline(name: str) -> None:
    for question in RUBRICS[name].criteria:
        assert {"applies_to", "direction", "cannot_judge"} <= question.keys(), question["key"]
        scored = question["direction"] != "none"
        assert scored == ("high_quality" in question), question["key"]
        assert not (scored and question["kind"] in KINDS_WITHOUT_A_BEST_BIN), question["key"]
    assert list(conditions_on_what_cannot_be_answered(list(RUBRICS[name].criteria))) == []


@pytest.mark.parametrize("name", RUBRICS)
def test_the_best_bin_lies_at_the_better_end_of_a_scale(name: str) -> None:
    for question in RUBRICS[name].criteria:
        if question["kind"] != "likert" or question["direction"] == "none":
            continue
        values = sorted(option["value"] for option in question["options"])
        best = sorted(question["high_quality"])
        end = values[-len(best) :] if question["direction"] == "higher" else values[: len(best)]
        assert best == end, question["key"]


@pytest.mark.parametrize("name", RUBRICS)
def test_a_protocol_may_name_a_rubric(name: str) -> None:
    document = read(_naming(f"{{rubric: {name}, version: 1}}"))
    assert criteria_of(document) == list(rubric(name).criteria)


def _naming(criteria: str, more: str = "") -> bytes:
    start, end = SMALLEST.index("criteria:"), SMALLEST.index("allocation:")
    return (SMALLEST[:start] + f"criteria: {criteria}\n" + SMALLEST[end:] + more).encode()


@pytest.mark.parametrize(
    ("criteria", "more", "sentence"),
    [
        (
            "{rubric: nerif}",
            "",
            r"line 6, criteria\.rubric: There is no ready rubric “nerif”. There are: alignment-3",
        ),
        ("{rubric: ../rubrics/ccc-single}", "", r"There is no ready rubric “\.\./rubrics/ccc-single”"),
        ("{rubric: ccc-single, version: 7}", "", r"The rubric “ccc-single” has no version 7\. It has: 1\."),
        (
            "{rubric: ccc-single}",
            "endpoints: [{name: Harm, statistic: kappa, criterion: harm}]\n",
            r"line 8, endpoints\[1\]\.criterion: No question has the key “harm”",
        ),
    ],
)
def test_a_name_that_means_nothing_is_told_with_its_line(criteria: str, more: str, sentence: str) -> None:
    document = read(_naming(criteria, more))
    with pytest.raises(ProtocolError, match=sentence):
        criteria_of(document)


def test_a_rubric_or_template_that_is_not_there_is_refused() -> None:
    with pytest.raises(ProtocolError, match="There is no ready rubric “other”"):
        rubric("other")
    for code in ("T21", "T00", "../T01", ""):
        with pytest.raises(LookupError, match="Templates are called T01 to T20"):
            template(code)


def table_in(page: str) -> list[list[str]]:
    """The cells of the table of a page, without its head."""
    text = (Path(settings.BASE_DIR) / "docs/reference" / page).read_text()
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_reference_lists_every_template_as_it_is() -> None:
    wanted = []
    for code, each in TEMPLATES.items():
        data = each.study.data
        plan = data["allocation"]["plan"] + " · " + data["allocation"]["outputs"]
        sizes = [len(cases_of(each.study)), len(arms_of(each.study)), data["readers"]["count"]]
        stages = "two" if len(each.stages) > 1 else "one"
        wanted.append([code, data["study"]["title"], plan, *map(str, sizes), stages, data["study"]["source"]])
    assert table_in("templates.md") == wanted


def test_the_reference_lists_every_rubric_as_it_is() -> None:
    wanted = [
        [
            str(each.number),
            f"`{each.name}`",
            str(each.version),
            str(len(each.criteria)),
            each.title,
            each.source,
        ]
        for each in RUBRICS.values()
    ]
    assert table_in("rubrics.md") == wanted


RUBRIC = (Path(settings.BASE_DIR) / "fixtures/rubrics/alignment-3/v1.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("format: 1", "format: 2", "line 1, format: This must be 1."),
        ("version: 1", "version: one", "line 4, version: “version” must be a whole number. Write one."),
        ("version: 1", "version: true", "line 4, version: “version” must be a whole number. Write one."),
        ("title:", "name:", "“title” must be text. Write one."),
        ("kind: yes_no", "kind: maybe", 'criteria[2].kind: "maybe" is not one of the choices'),
        ("acceptable: [aligned]", "acceptable: [agreed]", "criteria[1].acceptable[1]: 'agreed' is not among"),
        ("key: generic", "key: aligned", "criteria[2].key: “aligned” stands here twice."),
    ],
)
def test_what_is_wrong_in_a_rubric_is_told_with_line_and_field(old: str, new: str, sentence: str) -> None:
    assert old in RUBRIC
    changed = RUBRIC.replace(old, new, 1)
    with pytest.raises(ProtocolError) as refusal:
        read_rubric(changed.encode())
    assert sentence in str(refusal.value)
    assert all(problem.line is not None for problem in refusal.value.problems if problem.path != ("title",))


@pytest.mark.parametrize("content", [b"", b"- 1", b"criteria: 1", RUBRIC.split("criteria:")[0].encode()])
def test_a_file_that_is_no_rubric_is_refused(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_rubric(content)


def test_the_line_of_a_problem_is_that_of_the_rubric_file() -> None:
    changed = RUBRIC.replace("kind: yes_no", "kind: maybe", 1)
    line = changed[: changed.index("kind: maybe")].count("\n") + 1
    with pytest.raises(ProtocolError, match=rf"^line {line}, criteria\[2\]\.kind"):
        read_rubric(changed.encode())


def test_the_newest_version_is_taken_where_none_is_named(tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "fixtures/rubrics/alignment-3"
    folder.mkdir(parents=True)
    for version in (1, 2, 10):
        (folder / f"v{version}.yaml").write_text(RUBRIC.replace("version: 1", f"version: {version}"))
    settings.BASE_DIR = tmp_path
    assert rubric("alignment-3").version == 10
    assert rubric("alignment-3", 2).version == 2
    assert [each.version for each in rubrics()] == [10]


def test_a_version_lies_in_a_file_of_its_name() -> None:
    for path in (Path(settings.BASE_DIR) / "fixtures/rubrics").glob("*/v*.yaml"):
        found: Rubric = read_rubric(path.read_bytes())
        assert (found.name, f"v{found.version}") == (path.parent.name, path.stem)
