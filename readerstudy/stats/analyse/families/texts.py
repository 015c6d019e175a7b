"""Texts beside reference texts, and regions beside reference regions and one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from readerstudy.stats.alignment import VARIANTS
from readerstudy.stats.analyse.contrasts import at
from readerstudy.stats.analyse.names import is_model
from readerstudy.stats.analyse.question import Question, Whole
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.regions import pairwise_overlap, parse_boxes, precision_recall, region_overlap
from readerstudy.stats.text import rouge


def words(question: Question) -> Iterator[Estimate]:
    """Yield ROUGE-1, -2 and -L of every reader's and model's texts against the reference texts."""
    if not question.reference_texts:
        return
    for arm in _arms(question):
        for reader, texts in _by_reader(question, arm).items():
            for line in rouge(texts, question.reference_texts, inference=question.inference):
                yield at(replace(line, reader=reader), arm)


def overlaps(question: Question) -> Iterator[Estimate]:
    """Yield the overlap of readers' regions with the reference and with one another, and what was found and missed."""
    inference = question.inference
    truth = {case: parse_boxes(label) for case, label in question.reference_texts.items()}
    for arm in _arms(question):
        found = {
            reader: {case: parse_boxes(text) for case, text in texts.items()}
            for reader, texts in _by_reader(question, arm).items()
        }
        readers = {reader: regions for reader, regions in found.items() if not is_model(reader)}
        lines = pairwise_overlap(readers, inference=inference)
        if truth:
            lines += _against(question, readers, found, truth)
        for line in lines:
            yield at(line, arm)


def _against(
    question: Question,
    readers: Mapping[str, Mapping[str, FloatArray]],
    found: Mapping[str, Mapping[str, FloatArray]],
    truth: Mapping[str, FloatArray],
) -> list[Estimate]:
    lines: list[Estimate] = []
    if readers:
        for variant in VARIANTS:
            lines += region_overlap(readers, truth, variant=variant, inference=question.inference)
    for reader, regions in found.items():
        own = precision_recall(regions, truth, inference=question.inference)
        if is_model(reader):
            own += region_overlap({reader: regions}, truth, variant="frrc", inference=question.inference)
        lines += [replace(line, reader=reader) for line in own]
    return lines


def _arms(question: Question) -> tuple[Whole, ...]:
    names = (question.cells.arms[arm] or None for arm in np.unique(question.cells.arm))
    return tuple(names)


def _by_reader(question: Question, arm: Whole) -> dict[str, dict[str, str]]:
    # The first reading of each case by each reader and model.
    cells = question.cells
    rows = (cells.arm == cells.arms.index(arm or "")) & (question.presentation == 0) & (question.codes >= 0)
    found: dict[str, dict[str, str]] = {}
    for row in np.flatnonzero(rows).tolist():
        texts = found.setdefault(cells.readers[cells.reader[row]], {})
        texts[cells.cases[cells.case[row]]] = str(question.category(int(question.codes[row])))
    return dict(sorted(found.items()))
