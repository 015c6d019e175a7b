"""Readings against the reference standard: accuracy, sensitivity, specificity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from readerstudy.stats.analyse.families.shares import Share, model_shares, shares
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.analyse.resolve import cut_marks
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.estimate import Estimate

UNKNOWN = -1


def classification(question: Question) -> Iterator[Estimate]:
    """Yield accuracy, and sensitivity and specificity of the positive category, or of each one in turn."""
    for share in reference_shares(question):
        yield from shares(question, share)
        yield from model_shares(question, share)


def true_codes(question: Question) -> IntArray:
    """Return the true category of each row's case, -1 where unknown, shape (rows,)."""
    codes = [question.truth.get(case, UNKNOWN) for case in question.cells.cases]
    found: IntArray = np.array(codes, dtype=np.int64)[question.cells.case]
    return found


def abnormal_rows(question: Question) -> FloatArray:
    """Return 1 where the case of a row is abnormal, 0 where not, NaN where that is unknown."""
    truth = [
        float(question.abnormal[case]) if case in question.abnormal else np.nan
        for case in question.cells.cases
    ]
    found: FloatArray = np.array(truth, dtype=np.float64)[question.cells.case]
    return found


def right_marks(question: Question) -> Share | None:
    """Return which readings are right; None without a reference that is on the scale."""
    if question.truth:
        truth = true_codes(question)
        right = (question.codes == truth).astype(np.float64)
        return _share("accuracy", question, right, truth != UNKNOWN)
    calls, abnormal = called(question), abnormal_rows(question)
    if calls is None or not question.abnormal:
        return None
    return _share("accuracy", question, (calls == abnormal).astype(np.float64), ~np.isnan(abnormal))


def called(question: Question) -> FloatArray | None:
    """Return 1 where a row calls its case positive, 0 where not, NaN without a value; None if nothing says so."""
    if question.positive is not None:
        return np.where(question.codes < 0, np.nan, (question.codes == question.positive).astype(np.float64))
    cut = question.declared.positive
    if isinstance(cut, str) and cut.strip()[:1] in ("<", ">", "="):
        return np.append(cut_marks(question, cut), np.nan)[question.codes]
    return None


def reference_shares(question: Question) -> Iterator[Share]:
    """Yield accuracy, and sensitivity and specificity of the positive category or of each one in turn."""
    right = right_marks(question)
    if right is None:
        return
    yield right
    calls = called(question)
    if calls is not None:
        yield from _both_rates(question, calls, abnormal_rows(question), None)
    elif not question.is_graded:
        for code in range(len(question.scale.categories)):
            calls = np.where(question.codes < 0, np.nan, (question.codes == code).astype(np.float64))
            truth = true_codes(question)
            of_code = np.where(truth == UNKNOWN, np.nan, (truth == code).astype(np.float64))
            yield from _both_rates(question, calls, of_code, code)


def _both_rates(
    question: Question, calls: FloatArray, truth: FloatArray, code: int | None
) -> Iterator[Share]:
    category = None if code is None else question.category(code)
    yield _share("sensitivity", question, calls, truth == 1.0, category)
    yield _share("specificity", question, 1.0 - calls, truth == 0.0, category)


def _share(
    estimator: str, question: Question, right: FloatArray, counts: BoolArray, category: object = None
) -> Share:
    given = (question.codes >= 0) & counts
    conditional = np.where(given, right, np.nan)
    return Share(
        estimator=estimator,
        intended=np.where(question.refused & counts, 0.0, conditional),
        conditional=conditional,
        counts=counts,
        category=category,  # type: ignore[arg-type]  # a label of the scale
    )
