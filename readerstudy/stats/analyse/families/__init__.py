"""Families of estimators: each takes a question and gives the lines of a report."""
