"""How many cases and readers a study needs, and what it asks of its readers.

Every figure comes as a :class:`~readerstudy.stats.power.planned.Planned` with its formula and source. Where a report
gives an interval or a test for the same figure, the plan uses that interval's variance or that test.
"""

from readerstudy.stats.power.agreement import COEFFICIENTS, Agreement, Coefficient, cases_for, half_width
from readerstudy.stats.power.burden import Burden, Load, Pace, ReaderBurden, burden
from readerstudy.stats.power.crossed import (
    Crossing,
    crossed_half_width,
    crossed_share_cases,
    design_effect,
    difference_cases,
    difference_power,
)
from readerstudy.stats.power.mrmc import (
    Components,
    GridRow,
    expected_components,
    mrmc_cases,
    mrmc_grid,
    mrmc_power,
    pilot_components,
)
from readerstudy.stats.power.mrmc_simulation import simulated_power
from readerstudy.stats.power.noninferiority import noninferiority_cases, noninferiority_power
from readerstudy.stats.power.pilot import read_pilot
from readerstudy.stats.power.planned import READERS_SENTENCE, Planned, PowerError
from readerstudy.stats.power.preference import (
    preference_judgements,
    preference_judgements_normal,
    preference_power,
    win_rate_cases,
    win_rate_power,
)
from readerstudy.stats.power.proportions import (
    MCNEMAR_TESTS,
    mcnemar_cases,
    mcnemar_power,
    share_cases,
    share_half_width,
)

__all__ = [
    "COEFFICIENTS",
    "MCNEMAR_TESTS",
    "READERS_SENTENCE",
    "Agreement",
    "Burden",
    "Coefficient",
    "Components",
    "Crossing",
    "GridRow",
    "Load",
    "Pace",
    "Planned",
    "PowerError",
    "ReaderBurden",
    "burden",
    "cases_for",
    "crossed_half_width",
    "crossed_share_cases",
    "design_effect",
    "difference_cases",
    "difference_power",
    "expected_components",
    "half_width",
    "mcnemar_cases",
    "mcnemar_power",
    "mrmc_cases",
    "mrmc_grid",
    "mrmc_power",
    "noninferiority_cases",
    "noninferiority_power",
    "pilot_components",
    "preference_judgements",
    "preference_judgements_normal",
    "preference_power",
    "read_pilot",
    "share_cases",
    "share_half_width",
    "simulated_power",
    "win_rate_cases",
    "win_rate_power",
]
