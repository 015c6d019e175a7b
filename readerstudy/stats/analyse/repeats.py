"""Which presentation of a case each row is: the first one, a repeat, or the same one twice by mistake."""

from __future__ import annotations

import numpy as np

from readerstudy.stats.analyse.problems import Complaints
from readerstudy.stats.analyse.table import Cells
from readerstudy.stats.arrays import IntArray


def presentations(cells: Cells, complaints: Complaints) -> IntArray:
    """Return 0 for the first reading of an output by a reader, 1 for the second, and so on, shape (rows,).

    Readings are told apart by ``repeat`` and then by ``period``. Two rows that neither tells apart are a complaint.
    """
    if not len(cells.reader):
        return np.zeros(0, dtype=np.int64)
    order = np.lexsort((cells.line, cells.period, cells.repeat, cells.arm, cells.case, cells.reader))
    place = np.stack([cells.reader, cells.case, cells.arm])[:, order]
    moment = np.stack([cells.repeat, cells.period])[:, order]
    same_place = np.concatenate([[False], (place[:, 1:] == place[:, :-1]).all(axis=0)])
    same_moment = same_place & np.concatenate([[False], (moment[:, 1:] == moment[:, :-1]).all(axis=0)])
    for at in np.flatnonzero(same_moment).tolist():
        _complain(cells, int(order[at - 1]), int(order[at]), complaints)
    steps = np.cumsum(~same_moment)
    starts = np.maximum.accumulate(np.where(same_place, 0, steps))
    nth = np.empty(len(order), dtype=np.int64)
    nth[order] = steps - starts
    return nth


def _complain(cells: Cells, first: int, second: int, complaints: Complaints) -> None:
    reader, case = cells.readers[cells.reader[second]], cells.cases[cells.case[second]]
    complaints.add_line(
        int(cells.line[second]),
        f"Reader “{reader}” rated case “{case}” on “{cells.criterion}” already in line {int(cells.line[first])}. "
        "Keep one of the two, or number them in a column named repeat.",
    )
