"""Which case and slot a path names, and which order slices have: no database."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.cases.mapping import is_mapping, read_mapping, spellings
from readerstudy.cases.seats import Seat, as_slot, seat_of
from readerstudy.cases.stacks import Slice, in_order, values_of

OWN = Seat()


@pytest.mark.parametrize(
    ("path", "seat"),
    [
        ("case-17/current.dcm", Seat("case-17", "current")),
        ("case-17/prior.dcm", Seat("case-17", "prior")),
        ("Site A/case-17/PRIOR.png", Seat("Site A/case-17", "prior")),
        ("case-17/current-overlay.png", Seat("case-17", "current-overlay")),
        ("case-17/Left CC.dcm", Seat("case-17", "left-cc")),
        ("current.dcm", OWN),
        ("wards/scan1.dcm", OWN),
        ("case-17/left ventricle.dcm", OWN),
        ("case-17/1.dcm", OWN),
        ("case-17/current/0001.dcm", OWN),
    ],
)
def test_a_folder_names_a_case_only_where_its_file_is_called_like_a_slot(path: str, seat: Seat) -> None:
    assert seat_of(path) == seat


def test_for_a_slice_the_folder_around_it_may_name_the_slot() -> None:
    assert seat_of("case-17/current/0001.dcm", is_slice=True) == Seat("case-17", "current")
    assert seat_of("case-17/series3/0001.dcm", is_slice=True) == OWN
    assert seat_of("current/0001.dcm", is_slice=True) == OWN


@pytest.mark.parametrize(
    ("name", "slot"), [("Left CC", "left-cc"), ("a_b.c", "a-b-c"), ("", ""), ("ü!", ""), ("x" * 41, "")]
)
def test_a_slot_is_words_and_hyphens(name: str, slot: str) -> None:
    assert as_slot(name) == slot


@given(st.text(max_size=300))
def test_no_path_breaks_it(path: str) -> None:
    seat = seat_of(path, is_slice=True)
    assert len(seat.folder) <= 255
    assert 0 < len(seat.slot) <= 40


@given(
    st.lists(st.tuples(st.integers(-500, 500), st.integers(0, 500)), min_size=1, max_size=60, unique=True),
    st.integers(0, 10_000),
)
def test_slices_lie_by_position_then_number_in_whatever_order_they_came(
    places: list[tuple[int, int]], seed: int
) -> None:
    slices = [Slice(frame, float(position), number) for frame, (position, number) in enumerate(places)]
    random.Random(seed).shuffle(slices)
    shown = [(each.position, each.number) for each in in_order(slices)]
    assert shown == sorted(shown)


def test_without_every_position_the_instance_number_decides_and_without_it_the_arrival() -> None:
    slices = [
        Slice(0, 5.0, 3),
        Slice(1, None, 1),
        Slice(2, 1.0, 2),
        Slice(3, None, None),
        Slice(4, None, None),
    ]
    assert [each.frame for each in in_order(slices)] == [1, 2, 0, 3, 4]


def test_frames_have_values_of_their_own_only_where_they_differ() -> None:
    assert values_of([Slice(0, scale=2.0), Slice(1, scale=2.0)]) == []
    assert values_of([Slice(0, scale=2.0), Slice(1, scale=3.0, offset=-1.0)]) == [[2.0, 0.0], [3.0, -1.0]]


def test_a_mapping_is_read_with_its_lines() -> None:
    table = read_mapping(b"file;case;slot\nA/IM1.DCM;case 1;Prior\n\nim2;case 1;\n")
    assert [(row.line, row.name, row.seat) for row in table.rows] == [
        (2, "a/im1.dcm", Seat("case 1", "prior")),
        (4, "im2", Seat("case 1", "current")),
    ]
    assert table.problems == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no column"),
        (b"file,slot\na,b\n", "no column “case”"),
        (b"file,case,label\na,b,c\n", "Column 3 is not needed"),
        (b"file,case\n", "no rows"),
        (b"file,case\na,b\na,c\n", "Line 3: This file is already in line 2."),
        (b"file,case\na\n", "Line 2: This row has 1 cells"),
        (b"file,case\n,b\n", "Line 2: This row needs a file and a case."),
        (b"file,case,slot\na,b,!!\n", "Line 2: The slot of this row is no name"),
        (b"PK\x03\x04", "Excel"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(content: bytes, sentence: str) -> None:
    assert sentence in str(read_mapping(content).problems[0])


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading_of_a_mapping(content: bytes) -> None:
    table = read_mapping(b"file,case\n" + content)
    assert table.rows or table.problems


def test_a_mapping_among_images_is_known_by_its_name_and_first_line() -> None:
    assert is_mapping("places.CSV", b"\xef\xbb\xbffile;case;slot\r\n")
    assert not is_mapping("places.csv", b"case,label\n")
    assert not is_mapping("places.txt", b"file,case\n")


def test_a_file_may_be_called_by_its_path_or_name_with_or_without_ending() -> None:
    assert spellings("Ward 3/IM1.dcm") == ("ward 3/im1.dcm", "ward 3/im1", "im1.dcm", "im1")
    assert spellings("") == ()
