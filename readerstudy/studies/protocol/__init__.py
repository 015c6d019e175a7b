"""Protocol files: a whole study as one YAML file, checked against a documented form."""

from readerstudy.studies.protocol.document import Document, Problem, ProtocolError, read

__all__ = ["Document", "Problem", "ProtocolError", "read"]
