"""Reading a long table, and what is wrong with one."""

import numpy as np
import pytest

from readerstudy.stats.agreement import cohen_kappa, gwet_ac
from readerstudy.stats.alignment import mean_score
from readerstudy.stats.scale import Kind, Scale
from readerstudy.stats.table import LongTable, TableError, read_csv, read_reference, read_rows
from tests.stats import datasets

SEVERITY = {"severity": Scale.of_kind(Kind.ORDINAL, range(1, 6))}
ARMS = """reader,case,criterion,value,arm
Noor,c2,severity,4,B
Noor,c1,severity,5,A
Ida,c1,severity,4,A
Ida,c1,severity,2,B
Noor,c2,severity,,A
Ida,c2,severity,refused,A
model:simulated,c1,severity,3,A
"""


def table(text: str = ARMS) -> LongTable:
    return read_csv(text, scales=SEVERITY)


def test_one_arm_becomes_cases_by_readers() -> None:
    ratings = table().ratings("severity", arm="A")
    assert (ratings.units, ratings.readers) == (("c1", "c2"), ("Ida", "Noor"))
    assert ratings.codes.tolist() == [[3, 4], [-1, -1]]
    assert ratings.scale.categories == (1, 2, 3, 4, 5)


def test_pooled_arms_become_outputs_tied_by_case() -> None:
    ratings = table().ratings("severity")
    assert ratings.units == ("c1|A", "c1|B", "c2|A", "c2|B")
    assert ratings.cases == ("c1", "c1", "c2", "c2")
    assert gwet_ac(ratings).n_cases == 2


def test_the_table_lists_its_criteria_arms_readers_and_models() -> None:
    found = table()
    assert found.criteria == ("severity",)
    assert found.arms("severity") == ("B", "A")
    assert found.readers("severity") == ("Ida", "Noor")
    assert found.models("severity") == ("model:simulated",)


def test_a_models_own_label_is_taken_by_name_only() -> None:
    label = table().ratings("severity", arm="A", reader="model:simulated")
    assert label.codes.tolist() == [[2]]


def test_a_refusal_is_neither_a_label_nor_a_blank() -> None:
    assert table().refused("severity", arm="A").tolist() == [[False, False], [True, False]]


def test_refused_is_a_category_where_the_scale_declares_it() -> None:
    scales = {"answer": Scale.of_kind(Kind.NOMINAL, ["yes", "no", "refused"])}
    found = read_csv("reader,case,criterion,value\nIda,c1,answer,refused\n", scales=scales)
    assert found.ratings("answer").codes.tolist() == [[2]]
    assert not found.refused("answer").any()


def test_numbers_are_read_without_a_declared_scale() -> None:
    found = read_csv("reader,case,criterion,value\nIda,c1,size,12.5\nIda,c2,size,\n")
    values = found.scores("size").values
    assert values[0, 0] == 12.5
    assert np.isnan(values[1, 0])


def test_the_order_of_lines_changes_nothing() -> None:
    head, *rest = ARMS.splitlines(keepends=True)
    turned = table(head + "".join(reversed(rest)))
    assert gwet_ac(turned.ratings("severity")) == gwet_ac(table().ratings("severity"))
    assert mean_score(turned.scores("severity", arm="A")) == mean_score(table().scores("severity", arm="A"))


def test_a_contingency_table_is_read_through_counts() -> None:
    lines = ["reader,case,criterion,value,count"]
    for row, cells in enumerate(datasets.lines("stuart_vision")):
        for column, count in enumerate(cells[1:]):
            lines.append(f"right,{row}{column},grade,{row + 1},{count}")
            lines.append(f"left,{row}{column},grade,{column + 1},{count}")
    scales = {"grade": Scale.of_kind(Kind.ORDINAL, range(1, 5))}
    ratings = read_csv("\n".join(lines), scales=scales).ratings("grade")
    estimate = cohen_kappa(ratings, "right", "left", weights="quadratic")
    assert estimate.n_cases == 7477
    datasets.assert_certified("stuart_vision", "cohen_kappa.quadratic", estimate.value)
    datasets.assert_certified("stuart_vision", "cohen_kappa.quadratic.ase", estimate.se)


def test_repeats_are_kept_apart() -> None:
    text = "reader,case,criterion,value,repeat\nIda,c1,severity,4,1\nIda,c1,severity,5,2\n"
    assert table(text).ratings("severity").codes.tolist() == [[3]]
    assert table(text).ratings("severity", repeat=2).codes.tolist() == [[4]]


def test_rows_from_elsewhere_are_read_like_a_file() -> None:
    rows = [{"reader": "Ida", "case": "c1", "criterion": "severity", "value": 4, "arm": None}]
    assert read_rows(rows, scales=SEVERITY).ratings("severity").codes.tolist() == [[3]]


def test_columns_the_analysis_does_not_know_are_named() -> None:
    text = "reader,case,criterion,value,period\nIda,c1,severity,4,2\n"
    assert table(text).ignored_columns == ("period",)


def test_a_byte_order_mark_and_empty_lines_do_no_harm() -> None:
    text = "\ufeffreader,case,criterion,value\n\nIda,c1,severity,4\n\n"
    assert len(table(text).rows) == 1


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("", 1, 'column "reader" is missing'),
        ("reader,case,value\n", 1, 'column "criterion" is missing'),
        ("reader,case,criterion,value,value\n", 1, 'column "value" is there twice'),
        ("reader,case,criterion,value\nIda,c1,severity\n", 2, "3 cells"),
        ("reader,case,criterion,value\nIda,c1,severity,4\n ,c1,severity,4\n", 3, '"reader" is empty'),
        ("reader,case,criterion,value\nIda,c1,severity,6\n", 2, r'"6" of reader "Ida" for case "c1"'),
        ("reader,case,criterion,value\nIda,c1,severity,4\nIda,c1,severity,4\n", 3, "already in line 2"),
        ("reader,case,criterion,value,count\nIda,c1,severity,4,0\n", 2, "whole number"),
        ("reader,case,criterion,value,repeat\nIda,c1,severity,4,first\n", 2, "whole number"),
    ],
)
def test_a_wrong_table_is_refused_by_line(text: str, line: int, sentence: str) -> None:
    with pytest.raises(TableError, match=rf"^Line {line}: .*{sentence}") as error:
        table(text)
    assert error.value.line == line


def test_a_case_with_two_counts_is_refused() -> None:
    text = "reader,case,criterion,value,count\nIda,c1,severity,4,2\nNoor,c1,severity,4,3\n"
    with pytest.raises(TableError, match=r"Line 3: .*two different counts"):
        table(text).ratings("severity")


def test_a_value_that_is_no_number_has_no_score() -> None:
    found = read_csv("reader,case,criterion,value\nIda,c1,size,large\n")
    with pytest.raises(TableError, match=r"Line 2: .*not a number"):
        found.scores("size")


def test_a_reference_is_read_by_criterion() -> None:
    text = "case,label,criterion\nc1,normal,\nc2,abnormal,\nc1,4,severity\n"
    assert read_reference(text) == {None: {"c1": "normal", "c2": "abnormal"}, "severity": {"c1": "4"}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("case\nc1\n", 'column "label"'), ("case,label\nc1,a\nc1,b\n", "Line 3: .*two reference labels")],
)
def test_a_wrong_reference_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        read_reference(text)
