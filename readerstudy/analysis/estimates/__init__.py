"""From evidence to figures: each module asks `readerstudy.stats` and returns plain JSON values."""
