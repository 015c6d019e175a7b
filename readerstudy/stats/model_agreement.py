"""A model's own label of each case beside the labels of experts.

Does the model agree with an expert as well as experts agree with one another? Its mean kappa over
the experts is printed beside the mean over expert pairs and their difference; then how often it
meets the experts' strict majority; and, leaving out each expert in turn, how often it and that
expert meet the strict majority of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from readerstudy.stats.accuracy import exact_mcnemar_p
from readerstudy.stats.agreement import Weights, cohen_kappa, light_kappa
from readerstudy.stats.agreement.cohen import kappa_statistics, mean_kappa_resamples
from readerstudy.stats.arrays import FloatArray, IntArray, NumberArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.intervals import NEWCOMBE_PAIRED, newcombe_paired, proportion
from readerstudy.stats.ratings import MISSING, Ratings, RatingsError
from readerstudy.stats.scale import Label
from readerstudy.stats.sums import CASE_BOOTSTRAP, SumStatistic, bootstrap, percentile

_KAPPA, _ACCURACY = "light_kappa", "accuracy"


@dataclass(frozen=True, kw_only=True)
class ModelAgreement:
    """What the model's labels show.

    ``by_reader``: Cohen's kappa with each expert, ``reader`` "MODEL|R1". ``mean``: their mean, with
    ``reader`` MODEL, and ``between_readers``: Light's kappa of the experts. ``difference``: mean less
    between_readers, ``contrast`` "MODEL-readers". ``majority``: the model's accuracy against the
    strict majority; labelled cases without one are counted in its ``n_missing``. ``leave_one_out``:
    for each expert the model's accuracy less the expert's against the strict majority of the others,
    ``contrast`` "MODEL-R1", and last their mean over experts, ``contrast`` "MODEL-readers".
    """

    by_reader: tuple[Estimate, ...]
    mean: Estimate
    between_readers: Estimate
    difference: Estimate
    majority: Estimate
    leave_one_out: tuple[Estimate, ...]


def model_agreement(
    readers: Ratings,
    labels: Mapping[str, Label],
    *,
    model: str = "model",
    weights: Weights = "unweighted",
    inference: Inference = DEFAULT,
) -> ModelAgreement:
    """Return how a model's label of each case agrees with the experts' ratings of that case.

    ``labels`` holds the model's label by case; other cases count among experts alone. A case that
    the model refused has no label; to count refusals as disagreement declare a category for them.
    Raises RatingsError for a label off the scale and for ratings that hold a case twice.
    """
    both = with_model(readers, labels, model=model)
    mean, difference = _mean_and_difference(both, weights, inference)
    return ModelAgreement(
        by_reader=tuple(
            cohen_kappa(both, model, reader, weights=weights, inference=inference)
            for reader in readers.readers
        ),
        mean=mean,
        between_readers=light_kappa(readers, weights=weights, inference=inference),
        difference=difference,
        majority=_against_majority(both, inference),
        leave_one_out=tuple(_leave_one_out(both, inference)),
    )


def with_model(readers: Ratings, labels: Mapping[str, Label], *, model: str = "model") -> Ratings:
    """Return the ratings with the model's labels as a first column; errors as in `model_agreement`."""
    if len(set(readers.case_names)) < len(readers.case_names):
        raise RatingsError(
            "The ratings hold two outputs of one case. Choose one arm to compare with the model."
        )
    codes = np.array([_code(readers, labels, case) for case in readers.case_names], dtype=np.int64)
    columns = np.column_stack([codes, readers.codes])
    return replace(readers, codes=columns, readers=(model, *readers.readers))


def strict_majority(codes: IntArray, n_categories: int) -> IntArray:
    """Return the category that more than half of a row's ratings have, -1 without one.

    ``codes`` has shape (outputs, readers), -1 where missing; the result (outputs,).
    """
    if n_categories == 0:
        return np.full(len(codes), MISSING, dtype=np.int64)
    counts = np.stack([(codes == code).sum(axis=1) for code in range(n_categories)], axis=1)
    clear = 2 * counts.max(axis=1) > counts.sum(axis=1)
    return np.where(clear, counts.argmax(axis=1), MISSING).astype(np.int64)


def _code(readers: Ratings, labels: Mapping[str, Label], case: str) -> int:
    if case not in labels:
        return MISSING
    code = readers.scale.code(labels[case])
    if code is None:
        raise RatingsError(
            f'The model\'s label of case "{case}" is not on the declared scale. '
            "Correct the label or declare the category."
        )
    return code


def _mean_and_difference(both: Ratings, weights: Weights, inference: Inference) -> tuple[Estimate, Estimate]:
    columns = range(1, len(both.readers))
    own = kappa_statistics(both, [(0, column) for column in columns], weights)
    others = kappa_statistics(both, list(combinations(columns, 2)), weights)
    contrast = f"{both.readers[0]}-readers"
    mean = _blank(both, weights, Reason.NO_OVERLAP).labelled(reader=both.readers[0])
    if not own:
        return mean, replace(mean, reader=None, contrast=contrast)
    order = _row_order(both)
    drawn = mean_kappa_resamples(own, order, inference)
    value = _mean_value(own)
    mean = _resampled(replace(mean, value=value, reason=None), drawn, inference)
    difference = _blank(both, weights, Reason.ONE_READER).labelled(contrast=contrast)
    if others:
        difference = replace(difference, value=value - _mean_value(others), reason=None)
        drawn = drawn - mean_kappa_resamples(others, order, inference)
        difference = _resampled(difference, drawn, inference)
    return mean, difference


def _blank(both: Ratings, weights: Weights, reason: Reason) -> Estimate:
    labelled = both.among(np.asarray(both.rated[:, 0] & both.rated[:, 1:].any(axis=1)))
    experts = replace(labelled, codes=labelled.codes[:, 1:], readers=labelled.readers[1:])
    return Estimate.undefined(_KAPPA, reason, variant=weights).with_sample(experts.sample())


def _resampled(estimate: Estimate, drawn: FloatArray, inference: Inference) -> Estimate:
    found = percentile(drawn, method=CASE_BOOTSTRAP, inference=inference)
    return found.attach(estimate, level=inference.level)


def _mean_value(statistics: list[SumStatistic]) -> float:
    return float(np.mean([statistic.value() for statistic in statistics]))


def _row_order(both: Ratings) -> IntArray:
    # A place for each case that depends on its labels alone, not on its row.
    order = np.lexsort((*np.sort(both.codes[:, 1:], axis=1).T, both.codes[:, 0]))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def _against_majority(both: Ratings, inference: Inference) -> Estimate:
    majority = strict_majority(both.codes[:, 1:], len(both.scale.categories))
    labelled = both.rated[:, 0] & both.rated[:, 1:].any(axis=1)
    judged = labelled & (majority != MISSING)
    right = int((majority == both.codes[:, 0])[judged].sum())
    estimate = proportion(_ACCURACY, right, int(judged.sum()), inference=inference)
    reason = Reason.NO_MAJORITY if estimate.value is None else None
    n_readers = int(both.rated[judged][:, 1:].any(axis=0).sum())
    return replace(
        estimate,
        variant="strict_majority",
        reader=both.readers[0],
        n_readers=n_readers,
        n_ratings=int(both.rated[judged][:, 1:].sum()),
        n_missing=int((labelled & ~judged).sum()),
        reason=reason,
    )


def _leave_one_out(both: Ratings, inference: Inference) -> list[Estimate]:
    # Columns for each expert: judged, model right, expert right, against the majority of the others.
    model, experts = both.readers[0], both.readers[1:]
    columns = [_marks(both, column) for column in range(1, len(both.readers))]
    marks = np.concatenate([np.zeros((len(both.units), 0)), *columns], axis=1)
    lines = [
        _one_left_out(marks[:, 3 * at : 3 * at + 3], f"{model}-{expert}", inference)
        for at, expert in enumerate(experts)
    ]
    defined = [at for at, line in enumerate(lines) if line.value is not None]
    blank = Estimate.undefined(_ACCURACY, Reason.NO_MAJORITY, variant="leave_one_out")
    blank = blank.labelled(contrast=f"{model}-readers")
    if not defined:
        return [*lines, blank]
    chosen = marks[:, [3 * at + part for at in defined for part in range(3)]]
    used = chosen[:, ::3].any(axis=1)
    statistic = SumStatistic(contributions=chosen[used], function=_mean_excess)
    mean = replace(
        blank, value=statistic.value(), reason=None, n_cases=int(used.sum()), n_readers=len(defined)
    )
    found = bootstrap(statistic, inference=inference)
    return [*lines, found.attach(mean, level=inference.level)]


def _marks(both: Ratings, column: int) -> FloatArray:
    others = np.delete(both.codes, [0, column], axis=1)
    majority = strict_majority(others, len(both.scale.categories))
    judged = (majority != MISSING) & both.rated[:, 0] & both.rated[:, column]
    right = [judged & (both.codes[:, side] == majority) for side in (0, column)]
    return np.column_stack([judged, *right]).astype(np.float64)


def _one_left_out(marks: FloatArray, contrast: str, inference: Inference) -> Estimate:
    judged, model, expert = marks[marks[:, 0] > 0.0].T.astype(bool)
    n = len(judged)
    blank = Estimate.undefined(_ACCURACY, Reason.NO_MAJORITY, variant="leave_one_out")
    blank = replace(blank.labelled(contrast=contrast), n_cases=n, n_readers=1, n_ratings=2 * n)
    if not n:
        return blank
    table = [int(cell.sum()) for cell in (model & expert, model & ~expert, expert & ~model, ~model & ~expert)]
    return replace(
        blank,
        value=(table[1] - table[2]) / n,
        ci=newcombe_paired(*table, level=inference.level),
        level=inference.level,
        ci_method=NEWCOMBE_PAIRED,
        p=exact_mcnemar_p(table[1], table[2])[0],
        reason=None,
    )


def _mean_excess(sums: NumberArray) -> NumberArray:
    judged, model, expert = sums[..., ::3], sums[..., 1::3], sums[..., 2::3]
    return np.asarray(((model - expert) / judged).mean(axis=-1))
