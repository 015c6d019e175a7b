"""The alternative annotator test against its definition, written out."""

import numpy as np
import pytest
from scipy import stats

from readerstudy.stats.alt_test import alt_test
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.intervals import benjamini_yekutieli
from readerstudy.stats.ratings import Scores, read_scores
from tests.stats import datasets


def study(
    seed: int, *, outputs: int = 60, readers: int = 5, missing: float = 0.2
) -> tuple[Scores, dict[str, float]]:
    matrix = datasets.random_matrix(seed, outputs=outputs, readers=readers + 1, categories=4, missing=missing)
    units = [f"c{number:02d}" for number in range(outputs)]
    labels = {unit: row[-1] for unit, row in zip(units, matrix, strict=True) if not np.isnan(row[-1])}
    return read_scores(matrix[:, :-1], units=units), labels


def by_definition(
    scores: Scores, model: dict[str, float], scoring: str, epsilon: float
) -> list[tuple[float, float]]:
    """Return the advantage probability and the raw p-value of each reader, one case at a time."""
    results = []
    for column in range(len(scores.readers)):
        wins, differences = [], []
        for case, row in zip(scores.units, scores.values, strict=True):
            others = [value for at, value in enumerate(row) if at != column and not np.isnan(value)]
            if np.isnan(row[column]) or not others or case not in model:
                continue
            if scoring == "accuracy":
                reader, label = (np.mean([v == o for o in others]) for v in (row[column], model[case]))
            else:
                reader, label = (
                    -np.sqrt(np.mean([(v - o) ** 2 for o in others])) for v in (row[column], model[case])
                )
            wins.append(float(label >= reader))
            differences.append(float(reader >= label) - float(label >= reader))
        results.append((np.mean(wins), stats.ttest_1samp(differences, epsilon, alternative="less").pvalue))
    return results


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scoring", ["accuracy", "neg_rmse"])
@pytest.mark.parametrize("epsilon", [0.1, 0.2])
def test_the_test_follows_its_definition(seed: int, scoring: str, epsilon: float) -> None:
    scores, model = study(seed)
    found = alt_test(scores, model, scoring=scoring, epsilon=epsilon)
    expected = by_definition(scores, model, scoring, epsilon)
    assert [line.value for line in found.by_reader] == pytest.approx([value for value, _ in expected])
    adjusted = benjamini_yekutieli([p for _, p in expected])
    assert [line.p for line in found.by_reader] == pytest.approx(adjusted, abs=1e-12)
    assert found.winning_rate.value == pytest.approx(np.mean(np.array(adjusted) <= 0.05))
    assert found.advantage.value == pytest.approx(np.mean([value for value, _ in expected]))


def test_a_model_that_answers_as_the_readers_do_wins_over_all() -> None:
    scores = read_scores([[number % 3 + 1] * 3 for number in range(40)])
    model = {unit: row[0] for unit, row in zip(scores.units, scores.values, strict=True)}
    found = alt_test(scores, model)
    assert (found.winning_rate.value, found.advantage.value) == (1.0, 1.0)


def test_a_refusal_is_the_worst_label() -> None:
    scores, model = study(1, missing=0.0)
    refused = set(list(model)[:20])
    kept = {case: label for case, label in model.items() if case not in refused}
    found = alt_test(scores, kept, refused=refused)
    assert found.advantage.value < alt_test(scores, model).advantage.value
    assert found.advantage.n_cases == alt_test(scores, model).advantage.n_cases


def test_few_cases_take_the_signed_rank_test() -> None:
    scores, model = study(2, outputs=20, missing=0.0)
    found = alt_test(scores, model)
    assert all(line.statistic is None and line.p is not None for line in found.by_reader)
    tiny = alt_test(*study(2, outputs=6, missing=0.0))
    assert Caution.FEW_CASES in tiny.by_reader[0].cautions


def test_one_reader_cannot_be_left_out() -> None:
    scores, model = study(1, readers=1)
    found = alt_test(scores, model)
    assert found.winning_rate.reason is Reason.ONE_READER
    assert found.advantage.value is None


def test_a_reader_without_cases_is_left_untested() -> None:
    rows = [[1, 1, None]] * 35 + [[1, 2, None]] * 5
    scores = read_scores(rows)
    found = alt_test(scores, dict.fromkeys(scores.units, 1.0))
    assert found.by_reader[2].reason is Reason.TOO_FEW
    assert found.winning_rate.value is not None
