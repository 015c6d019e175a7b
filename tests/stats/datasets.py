"""Published data sets with certified answers, as matrices and tables."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from readerstudy.stats.agreement import ratings_from_table
from readerstudy.stats.ratings import Ratings, Scores, read_ratings, read_scores
from readerstudy.stats.scale import Kind

DATA = Path(__file__).parent / "data"
SCALES = {"krippendorff_canonical": range(1, 6), "fleiss1971": range(1, 6), "anxiety": range(1, 7)}


@cache
def certified() -> dict[str, Any]:
    return json.loads((DATA / "certified.json").read_text())


def checks(*datasets: str) -> list[tuple[str, str]]:
    """Return (data set, check) for every certified answer of the data sets."""
    return [(dataset, check) for dataset in datasets for check in certified()[dataset]["checks"]]


def assert_certified(dataset: str, check: str, value: float | None) -> None:
    """Fail unless the value lies within the tolerance of the certified one."""
    answer = certified()[dataset]["checks"][check]
    assert value is not None, f"{dataset} {check} is undefined"
    assert abs(value - answer["value"]) <= answer["tolerance"], f"{value!r} is not {answer['value']!r}"


@cache
def lines(dataset: str) -> list[list[str]]:
    """Return the lines of a data set below its header."""
    with (DATA / f"{dataset}.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def matrix(dataset: str) -> list[list[int | None]]:
    """Return rows of outputs by readers; the first column of the file is the output's name."""
    return [[int(cell) if cell else None for cell in line[1:]] for line in lines(dataset)]


@cache
def ratings(dataset: str) -> Ratings:
    return read_ratings(matrix(dataset), categories=SCALES[dataset], kind=Kind.ORDINAL)


@cache
def scores(dataset: str) -> Scores:
    if dataset == "complete_likert":
        return likert()
    return read_scores(matrix(dataset))


@cache
def likert() -> Scores:
    cells = {(case, reader): int(score) for case, reader, score in lines("complete_likert")}
    cases = sorted({case for case, _ in cells})
    readers = sorted({reader for _, reader in cells})
    values = [[cells[case, reader] for reader in readers] for case in cases]
    return read_scores(values, units=cases, readers=readers)


@cache
def vision() -> Ratings:
    counts = [[int(cell) for cell in line[1:]] for line in lines("stuart_vision")]
    return ratings_from_table(counts, categories=[line[0] for line in lines("stuart_vision")])


@cache
def edge_cases() -> dict[str, Any]:
    return {case["id"]: case for case in json.loads((DATA / "edge_cases.json").read_text())}


def random_matrix(
    seed: int, *, outputs: int, readers: int, categories: int, missing: float = 0.0
) -> np.ndarray[Any, Any]:
    """Return ratings 1..categories that agree somewhat, with blanks as NaN."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(1, categories + 1, size=(outputs, 1))
    guess = generator.integers(1, categories + 1, size=(outputs, readers))
    values = np.where(generator.random((outputs, readers)) < 0.5, truth, guess).astype(float)
    values[generator.random((outputs, readers)) < missing] = np.nan
    return values
