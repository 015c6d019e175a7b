"""The report's numbers once more, by plain counting over the exported CSV: nothing of the product is used here."""

from __future__ import annotations

import csv
import io
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

Row = dict[str, str]


def read(exported: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(exported.decode(), newline="")))


def chosen(rows: Iterable[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def numbers(rows: Iterable[Row], column: str) -> list[tuple[str, str, float]]:
    """(case, reader, number) wherever the column is filled."""
    return [(row["case"], row["reader"], float(row[column])) for row in rows if row[column] != ""]


def mean(ratings: Sequence[tuple[str, str, float]]) -> float:
    return sum(value for _case, _reader, value in ratings) / len(ratings)


def crossed_variances(ratings: Sequence[tuple[str, str, float]]) -> tuple[float, float]:
    """Variance of the mean due to cases, and due to readers with error, from sums of squares."""
    per_case, per_reader = _counts(ratings, 0), _counts(ratings, 1)
    n = len(ratings)

    def within(place: int) -> float:
        groups = defaultdict[str, list[float]](list)
        for rating in ratings:
            groups[rating[place]].append(rating[2])
        return sum(float(np.var(group) * len(group)) for group in groups.values())

    total = float(np.var([value for *_who, value in ratings]) * n)
    # Expected sums of squares within cases, within readers, and over all, by the three variances.
    design = [
        [0.0, n - len(per_case), n - len(per_case)],
        [n - len(per_reader), 0.0, n - len(per_reader)],
        [n - sum(k * k for k in per_case) / n, n - sum(k * k for k in per_reader) / n, n - 1.0],
    ]
    case, reader, error = np.linalg.solve(np.array(design), np.array([within(0), within(1), total]))
    by_case = max(float(case), 0.0) * sum(k * k for k in per_case) / n**2
    by_reader = float(reader) * sum(k * k for k in per_reader) / n**2 + float(error) / n
    return by_case, by_reader if by_reader > 1e-12 else max(float(error), 0.0) / n


def crossed_interval(
    ratings: Sequence[tuple[str, str, float]], bounds: tuple[float, float] = (-np.inf, np.inf)
) -> tuple[float, float]:
    """The 95 % interval for other readers and cases: t with Hillis' degrees of freedom."""
    from scipy.stats import t

    by_case, by_reader = crossed_variances(ratings)
    readers = len(_counts(ratings, 1))
    df = (by_case + by_reader) ** 2 / (by_reader**2 / (readers - 1))
    half = float(t.ppf(0.975, df)) * float(np.sqrt(by_case + by_reader))
    return max(mean(ratings) - half, bounds[0]), min(mean(ratings) + half, bounds[1])


def fixed_interval(
    ratings: Sequence[tuple[str, str, float]], bounds: tuple[float, float] = (-np.inf, np.inf)
) -> tuple[float, float]:
    """The 95 % interval for other cases read by these readers: sums of deviations by case."""
    from scipy.stats import t

    means = {
        reader: mean([rating for rating in ratings if rating[1] == reader])
        for reader in {r[1] for r in ratings}
    }
    sums = defaultdict[str, float](float)
    for case, reader, value in ratings:
        sums[case] += (value - means[reader]) / len(ratings)
    cases = len(sums)
    se = float(np.sqrt(cases / (cases - 1) * sum(total**2 for total in sums.values())))
    half = float(t.ppf(0.975, cases - 1)) * se
    return max(mean(ratings) - half, bounds[0]), min(mean(ratings) + half, bounds[1])


def paired(first: Iterable[Row], second: Iterable[Row], column: str) -> list[tuple[str, str, float]]:
    """First minus second wherever one reader has both for one case."""
    other = {(case, reader): value for case, reader, value in numbers(second, column)}
    return [
        (case, reader, value - other[case, reader])
        for case, reader, value in numbers(first, column)
        if (case, reader) in other
    ]


def matrix(rows: Iterable[Row], column: str) -> list[list[float | None]]:
    """Readers by outputs, None where there is no rating."""
    rows = list(rows)
    readers = sorted({row["reader"] for row in rows})
    outputs = sorted({(row["case"], row["arm"]) for row in rows})
    found = {(row["reader"], row["case"], row["arm"]): row[column] for row in rows}
    cells = [[found.get((reader, *output), "") for output in outputs] for reader in readers]
    return [[float(cell) if cell != "" else None for cell in line] for line in cells]


def percent_agreement(ratings: list[list[float | None]]) -> float:
    """The share of agreeing pairs within an output, averaged over outputs with two ratings or more."""
    shares = []
    for output in zip(*ratings, strict=True):
        given = [value for value in output if value is not None]
        pairs = list(itertools.combinations(given, 2))
        if pairs:
            shares.append(sum(a == b for a, b in pairs) / len(pairs))
    return sum(shares) / len(shares)


def gwet(ratings: list[list[float | None]], categories: Sequence[float], *, quadratic: bool) -> float:
    """AC1, or AC2 with quadratic weights, by Gwet's formula written out."""
    span = max(categories) - min(categories)
    weights = {
        (a, b): (1 - ((a - b) / span) ** 2 if quadratic else float(a == b))
        for a in categories
        for b in categories
    }
    agreement, shares = [], []
    for output in zip(*ratings, strict=True):
        given = [value for value in output if value is not None]
        if given:
            shares.append([given.count(category) / len(given) for category in categories])
        if len(given) > 1:
            ordered = list(itertools.permutations(given, 2))
            agreement.append(sum(weights[pair] for pair in ordered) / len(ordered))
    pi = np.mean(np.array(shares), axis=0)
    q = len(categories)
    expected = sum(weights.values()) / (q * (q - 1)) * float(np.sum(pi * (1 - pi)))
    return (float(np.mean(agreement)) - expected) / (1 - expected)


def _counts(ratings: Sequence[tuple[str, str, float]], place: int) -> list[int]:
    counts = defaultdict[str, int](int)
    for rating in ratings:
        counts[rating[place]] += 1
    return list(counts.values())
