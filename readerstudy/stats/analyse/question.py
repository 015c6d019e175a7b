"""One criterion with its readings, its scale and its reference: what the estimators are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from readerstudy.stats.analyse.grid import Grid, grid_of
from readerstudy.stats.analyse.names import in_order, is_model
from readerstudy.stats.analyse.plan import Declared
from readerstudy.stats.analyse.table import Cells
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.inference import Inference
from readerstudy.stats.ratings import Ratings, Scores
from readerstudy.stats.scale import Kind, Label, Scale

Whole = str | None
"""An arm's name, or None for the whole criterion: all arms together, or a table without arms."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A criterion, ready to be analysed.

    ``codes`` (positions on the scale, -1 where there is no value), ``numbers`` (NaN there), ``refused`` and
    ``presentation`` (0 for the first reading of an output) have the shape of the rows of ``cells``. ``acceptable`` has
    one flag for each category. Of each case with a reference ``truth`` gives the position on the scale, ``abnormal``
    the yes or no, and ``reference_texts`` the text or the regions where the criterion is of such.
    """

    declared: Declared
    cells: Cells
    scale: Scale
    codes: IntArray
    numbers: FloatArray
    refused: BoolArray
    presentation: IntArray
    inference: Inference
    acceptable: FloatArray | None = None
    positive: int | None = None
    truth: Mapping[str, int] = field(default_factory=dict)
    abnormal: Mapping[str, bool] = field(default_factory=dict)
    reference_numbers: Mapping[str, float] = field(default_factory=dict)
    reference_texts: Mapping[str, str] = field(default_factory=dict)
    reference_arm: str | None = None

    @property
    def name(self) -> str:
        """The criterion's name."""
        return self.cells.criterion

    @property
    def kind(self) -> Kind:
        """What the values mean."""
        return self.declared.kind

    @property
    def is_graded(self) -> bool:
        """Whether the values have an order or are numbers."""
        named = self.kind in (Kind.NOMINAL, Kind.BINARY, Kind.TEXT, Kind.REGIONS)
        return not named and (self.scale.ordered or self.scale.numeric)

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms that human readers saw, in order; empty where the table names none."""
        if not len(self.cells.arm):
            return ()
        used = np.unique(self.cells.arm[~self.cells.by_model])
        return tuple(name for name in (self.cells.arms[at] for at in used) if name)

    @cached_property
    def wholes(self) -> tuple[Whole, ...]:
        """What agreement is computed for: each arm and, of several, all together first."""
        return self.arms if len(self.arms) == 1 else (None, *self.arms)

    @cached_property
    def parts(self) -> tuple[Whole, ...]:
        """What scores are computed for: each arm, or the whole table where it names none."""
        return self.arms or (None,)

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models whose own labels are in the table, as the table names them."""
        return in_order(reader for reader in self.cells.readers if is_model(reader))

    @property
    def has_refusals(self) -> bool:
        """Whether a human reading is a refusal."""
        return bool((self.refused & ~self.cells.by_model).any())

    def grid(self, arm: Whole = None, *, presentation: int = 0, model: str | None = None) -> Grid:
        """Return where the readings of an arm stand; of a model's own labels where one is named."""
        return grid_of(self.cells, self.rows(arm, presentation=presentation, model=model))

    def rows(self, arm: Whole = None, *, presentation: int = 0, model: str | None = None) -> BoolArray:
        """Return which rows of the table belong to an arm, shape (rows,)."""
        cells = self.cells
        if model is None:
            chosen = ~cells.by_model
        else:
            chosen = cells.reader == cells.readers.index(model)
        if arm is not None:
            chosen = chosen & (cells.arm == cells.arms.index(arm))
        rows: BoolArray = chosen & (self.presentation == presentation)
        return rows

    def ratings(self, arm: Whole = None, *, presentation: int = 0, model: str | None = None) -> Ratings:
        """Return the readings of an arm as categories; outputs that were refused, not read, are left out."""
        grid = self.grid(arm, presentation=presentation, model=model)
        return grid.ratings(self.codes, self.scale).among(answered(grid, self.codes >= 0, self.refused))

    def scores(self, arm: Whole = None, *, presentation: int = 0, model: str | None = None) -> Scores:
        """Return the readings of an arm as numbers; outputs that were refused, not read, are left out."""
        grid = self.grid(arm, presentation=presentation, model=model)
        return grid.scores(self.numbers).rows(answered(grid, self.codes >= 0, self.refused))

    @cached_property
    def marks(self) -> FloatArray | None:
        """1 where a value is acceptable, 0 where not, NaN where there is none; None without a declared cut."""
        if self.acceptable is None:
            return None
        return np.append(self.acceptable, np.nan)[self.codes]

    def category(self, code: int) -> Label:
        """Return the category at a position of the scale."""
        return self.scale.categories[code]


def has_categories(question: Question) -> bool:
    """Whether the values are categories: numbers are only where the plan lists them, texts and regions never."""
    numbers = question.kind in (Kind.INTERVAL, Kind.RATIO, Kind.RANK)
    if numbers:
        return question.declared.categories is not None
    return question.kind not in (Kind.TEXT, Kind.REGIONS)


def answered(grid: Grid, given: BoolArray, refused: BoolArray) -> BoolArray:
    """Return which outputs of a grid are no plain refusals: a refusal is not a missing rating."""
    kept: BoolArray = np.asarray(grid.mask(given).any(axis=1) | ~grid.mask(refused).any(axis=1))
    return kept
