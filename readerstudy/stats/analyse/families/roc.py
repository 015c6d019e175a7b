"""Areas under the ROC curve, and the multi-reader multi-case comparison of arms.

Lines of sensitivity and specificity have them as their category; lines of the area have none. The covariance is the
jackknife's; with DeLong's, the variant ends in ",delong". The one-shot U-statistic, which allows blanks, has the
variant "rrrc,gallas".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from readerstudy.stats.analyse.contrasts import adjusted, arm_pairs, at, both_ways, with_suffix
from readerstudy.stats.analyse.families.scores import by_reader
from readerstudy.stats.analyse.families.shares import model_arms
from readerstudy.stats.analyse.families.truth import abnormal_rows, called
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Sample
from readerstudy.stats.gallas import gallas
from readerstudy.stats.mrmc import Decomposition, Figure, Reads, complete_reads, decompose, mrmc
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import Covariance, auc, auc_difference
from readerstudy.stats.scale import Kind
from readerstudy.stats.standalone import standalone

Arms = Mapping[str, Scores]
_COVARIANCES: tuple[Covariance, ...] = ("jackknife", "delong")
_NO_ARM = ""


def areas(question: Question) -> Iterator[Estimate]:
    """Yield the area of each reader in each arm with DeLong's interval, and the paired differences."""
    if question.kind != Kind.CONFIDENCE or not question.abnormal:
        return
    for arm in question.parts:
        for line in auc(question.scores(arm), question.abnormal, inference=question.inference):
            yield at(line, arm)
        for line in _reader_differences(question, question.scores(arm)):
            yield at(line, arm)
    for model in question.models:
        for part in model_arms(question, model):
            scores = question.scores(part, model=model)
            for line in auc(scores, question.abnormal, inference=question.inference):
                yield at(line, part)
    yield from adjusted(_area_differences(question))


def multi_reader(question: Question) -> Iterator[Estimate]:
    """Yield the Obuchowski-Rockette and U-statistic analyses of areas, or of sensitivity and specificity."""
    if not question.abnormal or not len(question.cells.reader):
        return
    if question.kind == Kind.CONFIDENCE:
        yield from _compared(question, question.numbers, "auc")
    calls = called(question)
    if calls is not None:
        # A refused reading is wrong: no call on an abnormal case, a call on a normal one.
        wrong = np.where(np.isnan(abnormal_rows(question)), np.nan, 1.0 - abnormal_rows(question))
        intended = np.where(question.refused, wrong, calls)
        figures: tuple[Figure, ...] = ("sensitivity", "specificity")
        for figure in figures:
            yield from _compared(question, intended, figure)


def _reader_differences(question: Question, scores: Scores) -> Iterator[Estimate]:
    columns = dict(by_reader(scores))
    for first, second in combinations(columns, 2):
        pair = f"{first}|{second}"
        left, right = (replace(columns[reader], readers=(pair,)) for reader in (first, second))
        for line in auc_difference(left, right, question.abnormal, inference=question.inference):
            yield replace(line, variant="difference")


def _area_differences(question: Question) -> Iterator[Estimate]:
    for first, second in arm_pairs(question):
        sides = question.scores(first), question.scores(second)
        for line in auc_difference(*sides, question.abnormal, inference=question.inference):
            yield from both_ways(replace(line, variant=None), first, second)


def _compared(question: Question, numbers: FloatArray, figure: Figure) -> Iterator[Estimate]:
    arms = {arm or _NO_ARM: question.grid(arm).scores(numbers) for arm in question.parts}
    lines: list[Estimate] = []
    for covariance in _COVARIANCES:
        suffix = None if covariance == "jackknife" else covariance
        lines += [_suffixed(line, suffix) for line in _analysed(question, arms, figure, covariance)]
    if any(len(scores.readers) for scores in arms.values()):
        found = gallas(arms, question.abnormal, figure=figure, inference=question.inference)
        lines += [_suffixed(line, "gallas") for line in found]
    lines += _standalone(question, numbers, arms, figure)
    category = None if figure == "auc" else figure
    for line in adjusted(_mirrored(question, lines)):
        yield replace(line, category=category, arm=line.arm or None)


def _standalone(question: Question, numbers: FloatArray, arms: Arms, figure: Figure) -> Iterator[Estimate]:
    # A model's own label without an arm is of the case and stands beside the readers of every arm.
    for model in question.models:
        for part in model_arms(question, model):
            grid = question.grid(part, model=model)
            scores = dict(zip(grid.units, grid.scores(numbers).values[:, 0].tolist(), strict=True))
            known = {case: score for case, score in scores.items() if not np.isnan(score)}
            for arm, panel in arms.items():
                if panel.readers and part in (None, arm):
                    for line in standalone(
                        known,
                        panel,
                        question.abnormal,
                        model=model,
                        figure=figure,
                        inference=question.inference,
                    ):
                        yield replace(line, arm=arm, reader=model)


def _analysed(question: Question, arms: Arms, figure: Figure, covariance: Covariance) -> Iterator[Estimate]:
    truth, inference = question.abnormal, question.inference
    yield from mrmc(arms, truth, figure=figure, covariance=covariance, inference=inference)
    reads = complete_reads(arms, truth)
    if reads is None or _smaller_class(reads, figure) < 2:
        return
    found = decompose(reads, figure=figure, covariance=covariance)
    sample = Sample(n_cases=len(reads.abnormal), n_readers=len(reads.readers), n_ratings=reads.values.size)
    for variant, value in _components(found).items():
        if np.isfinite(value):
            line = Estimate(estimator="mrmc", variant=variant, value=float(value))
            yield line.with_sample(sample)


def _smaller_class(reads: Reads, figure: Figure) -> int:
    counts = {"sensitivity": reads.abnormal.sum(), "specificity": (~reads.abnormal).sum()}
    return int(counts[figure] if figure in counts else min(counts.values()))


def _components(found: Decomposition) -> dict[str, float]:
    return {
        "ms_arm": found.ms_arm,
        "ms_reader": found.ms_reader,
        "ms_arm_reader": found.ms_arm_reader,
        "variance": found.variance,
        "cov1": found.cov1,
        "cov2": found.cov2,
        "cov3": found.cov3,
        "variance_reader": found.reader_variance,
        "variance_arm_reader": found.arm_reader_variance,
    }


def _mirrored(question: Question, lines: list[Estimate]) -> Iterator[Estimate]:
    names = {f"{first}-{second}": (first, second) for first, second in combinations(question.arms, 2)}
    for line in lines:
        if line.contrast in names:
            yield from both_ways(line, *names[line.contrast])
        else:
            yield line


def _suffixed(line: Estimate, suffix: str | None) -> Estimate:
    return line if suffix is None else replace(line, variant=with_suffix(line.variant, suffix))
