"""Every family, in the order of a report."""

from collections.abc import Callable, Iterator

from readerstudy.stats.analyse.families.acceptable import acceptable_shares
from readerstudy.stats.analyse.families.agreement import agreement
from readerstudy.stats.analyse.families.between_models import between_models
from readerstudy.stats.analyse.families.blinding import blinding
from readerstudy.stats.analyse.families.models import models_beside_readers
from readerstudy.stats.analyse.families.order import drifts
from readerstudy.stats.analyse.families.paired import paired_tests
from readerstudy.stats.analyse.families.preference import abilities, grades, win_rates
from readerstudy.stats.analyse.families.refusals import refusal_rates
from readerstudy.stats.analyse.families.repeats import repeated_readings
from readerstudy.stats.analyse.families.roc import areas, multi_reader
from readerstudy.stats.analyse.families.scores import correlations, means, reliability
from readerstudy.stats.analyse.families.texts import overlaps, words
from readerstudy.stats.analyse.families.truth import classification
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.scale import Kind

Family = Callable[[Question], Iterator[Estimate]]

OF_VALUES: tuple[Family, ...] = (
    acceptable_shares,
    means,
    refusal_rates,
    classification,
    areas,
    multi_reader,
    paired_tests,
    agreement,
    reliability,
    correlations,
    repeated_readings,
    models_beside_readers,
    between_models,
    drifts,
    blinding,
)
OF_PREFERENCES: tuple[Family, ...] = (
    win_rates,
    grades,
    abilities,
    agreement,
    reliability,
    correlations,
    repeated_readings,
    models_beside_readers,
)
OF_TEXTS: tuple[Family, ...] = (refusal_rates, words)
OF_REGIONS: tuple[Family, ...] = (refusal_rates, overlaps)
_OF_KIND = {Kind.PREFERENCE: OF_PREFERENCES, Kind.TEXT: OF_TEXTS, Kind.REGIONS: OF_REGIONS}


def families_of(kind: Kind) -> tuple[Family, ...]:
    """Return the families that a criterion's kind admits."""
    return _OF_KIND.get(kind, OF_VALUES)
