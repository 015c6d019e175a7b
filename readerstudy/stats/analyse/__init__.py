"""Analysis of a long table of ratings: read, resolved by a plan, and every estimator that each criterion admits."""

from readerstudy.stats.analyse.analysis import FIELDS, Analysis, analyse
from readerstudy.stats.analyse.problems import AnalysisError

__all__ = ["FIELDS", "Analysis", "AnalysisError", "analyse"]
