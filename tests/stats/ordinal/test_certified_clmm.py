"""The cumulative link mixed model against R's ordinal 2022.11-16, function clmm with its defaults."""

from functools import cache

import numpy as np
import pytest

from readerstudy.stats.ordinal import Crossing, Fit, fit
from tests.stats import datasets

# Bitterness of wine (Randall, Biometrical J 31:781, 1989): 8 bottles by 9 judges. Bottles 5 to 8 are warm,
# and of each four the last two had contact with the skins.
WINE = np.array(
    [
        [2, 1, 2, 3, 2, 3, 1, 2, 1],
        [3, 2, 3, 2, 3, 2, 1, 2, 2],
        [3, 1, 3, 3, 4, 3, 2, 2, 3],
        [4, 3, 2, 2, 3, 2, 2, 3, 2],
        [4, 2, 5, 3, 3, 2, 2, 3, 3],
        [4, 3, 5, 2, 3, 4, 3, 3, 2],
        [5, 5, 4, 5, 3, 5, 2, 3, 4],
        [5, 4, 4, 3, 3, 4, 3, 4, 4],
    ]
)


def wine(*, effects: bool) -> Crossing:
    bottle, judge = np.indices(WINE.shape)
    design = np.column_stack([(bottle >= 4).ravel(), (bottle // 2 % 2).ravel()]).astype(float)
    return Crossing(
        grades=WINE.ravel() - 1,
        cases=bottle.ravel(),
        readers=judge.ravel(),
        design=design if effects else design[:, :0],
    )


def likert(*, incomplete: bool) -> Crossing:
    lines = datasets.lines("complete_likert")
    case = np.array([int(line[0].removeprefix("case")) for line in lines])
    reader = np.array([int(line[1].removeprefix("rater")) for line in lines])
    arm = (case + reader) % 3
    kept = np.arange(1, len(lines) + 1) % 4 != 0 if incomplete else np.ones(len(lines), dtype=bool)
    design = np.column_stack([arm == 1, arm == 2]).astype(float)
    return Crossing(
        grades=np.array([int(line[2]) - 1 for line in lines])[kept],
        cases=case[kept] - 1,
        readers=reader[kept] - 1,
        design=design[kept] if incomplete else design[kept, :0],
    )


@cache
def fitted(name: str) -> Fit:
    return {
        "judges": lambda: fit(wine(effects=True), case=False),
        "judges and bottles, nothing left for bottles": lambda: fit(wine(effects=True)),
        "judges and bottles": lambda: fit(wine(effects=False)),
        "likert": lambda: fit(likert(incomplete=False)),
        "likert with arms and blanks": lambda: fit(likert(incomplete=True)),
    }[name]()


# Log-likelihood; thresholds and effects with their standard errors; deviations of cases and readers.
CERTIFIED = {
    "judges": (
        -81.5654092921,
        [-1.62366692407, 1.51336518292, 4.22852668850, 6.08877255848, 3.06299662584, 1.83488492228],
        [0.682441031959, 0.603753330431, 0.808966050324, 0.972453654185, 0.595376183131, 0.512529332005],
        (0.0, 1.13113257811),
    ),
    "judges and bottles, nothing left for bottles": (
        -81.565412777,
        [-1.62366542798, 1.51336020718, 4.22852710366, 6.08877643882, 3.06300324035, 1.83490270353],
        [0.682437215450, 0.603736820399, 0.808958124296, 0.972458643892, 0.595391635795, 0.512558713421],
        (0.0, 1.13114467718),
    ),
    "judges and bottles": (
        -92.1118149564,
        [-3.875681992, -0.866593808, 1.668836602, 3.450528828],
        [0.9509876426, 0.7627928383, 0.7914951103, 0.8980651454],
        (1.65819171407, 1.10006255649),
    ),
    "likert": (
        -489.472880744,
        [-2.7043290036, -0.6798640545, 1.1246765738, 3.4309603176],
        [0.5313445699, 0.5067351233, 0.5090264340, 0.5468159313],
        (1.67495893637, 1.06838312474),
    ),
    "likert with arms and blanks": (
        -366.478016709,
        [-2.8543038459, -0.8417945581, 1.1072327110, 3.6843770251, -0.0485600216, 0.0298318705],
        [0.621759492620, 0.588901146739, 0.592989362787, 0.647101726890, 0.294550540596, 0.291752848553],
        (1.90272194174, 1.16914373487),
    ),
}


@pytest.mark.parametrize("name", CERTIFIED)
def test_the_likelihood_is_that_of_r_or_better(name: str) -> None:
    found = fitted(name).log_likelihood
    assert found == pytest.approx(CERTIFIED[name][0], abs=5e-6)


@pytest.mark.parametrize("name", CERTIFIED)
def test_thresholds_and_effects_are_those_of_r(name: str) -> None:
    parameters = fitted(name).parameters
    found = np.concatenate([parameters.thresholds, parameters.effects])
    assert found == pytest.approx(np.array(CERTIFIED[name][1]), abs=1e-4)


@pytest.mark.parametrize("name", CERTIFIED)
def test_standard_errors_are_those_of_r(name: str) -> None:
    expected = np.array(CERTIFIED[name][2])
    found = np.sqrt(np.diag(fitted(name).covariance))[: len(expected)]
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", CERTIFIED)
def test_deviations_are_those_of_r(name: str) -> None:
    parameters = fitted(name).parameters
    assert (parameters.case_sd, parameters.reader_sd) == pytest.approx(CERTIFIED[name][3], abs=1e-4)
