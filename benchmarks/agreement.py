"""Krippendorff's alpha with 1,000 case resamples over 10,000 cases by 20 readers, 30 % missing.

Prints JSON: seconds of our function, of one call of the krippendorff library on the same ratings, and
of 1,000 calls of it estimated from 20, all in the same run. Run: python -m benchmarks.agreement
"""

import json
import resource
import time
from collections.abc import Callable
from typing import Any

import krippendorff
import numpy as np

from readerstudy.stats.agreement import gwet_ac, krippendorff_alpha
from readerstudy.stats.inference import Inference
from readerstudy.stats.ratings import read_ratings
from readerstudy.stats.scale import Kind

CASES, READERS, MISSING, RESAMPLES, LIBRARY_CALLS = 10_000, 20, 0.3, 1_000, 20


def main() -> None:
    """Time the target and print the result."""
    matrix = simulated_ratings()
    reading, ratings = timed(lambda: read_ratings(matrix, categories=range(1, 6), kind=Kind.ORDINAL))
    inference = Inference(resamples=RESAMPLES, method="bootstrap", seed=1)
    krippendorff_alpha(ratings, metric="nominal", inference=Inference(resamples=100))  # warms the imports
    ours, estimate = timed(lambda: krippendorff_alpha(ratings, metric="ordinal", inference=inference))
    gwet, _ = timed(lambda: gwet_ac(ratings, weights="quadratic", inference=inference))
    counts = ratings.counts().astype(int)
    library, value = timed(lambda: library_alpha(matrix))
    generator = np.random.Generator(np.random.PCG64(1))
    loop, _ = timed(lambda: [library_resample(counts, generator) for _ in range(LIBRARY_CALLS)])
    print(
        json.dumps(
            {
                "cases": CASES,
                "readers": READERS,
                "missing": MISSING,
                "resamples": RESAMPLES,
                "alpha": estimate.value,
                "ci": estimate.ci,
                "alpha_krippendorff_library": value,
                "seconds_alpha_with_resamples": round(ours, 3),
                "seconds_ac2_with_resamples": round(gwet, 3),
                "seconds_reading_the_matrix": round(reading, 3),
                "seconds_library_one_call": round(library, 4),
                "seconds_library_resamples_estimated": round(loop / LIBRARY_CALLS * RESAMPLES, 2),
                "ratio_library_to_ours": round(loop / LIBRARY_CALLS * RESAMPLES / ours, 1),
                "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "target_seconds": 1.0,
            },
            indent=1,
        )
    )


def simulated_ratings() -> np.ndarray[Any, Any]:
    """Return 5-point ratings near a truth for each case, NaN where blank; shape (cases, readers)."""
    generator = np.random.Generator(np.random.PCG64(20261122))
    truth = generator.integers(1, 6, size=(CASES, 1))
    ratings = np.clip(truth + generator.integers(-1, 2, size=(CASES, READERS)), 1, 5).astype(float)
    ratings[generator.random(ratings.shape) < MISSING] = np.nan
    return ratings


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds a call took and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def library_alpha(matrix: np.ndarray[Any, Any]) -> float:
    """Return the library's alpha of the whole matrix."""
    return float(krippendorff.alpha(reliability_data=matrix.T, level_of_measurement="ordinal"))


def library_resample(counts: np.ndarray[Any, Any], generator: np.random.Generator) -> float:
    """Return the library's alpha of one resample, by its faster input of value counts."""
    drawn = counts[generator.integers(0, len(counts), size=len(counts))]
    return float(krippendorff.alpha(value_counts=drawn, level_of_measurement="ordinal"))


if __name__ == "__main__":
    main()
