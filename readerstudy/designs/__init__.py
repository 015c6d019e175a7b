"""Allocation plans: who reads what, in which order. Seed and plan in, ordered rows out; no database."""
