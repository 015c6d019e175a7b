"""The API: one study for each token, denied by default."""
