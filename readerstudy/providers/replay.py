"""Outputs made elsewhere: a recorded text becomes a reply, and a file becomes records.

A recording travels in the request, as `parameters["recorded"]` with `text` and, where known, `finish_reason`
and `model`. No network, no cost; how long it took when it was made is not known and stays missing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from readerstudy.providers.base import (
    Connection,
    ErrorCode,
    InterpretationRequest,
    Outcome,
    ProviderError,
    Reply,
)
from readerstudy.providers.stops import KNOWN_STOPS, outcome_of

RECORDED = "recorded"
"""The request parameter that holds the recording."""

LONGEST_TEXT = 100_000
"""Characters in one recorded output; more is no interpretation but a broken file."""

_PROMPT_BLOCK = "prompt_feedback:"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_COLUMNS = ("case", "text", "finish_reason", "model")
_REQUIRED = ("case", "text")


@dataclass(frozen=True, slots=True)
class Recording:
    """One imported output: the case it belongs to, the text and what is known of how it was made."""

    case: str
    text: str
    finish_reason: str = ""
    model: str = ""
    line: int = 0


class LineError(NamedTuple):
    """What is wrong in one line of an import, as a sentence. Line 0 means the whole file."""

    line: int
    sentence: str


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Return the recorded output that the request carries.

    Raises:
        ProviderError: if it carries none.
    """
    recorded = request.parameters.get(RECORDED)
    if not isinstance(recorded, Mapping) or not isinstance(recorded.get("text"), str):
        raise ProviderError(
            ErrorCode.NO_RECORDING,
            f"There is no recorded output for this case in “{connection.name}”. Import one, or take the case out.",
            retry="person",
        )
    stop = str(recorded.get("finish_reason") or "")
    return Reply(
        text=recorded["text"],
        outcome=recorded_outcome(stop, recorded["text"]),
        stop_reason="" if stop.startswith(_PROMPT_BLOCK) else stop,
        block_reason=stop.removeprefix(_PROMPT_BLOCK) if stop.startswith(_PROMPT_BLOCK) else "",
        served_model=str(recorded.get("model") or ""),
        dropped={name: value for name, value in request.parameters.items() if name != RECORDED},
        raw=dict(recorded),
    )


def recorded_outcome(stop: str, text: str) -> Outcome:
    """The outcome of an output whose vendor is not known. No stop reason at all counts as a normal end."""
    if stop.startswith(_PROMPT_BLOCK):
        return Outcome.BLOCKED
    return outcome_of(stop.casefold() or "stop", text, table=KNOWN_STOPS)


def parse_outputs(data: bytes, filename: str) -> tuple[list[Recording], list[LineError]]:
    """Read an import of outputs: CSV with a header line, or JSON Lines, by the file name's ending.

    Columns or keys are `case`, `text` and optionally `finish_reason` and `model`. Nothing should be stored
    unless the list of errors is empty. Line numbers count from 1 and include the header. A cell is kept
    as it is, white space included, because an output is evidence; only `case` is trimmed.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [], [
            LineError(line, "This line is not UTF-8 text. Save the file as UTF-8 and import it again.")
        ]
    ending = filename.lower().rsplit(".", 1)[-1]
    readers: dict[str, Callable[[str], Iterator[Recording | LineError]]] = {
        "csv": _from_csv,
        "jsonl": _from_jsonl,
        "ndjson": _from_jsonl,
    }
    if ending not in readers:
        return [], [
            LineError(0, "Only .csv and .jsonl files can be imported. Save the outputs as one of these.")
        ]
    found = list(readers[ending](text))
    records = [entry for entry in found if isinstance(entry, Recording)]
    errors = [entry for entry in found if isinstance(entry, LineError)]
    if not found:
        errors.append(LineError(0, "The file has no outputs in it. Add one line for each case."))
    return records, sorted([*errors, *_repeated(records)])


def _from_csv(text: str) -> Iterator[Recording | LineError]:
    first = text.split("\n", 1)[0]
    # Spreadsheets save semicolons or tabs where the decimal sign is a comma.
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if problem := _header_problem(header):
            yield LineError(1, problem)
            return
        start = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _csv_row(header, row, line=start)
            start = reader.line_num + 1
    except csv.Error:
        yield LineError(
            max(reader.line_num, 1),
            "The quotation marks of this line do not match. Put the text in quotation marks.",
        )


def _header_problem(header: list[str]) -> str:
    twice = sorted({name for name in header if header.count(name) > 1 and name in _COLUMNS})
    if twice:
        return f"Two columns have the name “{twice[0]}”. Keep one of them."
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        return (
            f"There is no column “{missing[0]}”. The first line must name the columns: {', '.join(_COLUMNS)}."
        )
    return ""


def _csv_row(header: list[str], row: list[str], *, line: int) -> Recording | LineError:
    if len(row) != len(header):
        return LineError(
            line,
            f"This line has {len(row)} cells where the header has {len(header)}. Check commas and quotation marks.",
        )
    return _record(dict(zip(header, row, strict=True)), line=line)


def _from_jsonl(text: str) -> Iterator[Recording | LineError]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json_line(line, line=number)


def _json_line(text: str, *, line: int) -> Recording | LineError:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return LineError(line, "This line is not JSON. Each line must be one JSON object.")
    if not isinstance(value, dict):
        return LineError(line, 'This line is not a JSON object. Write it as {"case": …, "text": …}.')
    return _record(value, line=line)


def _record(values: Mapping[str, Any], *, line: int) -> Recording | LineError:
    if "text" not in values:
        return LineError(line, "This line has no “text”. Add it, as an empty text where the model gave none.")
    cells: dict[str, str] = {}
    for name in _COLUMNS:
        value = values.get(name)
        if name == "case" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            return LineError(line, f"“{name}” must be text.")
        cells[name] = value or ""
    if problem := _cell_problem(cells):
        return LineError(line, problem)
    kept = {name: cell if name == "text" else cell.strip() for name, cell in cells.items()}
    return Recording(**kept, line=line)


def _cell_problem(cells: Mapping[str, str]) -> str:
    if not cells["case"].strip():
        return "This line names no case. Fill in the column “case”."
    if len(cells["text"]) > LONGEST_TEXT:
        return f"The text is longer than {LONGEST_TEXT:,} characters. Check the quotation marks."
    if any(_UNSTORABLE.search(cell) for cell in cells.values()):
        return "This line holds a character that cannot be stored (null or half of a pair). Remove it."
    return ""


def _repeated(records: list[Recording]) -> Iterator[LineError]:
    first: dict[str, int] = {}
    for record in records:
        seen = first.setdefault(record.case, record.line)
        if seen != record.line:
            yield LineError(
                record.line, f"This case already has an output in line {seen}. Keep one line for each case."
            )
