"""What a table may look like, and what is said about one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from readerstudy.stats.analyse import AnalysisError
from tests.stats.analyse.tables import analysed, found, long, one

HEAD = "reader,case,criterion,value\n"
GOOD = HEAD + "R1,c1,x,1\nR2,c1,x,2\nR1,c2,x,2\nR2,c2,x,2\n"
PLAN = "criteria: {x: {kind: ordinal, categories: [1, 2, 3]}}"


def refused(tmp_path: Path, text: str, **files: str) -> tuple[str, ...]:
    with pytest.raises(AnalysisError) as refusal:
        analysed(tmp_path, text, **files)
    return refusal.value.sentences


def mean(tmp_path: Path, text: str, **files: str) -> float:
    value: float = one(analysed(tmp_path, text, **files), "mean_score", "rrrc")["value"]
    return value


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("reader,case", "Reader, Case "),
        GOOD.replace(",1\n", ",1.0\n").replace(",2\n", ", +2 \n"),
        GOOD + "\n,,,\n",
        GOOD.replace("c1", '"c1"'),
        GOOD + "R3,c1,x,\nR3,c2,x,\n",
        GOOD.removesuffix("\n"),
    ],
)
def test_a_table_may_be_written_in_several_ways(tmp_path: Path, text: str) -> None:
    assert mean(tmp_path, text, plan=PLAN) == 1.75


def test_columns_may_stand_in_any_order_and_unknown_ones_are_named(tmp_path: Path) -> None:
    text = "value,note,criterion,case,reader\n1,hm,x,c1,R1\n2,,x,c1,R2\n"
    analysis = analysed(tmp_path, text, plan=PLAN)
    assert one(analysis, "mean_score", "rrrc")["value"] == 1.5
    assert analysis.notes == ("Columns that were not read: “note”.",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The table is empty. Its first line must name the columns reader, case, criterion, value."),
        (HEAD, "The table has no ratings below its first line. Add them, or declare the criteria in a plan."),
        (
            GOOD.replace(",", ";"),
            "Line 1: The columns are separated by semicolons. Save the file with commas.",
        ),
        (GOOD.replace(",", "\t"), "Line 1: The columns are separated by tabs. Save the file with commas."),
        (
            GOOD.replace("criterion", "question"),
            "Line 1: The column “criterion” is missing. The file needs the columns reader, case, criterion, value.",
        ),
        ("reader,case,criterion,value,case\n", "Line 1: The column “case” is there twice. Keep one of them."),
        (
            GOOD + "R1,c3,x\n",
            "Line 6: There are 3 cells, but the header has 4 columns. "
            "Put a value that holds a comma into double quotes.",
        ),
        (GOOD + "R1,,x,1\n", "Line 6, column case: It is empty. Fill it in."),
        (
            "reader,case,criterion,value,repeat\nR1,c1,x,1,first\n",
            "Line 2, column repeat: “first” is not a whole number from 0. Write one.",
        ),
        (
            "reader,case,criterion,value,side\nR1,c1,x,1,up\n",
            "Line 2, column side: “up” is not a side. Write left, right or both, or leave it empty.",
        ),
        (
            GOOD + 'R1,"c3,x,1\n',
            "Line 6: The table is no CSV from here on (unexpected end of data). Look at the double quotes.",
        ),
        (
            GOOD + "R1,c\x003,x,1\n",
            "The file holds NUL characters: it is no text. Save it as “CSV UTF-8” and try again.",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_place_and_remedy(tmp_path: Path, text: str, sentence: str) -> None:
    assert refused(tmp_path, text) == (sentence,)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "latin.csv"
    table.write_bytes((HEAD + "Jürgen,c1,x,1\n").encode("latin-1"))
    from readerstudy.stats.analyse import analyse

    with pytest.raises(AnalysisError, match="not UTF-8 text"):
        analyse(table)


def test_all_wrong_rows_are_named_at_once(tmp_path: Path) -> None:
    rows = [row | {"value": 9} for row in long("1 2\n3 1")]
    text = HEAD + "".join(f"{row['reader']},{row['case']},x,{row['value']}\n" for row in rows)
    assert [sentence.split(",")[0] for sentence in refused(tmp_path, text, plan=PLAN)] == [
        "Line 2",
        "Line 3",
        "Line 4",
        "Line 5",
    ]


def test_a_long_list_of_problems_is_cut(tmp_path: Path) -> None:
    text = HEAD + "".join(f"R1,c{number},x,9\n" for number in range(30))
    sentences = refused(tmp_path, text, plan=PLAN)
    assert len(sentences) == 21
    assert sentences[-1] == "There are 10 more problems of this kind."


@pytest.mark.parametrize("kind", ["interval", "ratio"])
@pytest.mark.parametrize("value", ["3,5", "inf", "1e999", "1_0", "٣", "3 mm"])
def test_numbers_are_written_with_a_point_and_blanks_are_empty(tmp_path: Path, kind: str, value: str) -> None:
    plan = f"criteria: {{x: {{kind: {kind}}}}}"
    (sentence,) = refused(tmp_path, f'{HEAD}R1,c1,x,"{value}"\nR1,c2,x,2.5\n', plan=plan)
    assert sentence.startswith(
        f"Line 2, column value: “{value}” of reader “R1” for case “c1” is not a number"
    )
    assert ("Write decimals with a point." in sentence) == (value == "3,5")


@pytest.mark.parametrize("value", ["NA", "n/a", "NaN", "null", "."])
def test_what_other_programs_write_for_a_blank_is_no_value(tmp_path: Path, value: str) -> None:
    text = f"{HEAD}R1,c1,x,{value}\nR2,c1,x,2\n"
    for files in ({}, {"plan": PLAN}):
        (sentence,) = refused(tmp_path, text, **files)
        assert sentence == (
            f"Line 2, column value: “{value}” of reader “R1” for case “c1” is no value. "
            "Leave missing ratings empty, or declare it as a category in a plan."
        )
    declared = f"criteria: {{x: {{kind: nominal, categories: ['2', '{value}']}}}}"
    assert analysed(tmp_path, text, plan=declared).estimates


def test_yes_and_no_may_be_written_in_any_case_without_a_plan(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, long("Yes no\nYES yes\nNo NO"))
    assert one(analysis, "cohen_kappa", "unweighted", reader="R1|R2")["value"] == pytest.approx(0.4)


def test_a_ratio_has_nothing_below_zero(tmp_path: Path) -> None:
    (sentence,) = refused(tmp_path, HEAD + "R1,c1,x,-1\n", plan="criteria: {x: {kind: ratio}}")
    assert sentence == "Line 2, column value: “-1” is below zero. A ratio has none: choose “interval”."


def test_a_count_repeats_a_case_and_zero_counts_nothing(tmp_path: Path) -> None:
    text = (
        "reader,case,criterion,value,count\n"
        "R1,yy,x,yes,40\nR2,yy,x,yes,40\nR1,yn,x,yes,9\nR2,yn,x,no,9\n"
        "R1,nn,x,no,51\nR2,nn,x,no,51\nR1,ny,x,no,0\nR2,ny,x,yes,0\n"
    )
    analysis = analysed(tmp_path, text)
    line = one(analysis, "cohen_kappa", "unweighted", reader="R1|R2")
    assert line["n_cases"] == 100
    assert line["value"] == pytest.approx(
        (0.91 - (0.49 * 0.4 + 0.51 * 0.6)) / (1 - (0.49 * 0.4 + 0.51 * 0.6))
    )
    assert one(analysis, "mcnemar", "exact", reader="R1|R2")["p"] == pytest.approx(2 * 0.5**9)


def test_two_counts_of_one_case_are_refused(tmp_path: Path) -> None:
    text = "reader,case,criterion,value,count\nR1,a,x,yes,4\nR2,a,x,yes,5\nR1,b,x,no,1\n"
    (sentence,) = refused(tmp_path, text)
    assert sentence.startswith("Line 3, column count: Case “a” of criterion “x” has two different counts.")


def test_cases_and_arms_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    rows = [row | {"arm": arm} for arm in ("m10", "m2") for row in long("1 2\n2 2\n3 1\n1 3")]
    analysis = analysed(tmp_path, rows, plan=PLAN)
    contrasts = [row["contrast"] for row in found_contrasts(analysis)]
    assert contrasts == ["m2-m10", "m10-m2"]


def found_contrasts(analysis: object) -> list[dict[str, object]]:
    rows = [estimate.as_dict() for estimate in analysis.estimates]  # type: ignore[attr-defined]
    return [
        row
        for row in rows
        if (row["estimator"], row["variant"]) == ("mean_score", "rrrc") and row["contrast"]
    ]


def test_every_row_of_a_criterion_names_an_arm_or_none_does(tmp_path: Path) -> None:
    text = "reader,case,criterion,value,arm\nR1,c1,x,1,A\nR2,c1,x,2,\nmodel:m,c1,x,1,\nR1,c1,y,1,\n"
    (sentence,) = refused(tmp_path, text)
    assert sentence == "Line 3, column arm: It is empty, but other rows of “x” name an arm. Name it."


def test_a_period_tells_two_readings_apart_like_a_repeat(tmp_path: Path) -> None:
    once = [row | {"period": 1} for row in long("1 2\n2 2\n3 1\n1 3")]
    again = [row | {"period": 2} for row in long("1 2\n2 2\n3 2\n1 3")]
    analysis = analysed(tmp_path, [*again, *once], plan=PLAN)
    assert one(analysis, "mean_score", "frrc", reader="R2")["value"] == 2.0
    assert one(analysis, "intra_reader", "percent_agreement", reader="R1")["value"] == 1.0
    assert one(analysis, "intra_reader", "percent_agreement", reader="R2")["value"] == 0.75
    assert found(analysis, "trend", "period")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    from readerstudy.stats.analyse import analyse

    with pytest.raises(FileNotFoundError):
        analyse(tmp_path / "none.csv")
