"""Texts beside reference texts, and how long they are."""

from readerstudy.stats.text.lengths import Quartiles, characters, quartiles
from readerstudy.stats.text.rouge import ROUGES, is_latin, rouge, rouge_scores

__all__ = ["ROUGES", "Quartiles", "characters", "is_latin", "quartiles", "rouge", "rouge_scores"]
