"""What would give an arm away, taken out of the texts; and what freezes them."""
