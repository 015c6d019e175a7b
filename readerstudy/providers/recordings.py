"""Files of outputs made elsewhere: bytes in, recordings or plain sentences out. Writes nothing.

CSV with a header line, JSON Lines, and Hugging Face-style Parquet or Arrow (see `tables`). Columns are found by their
name; several usual names are understood (`ALIASES`), and what is not used is listed, so that a person can be told.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from readerstudy.providers.tables import ENDINGS, TableError, read_table

LONGEST_TEXT = 100_000
"""Characters in one recorded output; more is no interpretation but a broken file."""

LONGEST_LABEL = 80
MOST_ROWS = 100_000
MOST_REPLICATES = 100
MOST_BOXES = 100

ALIASES: dict[str, tuple[str, ...]] = {
    "case": ("case", "case_id", "image", "image_id", "image_path", "file", "file_name", "filename", "id"),
    "text": ("text", "output", "response", "prediction", "generated_text", "completion", "report"),
    "finish_reason": ("finish_reason", "stop_reason"),
    "model": ("model", "model_name", "model_id"),
    "replicate": ("replicate", "sample", "repeat"),
    "label": ("label", "predicted_label", "classification"),
    "confidence": ("confidence", "predicted_confidence"),
    "boxes": ("boxes", "bboxes", "bounding_boxes"),
}
"""What each column may be called; the first name that a file has is taken."""

COLUMNS = tuple(ALIASES)
_REQUIRED = ("case", "text")
_WORDS = ("case", "text", "finish_reason", "model", "label")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBERS = ("x", "y", "width", "height")


@dataclass(frozen=True, slots=True)
class Recording:
    """One output made elsewhere: the case it belongs to, the text and what is known of how it was made.

    `boxes` are `{"slot", "frame", "x", "y", "width", "height", "label"}`, the numbers as shares of the image's size and
    the slot empty where none was named.
    """

    case: str
    text: str
    finish_reason: str = ""
    model: str = ""
    line: int = 0
    replicate: int = 1
    label: str = ""
    confidence: float | None = None
    boxes: tuple[Mapping[str, Any], ...] = ()


class LineError(NamedTuple):
    """What is wrong in one line of an import, as a sentence. Line 0 means the whole file."""

    line: int
    sentence: str


class Parsed(NamedTuple):
    """What a file holds; nothing should be stored unless `errors` is empty. Of `ignored` columns nothing was read."""

    recordings: list[Recording]
    errors: list[LineError]
    ignored: tuple[str, ...] = ()


class _Wrong(Exception):
    """A cell that cannot be taken; the text says why."""


@dataclass
class _Reading:
    # What comes out of a file while it is read, line by line.
    recordings: list[Recording] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)
    ignored: dict[str, None] = field(default_factory=dict)

    def take(self, values: Mapping[str, Any], line: int) -> None:
        chosen = columns_of(values)
        self.ignored.update(dict.fromkeys(name for name in values if name not in chosen.values()))
        try:
            self.recordings.append(_record({name: values[own] for name, own in chosen.items()}, line))
        except _Wrong as wrong:
            self.errors.append(LineError(line, str(wrong)))

    def refuse(self, line: int, sentence: str) -> None:
        self.errors.append(LineError(line, sentence))


def parse_outputs(data: bytes, filename: str) -> Parsed:
    """Read an import of outputs by the file name's ending; never raises, whatever the bytes are.

    Line numbers count from 1 and include a header line. A text is kept as it is, white space included, because an
    output is evidence; names and numbers are trimmed.
    """
    ending = ending_of(filename)
    reading = _Reading()
    reader = _READERS.get(ending)
    if reader is None:
        reading.refuse(
            0,
            "Only .csv, .jsonl, .parquet and .arrow files can be imported. Save the outputs as one of these.",
        )
    else:
        reader(data, reading)
    if reader and not reading.recordings and not reading.errors:
        reading.refuse(0, "The file has no outputs in it. Add one line for each case.")
    errors = sorted([*reading.errors, *_repeated(reading.recordings)])
    return Parsed(reading.recordings, errors, tuple(reading.ignored))


def ending_of(filename: str) -> str:
    """The ending by which a file is read, in small letters; nothing else of a name is used or kept."""
    ending = filename.lower().rsplit(".", 1)[-1]
    return ending if ending in _READERS else ""


def columns_of(names: Iterable[str]) -> dict[str, str]:
    """For each meaning that `names` has a column for, the column's own name."""
    known = {_folded(name): name for name in reversed([str(name) for name in names])}
    found = {
        meaning: next((known[alias] for alias in aliases if alias in known), "")
        for meaning, aliases in ALIASES.items()
    }
    return {meaning: own for meaning, own in found.items() if own}


def _folded(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _read_csv(data: bytes, reading: _Reading) -> None:
    text = _text_of(data, reading)
    if text is None:
        return
    first = text.split("\n", 1)[0]
    # Spreadsheets save semicolons or tabs where the decimal sign is a comma.
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if problem := _header_problem(header):
            reading.refuse(1, problem)
            return
        start = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row) and not _is_full(reading, start):
                _take_csv_row(header, row, reading, line=start)
            start = reader.line_num + 1
    except csv.Error:
        reading.refuse(
            max(reader.line_num, 1),
            "The quotation marks of this line do not match. Put the text in quotation marks.",
        )


def _header_problem(header: list[str]) -> str:
    folded = [_folded(name) for name in header]
    known = {alias for aliases in ALIASES.values() for alias in aliases}
    twice = sorted({name for name in folded if folded.count(name) > 1 and name in known})
    if twice:
        return f"Two columns have the name “{twice[0]}”. Keep one of them."
    missing = [name for name in _REQUIRED if name not in columns_of(header)]
    if missing:
        return _no_column(missing[0])
    return ""


def _no_column(name: str) -> str:
    return (
        f"There is no column “{name}”. The first line must name the columns: {', '.join(COLUMNS[:4])}; "
        f"“{name}” may also be called {', '.join(ALIASES[name][1:])}."
    )


def _take_csv_row(header: list[str], row: list[str], reading: _Reading, *, line: int) -> None:
    if len(row) != len(header):
        reading.refuse(
            line,
            f"This line has {len(row)} cells where the header has {len(header)}. Check commas and quotation marks.",
        )
        return
    reading.take(dict(zip(header, row, strict=True)), line)


def _read_jsonl(data: bytes, reading: _Reading) -> None:
    text = _text_of(data, reading)
    for number, line in enumerate(text.split("\n") if text else (), start=1):
        if line.strip() and not _is_full(reading, number):
            _take_json_line(line, reading, line=number)


def _take_json_line(text: str, reading: _Reading, *, line: int) -> None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        reading.refuse(line, "This line is not JSON. Each line must be one JSON object.")
        return
    if not isinstance(value, dict):
        reading.refuse(line, 'This line is not a JSON object. Write it as {"case": …, "text": …}.')
        return
    reading.take(value, line)


def _read_table(data: bytes, reading: _Reading) -> None:
    try:
        table = read_table(data, wanted=lambda names: tuple(columns_of(names).values()))
    except TableError as error:
        reading.refuse(0, str(error))
        return
    missing = [name for name in _REQUIRED if name not in columns_of(table.columns)]
    if missing:
        reading.refuse(0, _no_column(missing[0]))
        return
    reading.ignored.update(dict.fromkeys(table.ignored))
    for number, row in enumerate(table.rows, start=1):
        reading.take(row, number)


_READERS: dict[str, Callable[[bytes, _Reading], None]] = {
    "csv": _read_csv,
    "jsonl": _read_jsonl,
    "ndjson": _read_jsonl,
    **dict.fromkeys(ENDINGS, _read_table),
}


def _text_of(data: bytes, reading: _Reading) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        reading.refuse(line, "This line is not UTF-8 text. Save the file as UTF-8 and import it again.")
        return None


def _is_full(reading: _Reading, line: int) -> bool:
    """Whether no further line is read; says so once."""
    count = len(reading.recordings) + len(reading.errors)
    if count == MOST_ROWS:
        reading.refuse(line, f"A file may hold {MOST_ROWS:,} outputs. Split it and import the parts.")
    return count >= MOST_ROWS


def _record(values: Mapping[str, Any], line: int) -> Recording:
    if "text" not in values:
        raise _Wrong("This line has no “text”. Add it, as an empty text where the model gave none.")
    cells = {name: _words(name, values.get(name)) for name in _WORDS}
    if not cells["case"].strip():
        raise _Wrong("This line names no case. Fill in the column “case”.")
    if len(cells["text"]) > LONGEST_TEXT:
        raise _Wrong(f"The text is longer than {LONGEST_TEXT:,} characters. Check the quotation marks.")
    kept = {name: cell if name == "text" else cell.strip() for name, cell in cells.items()}
    if len(kept["label"]) > LONGEST_LABEL:
        raise _Wrong(f"The label is longer than {LONGEST_LABEL} characters. Name the class alone.")
    return Recording(
        **kept,
        line=line,
        replicate=_replicate(values.get("replicate")),
        confidence=_confidence(values.get("confidence")),
        boxes=_boxes(values.get("boxes")),
    )


def _words(name: str, value: Any) -> str:
    if name != "text" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise _Wrong(f"“{name}” must be text.")
    if value and _UNSTORABLE.search(value):
        raise _Wrong("This line holds a character that cannot be stored (null or half of a pair). Remove it.")
    return value or ""


def _number(value: Any) -> float | None:
    """The finite number that `value` is or spells, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _replicate(value: Any) -> int:
    if value is None or value == "":
        return 1
    number = _number(value)
    if number is None or number != int(number) or not 1 <= number <= MOST_REPLICATES:
        raise _Wrong(f"“replicate” must be a whole number from 1 to {MOST_REPLICATES}.")
    return int(number)


def _confidence(value: Any) -> float | None:
    if value is None or value == "":
        return None
    number = _number(value)
    if number is None or not 0 <= number <= 1:
        raise _Wrong("“confidence” must be a number from 0 to 1.")
    return number


def _boxes(value: Any) -> tuple[Mapping[str, Any], ...]:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _Wrong("“boxes” must be a JSON list.") from None
    if not value:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MOST_BOXES:
        raise _Wrong(f"“boxes” must be a list of at most {MOST_BOXES} boxes.")
    return tuple(_box(each) for each in value)


def _box(value: Any) -> Mapping[str, Any]:
    if isinstance(value, list | tuple) and len(value) == len(_NUMBERS):
        value = dict(zip(_NUMBERS, value, strict=True))
    if not isinstance(value, Mapping):
        raise _Wrong("A box must be [x, y, width, height] or an object with these names.")
    numbers = {name: _number(value.get(name)) for name in _NUMBERS}
    if any(number is None or not 0 <= number <= 1 for number in numbers.values()):
        raise _Wrong("The x, y, width and height of a box must be shares of the image’s size, from 0 to 1.")
    frame = _number(value.get("frame", 0))
    slot, label = _words("slot", value.get("slot")), _words("label", value.get("label"))
    if frame is None or frame < 0 or frame != int(frame):
        raise _Wrong("The frame of a box must be a whole number from 0.")
    known = {"slot": slot.strip()[:LONGEST_LABEL], "label": label.strip()[:LONGEST_LABEL]}
    return {**known, "frame": int(frame), **numbers}


def _repeated(recordings: list[Recording]) -> Iterator[LineError]:
    first: dict[tuple[str, int], int] = {}
    for each in recordings:
        seen = first.setdefault((each.case, each.replicate), each.line)
        if seen != each.line:
            yield LineError(
                each.line,
                f"This case already has an output in line {seen}. Keep one line for each case, or number its outputs "
                "in a column “replicate”.",
            )
