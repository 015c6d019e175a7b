"""ROUGE: how many words and word pairs a text shares with a reference text.

F scores of single words, of word pairs and of the longest common subsequence of words, Porter-stemmed
(Lin, Text Summarization Branches Out, 2004), by the rouge-score library. Its words are made of a-z and
0-9 alone: it scores two equal Chinese texts 0. Texts in other letters are therefore left out, with a
caution, and never counted as 0.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from readerstudy.stats.estimate import Caution, Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty

ROUGES = ("rouge1", "rouge2", "rougeL")
CASE_T = "mean of cases, t"
_MOSTLY = 0.9


def rouge(
    texts: Mapping[str, str], references: Mapping[str, str], *, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return the mean F of each variant over the cases that have a text and a reference text.

    Between 0 and 1; the interval is that of the mean over cases. An empty text beside a reference
    scores 0. ``n_missing`` counts shared cases left out.
    """
    scores = rouge_scores(texts, references)
    shared = sorted(texts.keys() & references.keys())
    foreign = [case for case in shared if not (is_latin(texts[case]) and is_latin(references[case]))]
    sample = Sample(
        n_cases=len(scores["rouge1"]),
        n_readers=0,
        n_ratings=len(scores["rouge1"]),
        n_missing=len(shared) - len(scores["rouge1"]),
    )
    reason = Reason.NOT_LATIN if foreign else Reason.NO_TEXT
    estimates = [
        replace(_mean(variant, by_case, reason, inference).with_sample(sample), n_readers=None)
        for variant, by_case in scores.items()
    ]
    return [line.with_cautions(Caution.TEXTS_LEFT_OUT) for line in estimates] if foreign else estimates


def rouge_scores(texts: Mapping[str, str], references: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return the F of each case under each variant, cases in order.

    Cases whose text or reference is not in Latin letters, or whose reference is empty, are left out.
    """
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(ROUGES), use_stemmer=True)
    scores: dict[str, dict[str, float]] = {variant: {} for variant in ROUGES}
    for case in sorted(texts.keys() & references.keys()):
        text, reference = texts[case], references[case]
        if not reference.strip() or not (is_latin(text) and is_latin(reference)):
            continue
        found = scorer.score(reference, text)
        for variant in ROUGES:
            scores[variant][case] = float(found[variant].fmeasure)
    return scores


def is_latin(text: str) -> bool:
    """Return whether nine tenths or more of a text's letters are Latin; true without a letter."""
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return latin >= _MOSTLY * len(letters)


def _mean(variant: str, by_case: Mapping[str, float], reason: Reason, inference: Inference) -> Estimate:
    values = np.array(list(by_case.values()), dtype=np.float64)
    if not len(values):
        return Estimate.undefined("rouge", reason, variant=variant)
    mean = float(values.mean())
    estimate = Estimate(estimator="rouge", variant=variant, value=mean)
    if len(values) < 2:
        return replace(estimate, ci_method=CASE_T, reason=Reason.ONE_CASE)
    se = float(values.std(ddof=1) / np.sqrt(len(values)))
    return t_uncertainty(
        mean, se, len(values) - 1, level=inference.level, method=CASE_T, bounds=(0.0, 1.0), test=False
    ).attach(estimate, level=inference.level)
