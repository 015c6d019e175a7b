"""ROUGE against reference texts, and lengths."""

import numpy as np
import pytest

from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.text import characters, is_latin, quartiles, rouge, rouge_scores

TEXTS = {
    "a": "The heart is enlarged. No effusion.",
    "b": "Small left pleural effusion",
    "c": "",
    "d": "Normal chest radiograph",
}
REFERENCES = {
    "a": "The heart is enlarged. No effusion.",
    "b": "Left pleural effusions, small",
    "c": "Pneumothorax on the right",
    "e": "No text for this one",
}


def test_equal_texts_score_one_and_shared_stems_count() -> None:
    scores = rouge_scores(TEXTS, REFERENCES)
    assert scores["rouge1"] == {"a": 1.0, "b": 1.0, "c": 0.0}
    # small|left left|pleural pleural|effus against left|pleural pleural|effus effus|small: 2 of 3 each.
    assert scores["rouge2"]["b"] == pytest.approx(2 / 3)
    assert scores["rougeL"]["b"] == pytest.approx(3 / 4)


def test_the_mean_over_cases_has_their_t_interval() -> None:
    line = rouge(TEXTS, REFERENCES)[2]
    values = np.array([1.0, 0.75, 0.0])
    assert (line.estimator, line.variant, line.n_cases) == ("rouge", "rougeL", 3)
    assert line.value == pytest.approx(values.mean())
    assert line.se == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    assert line.ci[0] == 0.0


def test_other_letters_are_left_out_and_never_zero() -> None:
    chinese = {"x": "心脏增大", "a": TEXTS["a"]}
    lines = rouge(chinese, {"x": "心脏增大", "a": REFERENCES["a"]})
    assert [line.value for line in lines] == [1.0, 1.0, 1.0]
    assert (lines[0].n_cases, lines[0].n_missing, lines[0].reason) == (1, 1, Reason.ONE_CASE)
    assert Caution.TEXTS_LEFT_OUT in lines[0].cautions
    alone = rouge({"x": "心脏增大"}, {"x": "心脏增大"})
    assert {(line.value, line.reason) for line in alone} == {(None, Reason.NOT_LATIN)}


def test_no_shared_text_and_empty_references_say_so() -> None:
    assert {line.reason for line in rouge({"a": "x"}, {"b": "x"})} == {Reason.NO_TEXT}
    assert {line.reason for line in rouge({"a": ""}, {"a": " "})} == {Reason.NO_TEXT}


def test_accents_are_latin_and_a_stray_foreign_letter_does_not_matter() -> None:
    assert is_latin("Vergrößertes Herz, épanchement pleural à gauche")
    assert is_latin("100 % (12/12)")
    assert is_latin("The β-blocker was continued after the examination")
    assert not is_latin("Сердце увеличено")


def test_lengths_are_medians_with_quartiles() -> None:
    found = quartiles(np.array([4.0, 1.0, np.nan, 2.0, 3.0, 100.0]))
    assert (found.n, found.low, found.median, found.high) == (5, 2.0, 3.0, 4.0)
    assert quartiles(np.array([np.nan])).median is None
    assert characters({"a": " abc ", "b": "abcde"}).median == 4.0
