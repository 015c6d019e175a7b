"""The table of labels: what is understood, and what is said about what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.cases.labels import MOST_BYTES, LabelRow, read_labels
from readerstudy.cases.matching import KnownCase, plan_labels
from tests.cases.files import table

SIGNS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"], exclude_characters="\ufeff")
CELLS = st.text(SIGNS, max_size=30)
CASES = [
    KnownCase(code="C001", names=("ward/scan1.dcm", "copy.dcm"), reference="normal", strata={"sex": "F"}),
    KnownCase(code="C002", names=("ward/scan2.dcm",), clinical_text="Cough"),
    KnownCase(code="C003", names=("other/scan1.dcm",)),
    KnownCase(code="C004", names=("ward/scan4.png",)),
]


def problems(content: bytes) -> list[str]:
    return [str(problem) for problem in read_labels(content).problems]


def plan_problems(content: bytes) -> list[str]:
    return [str(problem) for problem in plan_labels(read_labels(content), CASES).problems]


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("bom", [True, False])
def test_comma_and_semicolon_with_and_without_byte_order_mark_read_the_same(
    delimiter: str, bom: bool
) -> None:
    rows = [["case", "reference", "sex"], ["C001", "a, b; c", "F"], ["C002", 'say "x"\nagain', ""]]
    read = read_labels(table(rows, delimiter=delimiter, bom=bom))
    assert read.problems == ()
    assert read.strata == ("sex",)
    assert read.rows == (
        LabelRow(line=2, case="C001", reference="a, b; c", strata={"sex": "F"}),
        LabelRow(line=3, case="C002", reference='say "x"\nagain'),
    )


@pytest.mark.parametrize("header", ["label", "Reference", "LABEL ", "reference"])
def test_a_reference_column_may_be_called_label(header: str) -> None:
    assert read_labels(f"case,{header}\nC001,normal\n".encode()).rows[0].reference == "normal"


@pytest.mark.parametrize("header", ["text", "clinical_text", "Clinical text", "clinical-text"])
def test_clinical_text_has_several_spellings(header: str) -> None:
    assert read_labels(f"file,{header}\na.png,Cough\n".encode()).rows[0].clinical_text == "Cough"


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = b'case,reference\r\n\r\n"C001","two\r\nlines"\r\nC009\r\n'
    assert problems(content) == ["Line 5: This row has 1 cell, but there are 2 columns."]


def test_rows_of_empty_cells_are_skipped() -> None:
    assert [row.case for row in read_labels(b"case,reference\n,\nC001,x\n,\n").rows] == ["C001"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This table is empty. Its first line must name the columns."),
        (b"\xef\xbb\xbf\n\n", "This table is empty. Its first line must name the columns."),
        (b"case,reference\n", "This table has column names but no rows."),
        (
            b"name,reference\nC001,x\n",
            "Line 1: No column is called “case” or “file”, so the rows cannot be matched to cases. Add one of them.",
        ),
        (
            b"case\treference\nC001\tx\n",
            "Line 1: No column is called “case” or “file”, so the rows cannot be matched to cases. Add one of them. "
            "Columns must be separated by commas or semicolons.",
        ),
        (b"case,,x\nC001,a,b\n", "Line 1: Column 2 has no name. Name it or delete it."),
        (b"case,sex,SEX\nC001,a,b\n", "Line 1: Two columns are called “SEX”. Rename or delete one."),
        (b"case,x,x\nC001,a,b\n", "Line 1: Two columns are called “x”. Rename or delete one."),
        (
            b"case,label,reference\nC001,a,b\n",
            "Line 1: The columns “label” and “reference” mean the same. Delete one.",
        ),
        (
            b"case\nC001\n",
            "Line 1: There is nothing to write beside the case. Add a column such as “reference” or “sex”.",
        ),
        (b"case,x\nC001,a,b\n", "Line 2: This row has 3 cells, but there are 2 columns."),
        (
            b"case,x\n,a\n",
            "Line 2: This row names no case. Fill its “case” or “file” cell, or delete the row.",
        ),
        (
            b'case,x\nC001,"a\n',
            "Line 2: A quoted cell is not closed, or text follows its closing quote. Check the quotes.",
        ),
        (
            b"case,x\nC001,a\0b\n",
            "Line 2: There is a NUL character, so this is not a plain table. Save it as “CSV UTF-8” again.",
        ),
        (
            "case,x\nC001,ä\n".encode("cp1252"),
            "Line 2: There is a character that is not UTF-8. Tables saved by Excel as plain “CSV” use an older code; "
            "save it as “CSV UTF-8” and upload it again.",
        ),
        (
            "case,x\n".encode("utf-16"),
            "This table is saved as UTF-16. Save it as “CSV UTF-8” and upload it again.",
        ),
        (
            b"PK\x03\x04....",
            "This is an Excel workbook, not a CSV file. In Excel, save it as “CSV UTF-8”.",
        ),
        (
            b"case,reference\nC001," + b"x" * 10_001 + b"\n",
            "Line 2: The cell in column “reference” is longer than 10000 characters. Shorten it.",
        ),
        (
            b"case,reference\n" + b"x" * MOST_BYTES,
            "This table is larger than 2 MB. Split it, or leave columns out that the study does not need.",
        ),
        (
            b"case,x\n" + b"C001,a\n" * 20_001,
            "This table has more than 20000 rows. Split it.",
        ),
        (
            ",".join(f"column{number}" for number in range(61)).encode(),
            "Line 1: There are more than 60 columns. Leave some out.",
        ),
        (
            b"case," + b"n" * 61 + b"\nC001,a\n",
            "Line 1: The name of column 2 is longer than 60 characters. Shorten it.",
        ),
    ],
)
def test_a_table_that_cannot_be_read_says_where_and_why(content: bytes, sentence: str) -> None:
    assert problems(content) == [sentence]


def test_every_bad_row_is_named_at_once() -> None:
    content = b"case,x\nC001\nC002,ok\nC003,a,b\n"
    assert [problem.split(":")[0] for problem in problems(content)] == ["Line 2", "Line 4"]


@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise(content: bytes) -> None:
    read = read_labels(content)
    assert read.rows or read.problems
    assert all(problem.text.endswith(".") for problem in read.problems)


@given(
    st.lists(st.tuples(CELLS.filter(bool), CELLS, CELLS), min_size=1, max_size=20),
    st.sampled_from([",", ";"]),
    st.booleans(),
)
def test_what_is_written_is_what_is_read(rows: list[tuple[str, str, str]], delimiter: str, bom: bool) -> None:
    import unicodedata

    wanted = [tuple(unicodedata.normalize("NFC", cell) for cell in row) for row in rows]
    read = read_labels(table([["case", "reference", "site"], *rows], delimiter=delimiter, bom=bom))
    assert [(row.case, row.reference, row.strata.get("site", "")) for row in read.rows] == wanted


# --- Which case a row is about ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("C002", "C002"),
        ("c002", "C002"),
        ("ward/scan2.dcm", "C002"),
        ("WARD\\SCAN2.DCM", "C002"),
        ("ward/scan2", "C002"),
        ("scan2.dcm", "C002"),
        ("scan2", "C002"),
        ("ward/scan1.dcm", "C001"),
        ("other/scan1", "C003"),
        ("copy.dcm", "C001"),
    ],
)
@pytest.mark.parametrize("column", ["case", "file"])
def test_a_case_is_found_by_code_name_or_stem(name: str, code: str, column: str) -> None:
    plan = plan_labels(read_labels(f"{column},reference\n{name},x\n".encode()), CASES)
    if column == "file" and name.upper() == "C002":
        assert [str(problem) for problem in plan.problems] == [
            f"Line 2: No case or file of this study is called “{name}”."
        ]
    else:
        assert [change.code for change in plan.changes] == [code]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"case,x\nC009,a\n", "Line 2: No case or file of this study is called “C009”."),
        (
            b"file,x\nscan1,a\n",
            "Line 2: “scan1” fits several cases (C001, C003). Write the case’s code instead.",
        ),
        (
            b"case,x\nC001,a\nC002,b\ncopy.dcm,c\n",
            "Line 4: The case “copy.dcm” (C001) is already in line 2. Each case may have one row.",
        ),
        (
            b"case,file,x\nC001,scan2.dcm,a\n",
            "Line 2: “C001” and “scan2.dcm” are two different cases. Correct one of them.",
        ),
    ],
)
def test_a_row_that_fits_no_single_case_says_so(content: bytes, sentence: str) -> None:
    assert plan_problems(content) == [sentence]


def test_problems_of_rows_come_in_the_order_of_lines() -> None:
    content = b"case,x\nC001,a\nC001,b\nC009,c\nC001,d\n"
    assert [problem.split(":")[0] for problem in plan_problems(content)] == ["Line 3", "Line 4", "Line 5"]


def test_bad_rows_and_unknown_cases_are_told_together() -> None:
    content = b"case,x\nC001\nC009,b\nC002,c\n"
    assert [problem.split(":")[0] for problem in plan_problems(content)] == ["Line 2", "Line 3"]


def test_one_problem_means_that_nothing_is_planned() -> None:
    plan = plan_labels(read_labels(b"case,x\nC001,a\nC009,b\n"), CASES)
    assert plan.changes == ()


def test_case_and_file_may_both_be_given_if_they_agree() -> None:
    plan = plan_labels(read_labels(b"case,file,x\nC002,scan2.dcm,a\n,scan4,b\n"), CASES)
    assert [change.code for change in plan.changes] == ["C002", "C004"]


def test_an_empty_cell_leaves_what_is_stored_and_only_differences_count() -> None:
    content = b"case,reference,clinical_text,sex,site\nC001,,,F,north\nC002,,Cough,,\n"
    first, second = plan_labels(read_labels(content), CASES).changes
    assert (first.reference, first.strata) == ("normal", {"sex": "F", "site": "north"})
    assert first.changed == {"site"}
    assert second.changed == frozenset()
