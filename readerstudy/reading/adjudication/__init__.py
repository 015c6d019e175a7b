"""Disagreements of readers: finding them, settling them, and what came of each.

A *screen* is a case with the texts that stand beside it. A *matter* is a screen whose readers disagree; it is kept as a
row, an adjudication, only once somebody opens it. What is settled is a record of its own beside the ratings.
"""
