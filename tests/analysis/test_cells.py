"""No cell of an export can be taken for a formula, and nothing is lost by that."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.analysis import cells

NO_NULL = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@pytest.mark.parametrize(
    "hostile",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "\nx", "=", "-", "+49 30 1", "-x", "'=1", "--1"],
)
def test_a_text_that_could_be_a_formula_is_preceded_by_an_apostrophe(hostile: str) -> None:
    assert cells.text(hostile) == "'" + hostile


@pytest.mark.parametrize("number", ["-1", "0", "-0.25", "3.5", "-1e-05", "2e+07"])
def test_plain_numbers_stay_numbers(number: str) -> None:
    assert cells.text(number) == number
    assert float(cells.text(number)) == float(number)


@given(NO_NULL)
def test_taking_one_leading_apostrophe_away_gives_every_text_back(text: str) -> None:
    cell = cells.text(text)
    assert cell.removeprefix("'") == text
    assert cell == text or cell[0] == "'"
    assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_written_so_that_it_comes_back(value: float) -> None:
    assert float(cells.number(value)) == value


def test_whole_numbers_are_written_without_a_point() -> None:
    assert [cells.number(value) for value in (4.0, 4, -1.0, 0.5, None)] == ["4", "4", "-1", "0.5", ""]


@given(st.lists(st.lists(NO_NULL, min_size=2, max_size=4), min_size=1, max_size=4))
def test_commas_quotes_and_line_breaks_survive_the_file(rows: list[list[str]]) -> None:
    written = cells.write(rows).decode()
    assert list(csv.reader(io.StringIO(written, newline=""))) == rows
    assert written.endswith("\r\n")
