"""A pilot's reads from a table: one line for each reader, case and arm."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from readerstudy.stats.mrmc import Reads
from readerstudy.stats.power.planned import PowerError

COLUMNS = ("reader", "case", "arm", "truth", "value")


def read_pilot(text: str) -> Reads:
    """Return the complete reads in a CSV text with the columns reader, case, arm, truth (0 or 1) and value.

    Raises PowerError, naming the line, for what is missing, twice, no number, or contradicts itself; the arms must be
    two, and every reader must have read every case in both.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise PowerError(f"The pilot table has no column “{missing[0]}”. It needs: {', '.join(COLUMNS)}.")
    cells: dict[tuple[str, str, str], float] = {}
    truth: dict[str, bool] = {}
    for row in rows:
        _add(row, rows.line_num, cells, truth)
    return _reads(cells, truth)


def _add(
    row: dict[str, str | None], line: int, cells: dict[tuple[str, str, str], float], truth: dict[str, bool]
) -> None:
    arm, reader, case = (_text(row, name, line) for name in ("arm", "reader", "case"))
    if (arm, reader, case) in cells:
        raise PowerError(f"Line {line}: reader {reader} reads case {case} in arm {arm} twice. Keep one.")
    abnormal = _text(row, "truth", line)
    if abnormal not in ("0", "1"):
        raise PowerError(f"Line {line}: the truth is “{abnormal}”; write 1 for abnormal and 0 for normal.")
    if truth.setdefault(case, abnormal == "1") != (abnormal == "1"):
        raise PowerError(f"Line {line}: case {case} has another truth further up. Correct one of them.")
    cells[arm, reader, case] = _number(_text(row, "value", line), line)


def _text(row: dict[str, str | None], name: str, line: int) -> str:
    text = (row[name] or "").strip()
    if not text:
        raise PowerError(f"Line {line}: “{name}” is empty. A pilot must be complete.")
    return text


def _number(text: str, line: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise PowerError(f"Line {line}: the value “{text}” is not a number.")
    return number


def _reads(cells: dict[tuple[str, str, str], float], truth: dict[str, bool]) -> Reads:
    arms, readers, cases = (tuple(sorted({key[place] for key in cells})) for place in range(3))
    if len(arms) != 2:
        raise PowerError(f"The pilot has {len(arms)} arms; a comparison needs two.")
    for arm in arms:
        for reader in readers:
            absent = [case for case in cases if (arm, reader, case) not in cells]
            if absent:
                raise PowerError(
                    f"Reader {reader} has no value for case {absent[0]} in arm {arm}. "
                    "Every reader must have read every case in both arms."
                )
    values = np.array([[[cells[arm, reader, case] for case in cases] for reader in readers] for arm in arms])
    abnormal = np.array([truth[case] for case in cases], dtype=bool)
    return Reads(arms=arms, readers=readers, values=values, abnormal=abnormal)
