"""Ratings as matrices: one row an output, one column a reader, blanks where nobody rated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress
from typing import Any, Self

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.estimate import Reason, Sample
from readerstudy.stats.scale import Kind, Label, Scale

MISSING = -1
_MISFIT = "The names of outputs, cases and readers do not fit the matrix of ratings."


class RatingsError(ValueError):
    """A matrix of ratings that cannot be analysed as it stands."""


@dataclass(frozen=True, kw_only=True)
class _Crossing:
    """Who rated what. ``cases`` names the case of each row; None makes each row its own case."""

    units: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...] | None = None

    @property
    def case_names(self) -> tuple[str, ...]:
        """The case of each row."""
        return self.cases if self.cases is not None else self.units

    def _check(self, shape: tuple[int, ...]) -> None:
        if shape != (len(self.units), len(self.readers)) or len(self.case_names) != len(self.units):
            raise RatingsError(_MISFIT)
        if len(set(self.readers)) < len(self.readers):
            raise RatingsError("A reader has two columns. Give every reader one column.")


@dataclass(frozen=True, kw_only=True)
class Ratings(_Crossing):
    """Categories given by readers.

    ``codes`` has shape (outputs, readers): positions on ``scale``, -1 where there is no rating.
    """

    codes: IntArray
    scale: Scale

    def __post_init__(self) -> None:
        self._check(self.codes.shape)

    @property
    def rated(self) -> BoolArray:
        """Where there is a rating, shape (outputs, readers)."""
        rated: BoolArray = self.codes != MISSING
        return rated

    def sample(self) -> Sample:
        """Return the counts of cases, readers, ratings and blanks."""
        return sample_of(self.rated, self.case_names)

    def used(self) -> Self:
        """Return these ratings without unrated outputs and without readers who rated nothing."""
        rated = self.rated
        rows, columns = _any(rated, axis=1), _any(rated, axis=0)
        return replace(self, codes=self.codes[np.ix_(rows, columns)], **_names(self, rows, columns))

    def among(self, chosen: BoolArray) -> Self:
        """Return the chosen outputs with all readers."""
        everyone = np.ones(len(self.readers), dtype=bool)
        return replace(self, codes=self.codes[chosen], **_names(self, chosen, everyone))

    def scores(self) -> Scores:
        """Return the ratings as numbers, by the values of the scale."""
        values = np.append(self.scale.values(), np.nan)
        return Scores(values=values[self.codes], units=self.units, readers=self.readers, cases=self.cases)

    def counts(self) -> FloatArray:
        """Return how often each output was put into each category, shape (outputs, categories)."""
        counts = np.empty((len(self.units), len(self.scale.categories)))
        for code in range(len(self.scale.categories)):
            counts[:, code] = (self.codes == code).sum(axis=1)
        return counts

    def pair(self, first: int, second: int) -> Self:
        """Return the two columns of a reader pair, at the outputs that both rated."""
        columns = [first, second]
        both = _all(self.rated[:, columns])
        chosen = _any(np.arange(len(self.readers))[:, np.newaxis] == columns, axis=1)
        names = _names(self, both, chosen) | {"readers": (self.readers[first], self.readers[second])}
        return replace(self, codes=self.codes[np.ix_(both, np.array(columns))], **names)


@dataclass(frozen=True, kw_only=True)
class Scores(_Crossing):
    """Numbers given by readers: ``values`` of shape (outputs, readers), NaN where there is none."""

    values: FloatArray

    def __post_init__(self) -> None:
        self._check(self.values.shape)
        if np.isinf(self.values).any():
            raise RatingsError("A score is infinite. Give finite numbers, and leave blanks empty.")

    @property
    def rated(self) -> BoolArray:
        """Where there is a score, shape (outputs, readers)."""
        return ~np.isnan(self.values)

    def sample(self) -> Sample:
        """Return the counts of cases, readers, scores and blanks."""
        return sample_of(self.rated, self.case_names)

    def complete(self) -> Self:
        """Return the outputs that every reader with data has scored."""
        readers = _any(self.rated, axis=0)
        rows = _all(self.rated[:, readers]) & readers.any()
        return replace(self, values=self.values[np.ix_(rows, readers)], **_names(self, rows, readers))

    def rows(self, chosen: BoolArray) -> Self:
        """Return the chosen outputs with all readers."""
        everyone = np.ones(len(self.readers), dtype=bool)
        return replace(self, values=self.values[chosen], **_names(self, chosen, everyone))

    def with_values(self, values: FloatArray) -> Self:
        """Return the same outputs and readers with other numbers."""
        return replace(self, values=values)


def read_ratings(
    matrix: Sequence[Sequence[Any]] | np.ndarray[Any, Any],
    *,
    categories: Iterable[Label] | None = None,
    kind: Kind = Kind.NOMINAL,
    units: Sequence[str] | None = None,
    readers: Sequence[str] | None = None,
    cases: Sequence[str] | None = None,
) -> Ratings:
    """Return a matrix of labels as ratings.

    ``matrix`` has one row an output and one column a reader; None and NaN are missing. Without
    ``categories`` the scale is collected from the labels and marked as not declared. ``cases``
    names the case of each row where several outputs belong to one case.

    Raises RatingsError for a ragged matrix and for a label outside the scale, naming output and
    reader.
    """
    cells = _as_matrix(matrix)
    rows, columns = cells.shape
    scale = (
        Scale.of_kind(kind, categories)
        if categories is not None
        else Scale.observed(label for label in cells.flat if not is_missing(label))
    )
    names = _given_names(rows, columns, units, readers)
    codes = np.full(cells.shape, MISSING, dtype=np.int64)
    known: dict[tuple[type, Any], int] = {}
    for row, labels in enumerate(cells):
        for column, label in enumerate(labels):
            code = known.get((type(label), label))
            if code is None and not is_missing(label):
                code = _code(scale, label, output=names[0][row], reader=names[1][column])
                known[type(label), label] = code
            codes[row, column] = MISSING if code is None else code
    return Ratings(codes=codes, scale=scale, units=names[0], readers=names[1], cases=_tuple(cases))


def read_scores(
    matrix: Sequence[Sequence[Any]] | np.ndarray[Any, Any],
    *,
    units: Sequence[str] | None = None,
    readers: Sequence[str] | None = None,
    cases: Sequence[str] | None = None,
) -> Scores:
    """Return a matrix of numbers as scores; None and NaN are missing.

    Raises RatingsError for a ragged matrix and for a value that is not a number.
    """
    cells = _as_matrix(matrix)
    names = _given_names(cells.shape[0], cells.shape[1], units, readers)
    values = np.full(cells.shape, np.nan)
    for (row, column), value in np.ndenumerate(cells):
        if not is_missing(value):
            values[row, column] = _number(value, output=names[0][row], reader=names[1][column])
    return Scores(values=values, units=names[0], readers=names[1], cases=_tuple(cases))


def overlap(ratings: Ratings | Scores) -> IntArray:
    """Return how many outputs each two readers share, shape (readers, readers).

    The diagonal holds how many outputs each reader rated.
    """
    rated = ratings.rated.astype(np.int64)
    return rated.T @ rated


def sample_of(rated: BoolArray, cases: Sequence[str]) -> Sample:
    """Return the counts behind a mask of ratings; readers without any rating do not count."""
    readers = int(rated.any(axis=0).sum())
    ratings = int(rated.sum())
    return Sample(
        n_cases=distinct_cases(cases, _any(rated, axis=1)),
        n_readers=readers,
        n_ratings=ratings,
        n_missing=rated.shape[0] * readers - ratings,
    )


def distinct_cases(cases: Sequence[str], chosen: BoolArray) -> int:
    """Return how many cases the chosen rows belong to."""
    return int(np.count_nonzero(np.bincount(case_positions(cases)[chosen])))


def is_missing(label: Any) -> bool:
    """Return whether a cell is blank: None or a floating-point NaN."""
    return label is None or (isinstance(label, float | np.floating) and bool(np.isnan(label)))


def case_positions(cases: Sequence[str]) -> IntArray:
    """Return the position of each row's case among the sorted distinct cases, not to be written to."""
    return _positions(tuple(cases))


@lru_cache(maxsize=64)
def _positions(cases: tuple[str, ...]) -> IntArray:
    # Every coefficient of the same outputs asks for the same positions.
    positions = np.unique(np.array(cases, dtype=str), return_inverse=True)[1].astype(np.int64)
    positions.flags.writeable = False
    return positions


def incomplete_reason(scores: Scores, complete: Scores) -> Reason | None:
    """Return why complete-case figures are undefined, or None for two readers and two full outputs."""
    if not scores.rated.any():
        return Reason.NO_RATINGS
    if len(complete.readers) < 2:
        return Reason.ONE_READER
    if len(complete.units) < 2:
        return Reason.ONE_CASE if len(scores.units) < 2 else Reason.INCOMPLETE
    return None


def _any(mask: BoolArray, *, axis: int) -> BoolArray:
    return np.asarray(mask.any(axis=axis), dtype=np.bool_)


def _all(mask: BoolArray) -> BoolArray:
    return np.asarray(mask.all(axis=1), dtype=np.bool_)


def _names(crossing: _Crossing, rows: BoolArray, columns: BoolArray) -> dict[str, Any]:
    cases = crossing.cases
    return {
        "units": _select(crossing.units, rows),
        "readers": _select(crossing.readers, columns),
        "cases": None if cases is None else _select(cases, rows),
    }


def _select(names: tuple[str, ...], chosen: BoolArray) -> tuple[str, ...]:
    return names if chosen.all() else tuple(compress(names, chosen.tolist()))


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _as_matrix(matrix: Sequence[Sequence[Any]] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rows = matrix.tolist() if isinstance(matrix, np.ndarray) else [list(row) for row in matrix]
    width = len(rows[0]) if rows else 0
    if any(len(row) != width for row in rows):
        raise RatingsError("The rows of the matrix differ in length. Give one cell for every reader.")
    cells = np.empty((len(rows), width), dtype=object)
    for position, row in enumerate(rows):
        cells[position, :] = row
    return cells


def _given_names(
    rows: int, columns: int, units: Sequence[str] | None, readers: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = (
        _tuple(units) or tuple(str(number) for number in range(1, rows + 1)),
        _tuple(readers) or tuple(f"R{number}" for number in range(1, columns + 1)),
    )
    if (len(names[0]), len(names[1])) != (rows, columns):
        raise RatingsError(_MISFIT)
    return names


def _code(scale: Scale, label: Any, *, output: str, reader: str) -> int:
    code = scale.code(label)
    if code is None:
        declared = ", ".join(str(category) for category in scale.categories)
        raise RatingsError(
            f'Reader "{reader}" gave output "{output}" the value "{label}", which is not on the '
            f"declared scale ({declared}). Correct the value or declare the category."
        )
    return code


def _number(value: Any, *, output: str, reader: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise RatingsError(
            f'Reader "{reader}" gave output "{output}" the value "{value}", which is not a number. '
            "Give numbers, and leave blanks empty."
        ) from None
