"""What is wrong with a protocol file, in sentences that name line, field and remedy."""

from readerstudy.declared.problems import DeclarationError as ProtocolError
from readerstudy.declared.problems import Path, Problem

__all__ = ["Path", "Problem", "ProtocolError"]
