"""The default interval covers the truth as often as it says, give or take what 300 studies can show."""

import pytest

from benchmarks.interval_coverage import DESIGNS, FIGURES, Design, Figure, coverage


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
def test_the_crossed_interval_covers_nine_tenths_and_more(design: Design, figure: Figure) -> None:
    covered, width = coverage(design, figure, studies=300)
    assert covered >= 0.90
    assert 0.0 < width < 1.5
