"""readerstudy: blinded, randomised reader studies of what models write about medical images."""

__version__ = "0.1.0"
