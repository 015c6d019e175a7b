"""Criteria in depth: what each kind takes, when a rubric makes sense, and how a row reads in a protocol file."""
