"""What may leave to a provider, and what has left."""
