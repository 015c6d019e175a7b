"""The reading room: allocation, readings, ratings, and what a reader may see."""
