"""Texts beside reference texts, how much of them an edit changed, and how long they are."""

from readerstudy.stats.text.edits import edit_share
from readerstudy.stats.text.lengths import Quartiles, characters, quartiles
from readerstudy.stats.text.rouge import ROUGES, is_latin, rouge, rouge_scores

__all__ = [
    "ROUGES",
    "Quartiles",
    "characters",
    "edit_share",
    "is_latin",
    "quartiles",
    "rouge",
    "rouge_scores",
]
