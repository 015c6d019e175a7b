"""The coordinator's Outputs station, a file for each of its steps."""
