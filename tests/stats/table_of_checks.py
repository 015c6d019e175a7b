"""Prints the table of certified answers: how many are met through the functions, and the worst difference.

Run: python -m tests.stats.table_of_checks
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.stats import datasets
from tests.stats import test_certified_agreement as agreement
from tests.stats import test_certified_arms as arms
from tests.stats import test_certified_scores as scores

HEADER = (
    f"{'data set':<24} {'passed':>6} {'total':>6} {'worst difference':>17} {'of its tolerance':>17}  check"
)


def main() -> int:
    """Print one line for each data set and one for all; return 1 where an answer is missed."""
    print(HEADER)
    found = [line for dataset in datasets.certified() for line in differences(dataset)]
    for dataset in datasets.certified():
        print(described(dataset, [line for line in found if line[0] == dataset]))
    print(described("all", found))
    return int(any(difference > tolerance for _, _, difference, tolerance in found))


def differences(dataset: str) -> list[tuple[str, str, float, float]]:
    """Return data set, check, absolute difference and tolerance of every answer."""
    lines = []
    for check, answer in datasets.certified()[dataset]["checks"].items():
        value = computed(dataset, check)
        apart = float("inf") if value is None else abs(value - answer["value"])
        lines.append((dataset, check, apart, answer["tolerance"]))
    return lines


def computed(dataset: str, check: str) -> float | None:
    """Return our answer to one check."""
    by_dataset: dict[str, Callable[[str], float | None]] = {
        "franken_mrmc": multi_reader,
        "agresti_baseball": ability,
        "proportions": scores.limit,
        "complete_likert": scores.crossed_mean,
    }
    if dataset in by_dataset and not check.startswith("ICC"):
        return by_dataset[dataset](check)
    if check.startswith(("ICC", "MS", "kendall")):
        return scores.computed(dataset, check)
    return agreement.computed(dataset, check)


def multi_reader(check: str) -> float | None:
    """Return our answer on the data of Franken et al."""
    kind, *parts = check.split(".")
    return {"auc": arms.area, "delong": arms.delong, "or": arms.obuchowski_rockette}[kind](*parts)


def ability(check: str) -> float | None:
    """Return our answer on the baseball data."""
    _, part, team = check.split(".")
    line = next(line for line in arms.baseball().abilities if line.arm == team)
    return line.se if part == "se" else line.value


def described(name: str, lines: list[tuple[str, str, float, float]]) -> str:
    """Return one line of the table; the worst check is the one that uses most of its tolerance."""
    passed = sum(difference <= tolerance for _, _, difference, tolerance in lines)
    _, check, difference, tolerance = max(lines, key=lambda line: line[2] / line[3])
    share = difference / tolerance
    return f"{name:<24} {passed:>6} {len(lines):>6} {difference:>17.2e} {share:>16.1%}  {check}"


if __name__ == "__main__":
    sys.exit(main())
