"""Who did what, when: an append-only, hash-chained record that every action writes into."""
