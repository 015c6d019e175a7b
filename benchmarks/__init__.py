"""Benchmarks: each prints JSON, and each names a bare baseline measured in the same run."""
