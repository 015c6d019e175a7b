"""Model outputs: the queue of generations, attempts, interpretations and refusal verdicts."""
