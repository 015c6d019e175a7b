"""Medical images: bytes in, clean pixels out. Plain Python: no web framework, no database."""
