"""Pages of the reading room (`room`) and of the coordinator who runs it (`console`)."""
