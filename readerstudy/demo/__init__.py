"""The demonstration: one command that starts everything with a study that is alive."""
