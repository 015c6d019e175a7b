"""A model by itself against a panel of readers, by their areas under the ROC curve or yes/no calls.

The model is fixed and read each case once; readers and cases are samples. The test is the
single-arm form of Obuchowski-Rockette on the differences model - reader, which is the same as
comparing the readers with an arm in which every reader gave the model's scores (Hillis, Stat Med 26:596,
2007; Chakraborty, Observer Performance Methods for Diagnostic Imaging, 2017, ch. 22).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.mrmc import Figure, mrmc
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import Covariance, Truth


def standalone(
    scores: Mapping[str, float],
    readers: Scores,
    truth: Truth,
    *,
    model: str = "model",
    figure: Figure = "auc",
    covariance: Covariance = "jackknife",
    inference: Inference = DEFAULT,
) -> list[Estimate]:
    """Return the model's figure less the readers' mean, one line for each variant of `mrmc`.

    ``scores`` holds the model's score by case, on any scale of its own for the area, 1 and 0 for calls.
    ``contrast`` is "MODEL-readers". Cases without a score of the model are left out; undefined as
    `mrmc`, above all where a reader has not read a case.
    """
    known = np.array([case in scores for case in readers.case_names], dtype=bool)
    panel = readers.rows(known)
    own = np.array([scores[case] for case in panel.case_names], dtype=np.float64)
    repeated = panel.with_values(np.repeat(own[:, np.newaxis], len(panel.readers), axis=1))
    arms = {model: repeated, "readers": panel}
    found = mrmc(arms, truth, figure=figure, covariance=covariance, inference=inference)
    contrast = f"{model}-readers"
    lines = [line for line in found if line.contrast == contrast or line.n_cases is None]
    return [replace(line.labelled(contrast=contrast), n_ratings=_ratings(line)) for line in lines]


def _ratings(line: Estimate) -> int | None:
    # Half of the ratings that were compared are the model's, repeated.
    return None if line.n_ratings is None else line.n_ratings // 2
