"""The cumulative link mixed model: grades of several arms with random cases and readers."""

from readerstudy.stats.ordinal.fit import Fit, fit
from readerstudy.stats.ordinal.laplace import Crossing
from readerstudy.stats.ordinal.model import OrdinalModel, ordinal_model

__all__ = ["Crossing", "Fit", "OrdinalModel", "fit", "ordinal_model"]
