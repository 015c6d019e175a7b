"""Parquet and Arrow files of outputs: read by name, bounded, and never by a process that matters."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from readerstudy.providers import tables
from readerstudy.providers.recordings import Parsed, parse_outputs
from readerstudy.providers.tables import TableError, TableLimits, read_table

PICTURE = {"bytes": b"\x89PNG", "path": "a.png"}


def as_parquet(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


def as_file(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with ipc.new_file(buffer, table.schema, **options) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def as_stream(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    with ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def everything(names: Sequence[str]) -> Sequence[str]:
    return names


FORMS: list[tuple[Callable[[pa.Table], bytes], str]] = [
    (as_parquet, "parquet"),
    (as_file, "feather"),
    (as_stream, "arrow"),
]


@pytest.mark.parametrize(("write", "ending"), FORMS)
def test_columns_are_found_by_name_and_embedded_images_are_left(write: Any, ending: str) -> None:
    rows = {
        "image_id": ["C001", "C001", "C002"],
        "response": ["Clear.", "Clear lungs.", "Opacity."],
        "sample": [1, 2, 1],
        "predicted_label": ["normal", "normal", "abnormal"],
        "confidence": [0.9, 0.8, 0.5],
        "boxes": [[], [], [{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}]],
        "image": [PICTURE, PICTURE, PICTURE],
        "thumbnail": [b"x", b"y", b"z"],
        "split": ["test", "test", "test"],
    }
    parsed = parse_outputs(write(pa.table(rows)), f"Outputs.{ending.upper()}")
    assert parsed.errors == []
    assert sorted(parsed.ignored) == ["image", "split", "thumbnail"]
    assert [(each.case, each.replicate, each.text) for each in parsed.recordings] == [
        ("C001", 1, "Clear."),
        ("C001", 2, "Clear lungs."),
        ("C002", 1, "Opacity."),
    ]
    last = parsed.recordings[-1]
    assert (last.label, last.confidence, last.line) == ("abnormal", 0.5, 3)
    assert last.boxes == (
        {"slot": "", "label": "", "frame": 0, "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4},
    )


def test_words_kept_as_categories_and_numbers_as_cases_are_understood() -> None:
    words = pa.array(["Clear.", "Clear."]).dictionary_encode()
    parsed = parse_outputs(as_parquet(pa.table({"case": [1, 2], "text": words})), "o.parquet")
    assert [(each.case, each.text) for each in parsed.recordings] == [("1", "Clear."), ("2", "Clear.")]


def refused(parsed: Parsed) -> str:
    assert parsed.recordings == []
    [error] = parsed.errors
    assert error.line == 0
    return error.sentence


def test_a_file_without_the_needed_columns_names_them() -> None:
    assert "no column “text”" in refused(parse_outputs(as_parquet(pa.table({"case": ["1"]})), "o.parquet"))


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"PAR1junkPAR1", b"ARROW1\x00\x00junk", b"\xff\xff\xff\xff\x10\x00\x00\x00", b"junk" * 99],
)
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_damaged_files_are_refused(content: bytes, ending: str) -> None:
    assert "This" in refused(parse_outputs(content, f"o.{ending}"))


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_or_changed_is_refused_or_read_but_never_ends_us(place: float) -> None:
    whole = as_parquet(
        pa.table({"case": ["1"] * 50, "text": ["Clear."] * 50, "replicate": list(range(1, 51))})
    )
    at = int(len(whole) * place)
    for content in (whole[:at], whole[:at] + b"\xff" * 8 + whole[at + 8 :]):
        parsed = parse_outputs(content, "o.parquet")
        assert parsed.errors or len(parsed.recordings) == 50


LIMITS = TableLimits(
    rows=100, groups=4, columns=10, answer_bytes=2_000_000, memory_bytes=400_000_000, wall_seconds=60
)


def bomb() -> pa.Table:
    """A megabyte that is written once and stands in ten thousand rows."""
    word = pa.DictionaryArray.from_arrays(pa.array([0] * 90, pa.int32()), pa.array(["x" * 1_000_000]))
    return pa.table({"case": [str(number) for number in range(90)], "text": word})


@pytest.mark.parametrize(
    "content",
    [
        as_parquet(pa.table({"case": ["1"] * 101})),
        as_file(pa.table({"case": ["1"] * 101})),
        as_stream(pa.table({"case": ["1"] * 101})),
        as_parquet(pa.table({"case": ["1"] * 50}), row_group_size=1),
        as_parquet(pa.table({f"c{number}": ["1"] for number in range(11)})),
        as_file(bomb(), options=ipc.IpcWriteOptions(compression="zstd")),
        as_parquet(bomb(), compression="zstd"),
    ],
    ids=["rows", "rows of a file", "rows of a stream", "groups", "columns", "arrow bomb", "parquet bomb"],
)
def test_what_is_larger_than_the_limits_is_refused(content: bytes) -> None:
    assert len(content) < 100_000
    with pytest.raises(TableError, match=r"more than an import takes|too much memory"):
        read_table(content, wanted=everything, limits=LIMITS)


def test_types_nested_deeper_than_boxes_are_not_read() -> None:
    nested: Any = "deep"
    for _level in range(8):
        nested = [nested]
    table = pa.table({"case": ["1"], "text": ["Clear."], "boxes": [nested]})
    parsed = parse_outputs(as_parquet(table), "o.parquet")
    assert (parsed.errors, parsed.ignored) == ([], ("boxes",))


def test_a_child_that_does_not_end_is_ended() -> None:
    table = as_parquet(pa.table({"case": ["1"]}))
    with pytest.raises(TableError, match="too much memory or time"):
        read_table(table, wanted=everything, limits=TableLimits(wall_seconds=0.001))


def test_the_child_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in repr(tables._environment())
    assert os.environ["OPENAI_API_KEY"] == "sk-secret"


def test_without_the_extra_the_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "find_spec", lambda _name: None)
    assert "readerstudy[parquet]" in refused(parse_outputs(b"PAR1", "o.parquet"))
