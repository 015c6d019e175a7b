"""Multi-reader multi-case comparison of 5 arms by 20 readers by 1,000 cases, areas under the ROC curve.

Prints JSON: seconds of ours under both covariances and of the U-statistic for designs with blanks, of one
pass of scikit-learn over the same 100 areas, and of a jackknife by calling it again without each case,
estimated from that pass, all in the same run. No Python library does the analysis itself.
Run: python -m benchmarks.mrmc
"""

import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from readerstudy.stats.gallas import gallas
from readerstudy.stats.mrmc import complete_reads, decompose, mrmc
from readerstudy.stats.ratings import Scores

ARMS, READERS, CASES, ROUNDS = 5, 20, 1_000, 5


def main() -> None:
    """Time the target and print the result."""
    arms, truth = simulated_reads()
    mrmc(arms, truth)
    jackknife = min(timed(lambda: mrmc(arms, truth))[0] for _ in range(ROUNDS))
    delong = min(timed(lambda: mrmc(arms, truth, covariance="delong"))[0] for _ in range(ROUNDS))
    overall = mrmc(arms, truth)[0]
    library, areas = timed(lambda: library_areas(arms, truth))
    blanks, _ = timed(lambda: gallas(arms, truth))
    print(
        json.dumps(
            {
                "arms": ARMS,
                "readers": READERS,
                "cases": CASES,
                "f": overall.statistic,
                "p": overall.p,
                "largest_difference_to_library_areas": largest_difference(arms, truth, areas),
                "seconds_jackknife": round(jackknife, 4),
                "seconds_delong": round(delong, 4),
                "seconds_u_statistic": round(blanks, 3),
                "seconds_library_areas_once": round(library, 3),
                "seconds_library_jackknife_estimated": round(library * CASES, 1),
                "ratio_library_to_ours": round(library * CASES / jackknife, 1),
                "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "target_seconds": 0.2,
            },
            indent=1,
        )
    )


def simulated_reads() -> tuple[dict[str, Scores], dict[str, bool]]:
    """Return 5-point confidence of every reader for every case in every arm, and which are abnormal."""
    generator = np.random.Generator(np.random.PCG64(20261122))
    abnormal = np.arange(CASES) % 2 == 1
    cases = tuple(f"case{number}" for number in range(CASES))
    readers = tuple(f"reader{number}" for number in range(READERS))
    arms = {}
    for arm in range(ARMS):
        latent = 3.0 + (1.0 + 0.1 * arm) * abnormal[:, np.newaxis] + generator.normal(size=(CASES, READERS))
        values = np.clip(np.round(latent), 1.0, 5.0)
        arms[f"arm{arm}"] = Scores(values=values, units=cases, readers=readers)
    return arms, dict(zip(cases, abnormal.tolist(), strict=True))


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds a call took and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def library_areas(arms: dict[str, Scores], truth: dict[str, bool]) -> np.ndarray[Any, Any]:
    """Return the library's area of each arm and reader, shape (arms, readers)."""
    abnormal = [truth[case] for case in arms["arm0"].units]
    return np.array(
        [[roc_auc_score(abnormal, column) for column in scores.values.T] for scores in arms.values()]
    )


def largest_difference(arms: dict[str, Scores], truth: dict[str, bool], areas: np.ndarray[Any, Any]) -> float:
    """Return the largest difference of our areas to the library's, readers in order of name."""
    reads = complete_reads(arms, truth)
    if reads is None:
        raise RuntimeError("The simulated reads are complete, and so must be read as such.")
    order = np.argsort(arms["arm0"].readers)
    return float(np.abs(decompose(reads).figures - areas[:, order]).max())


if __name__ == "__main__":
    main()
