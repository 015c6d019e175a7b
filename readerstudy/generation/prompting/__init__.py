"""From a prompt's blocks to what a model is told, and how a prompt was tried."""
