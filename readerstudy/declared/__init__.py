"""Files that people write: YAML with the line of every value, a form, and problems that name line and remedy."""

from readerstudy.declared.problems import DeclarationError, Path, Problem
from readerstudy.declared.yaml_lines import Lines, load

__all__ = ["DeclarationError", "Lines", "Path", "Problem", "load"]
