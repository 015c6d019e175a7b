"""The reference standard: ``case,label[,criterion]``; a label without a criterion holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from readerstudy.stats.analyse.problems import AnalysisError, Complaints
from readerstudy.stats.analyse.table import header_of, open_text, rows_of

REQUIRED = ("case", "label")
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Reference:
    """The label of each case, by criterion; under None what holds for every criterion."""

    by_criterion: Mapping[str | None, Labels] = field(default_factory=dict)

    def of(self, criterion: str) -> Labels:
        """Return the labels that hold for a criterion; its own ones come before the common ones."""
        return {**self.by_criterion.get(None, {}), **self.by_criterion.get(criterion, {})}

    def is_own(self, criterion: str) -> bool:
        """Whether the file names this criterion."""
        return criterion in self.by_criterion


def read_reference(path: Path) -> Reference:
    """Return the reference in a CSV file; raises AnalysisError with a sentence for every wrong row."""
    try:
        with open_text(path) as file:
            return _read(file)
    except UnicodeDecodeError:
        raise AnalysisError(
            ["The reference is not UTF-8 text. Save it as “CSV UTF-8” and try again."]
        ) from None
    except AnalysisError as error:
        raise AnalysisError(f"The reference: {sentence}" for sentence in error.found) from None


def _read(file: IO[str]) -> Reference:
    complaints = Complaints()
    rows = rows_of(file, complaints=complaints, what="the file")
    first = next(rows, None)
    if first is None:
        raise AnalysisError(
            [f"The file is empty. Its first line must name the columns {', '.join(REQUIRED)}."]
        )
    header = header_of(first[1], required=REQUIRED, line=first[0])
    found: dict[str | None, dict[str, str]] = {}
    for line, cells in rows:
        row = dict(zip(header, cells, strict=True))
        _add(found, row, line, complaints)
    complaints.raise_any()
    return Reference(found)


def _add(
    found: dict[str | None, dict[str, str]], row: Mapping[str, str], line: int, complaints: Complaints
) -> None:
    case, label = row["case"], row["label"]
    if not case:
        complaints.add(line, "case", "It is empty. Fill it in.")
    elif label:
        labels = found.setdefault(row.get("criterion") or None, {})
        if labels.setdefault(case, label) != label:
            complaints.add(line, "label", f"Case “{case}” has two different labels. Keep one.")
