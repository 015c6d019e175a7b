"""Agreement of readers with themselves, where the table holds a second reading of an output."""

from __future__ import annotations

from collections.abc import Iterator

from readerstudy.stats.analyse.contrasts import at
from readerstudy.stats.analyse.question import Question, has_categories
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.intra_reader import intra_reader, intra_reader_scores


def repeated_readings(question: Question) -> Iterator[Estimate]:
    """Yield the agreement of the first with the second reading, of each reader and over readers."""
    if not question.rows(presentation=1).any():
        return
    inference = question.inference
    for whole in question.wholes:
        if has_categories(question):
            sides = question.ratings(whole), question.ratings(whole, presentation=1)
            for line in intra_reader(*sides, kind=question.kind, inference=inference):
                yield at(line, whole)
        if question.is_graded:
            pair = question.scores(whole), question.scores(whole, presentation=1)
            for line in intra_reader_scores(*pair, inference=inference):
                yield at(line, whole)
