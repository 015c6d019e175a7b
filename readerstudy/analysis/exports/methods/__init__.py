"""The methods pack: what the system knows of a study under the lines of guidelines, and prompts for the rest."""
