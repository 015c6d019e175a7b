"""Outputs that no call made: imported ones, and those that people write."""
