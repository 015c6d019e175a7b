"""What is wrong with a file that a person wrote, in sentences that name line, field and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` counts from 1; None where no line is to blame."""

    path: Path
    sentence: str
    line: int | None = None

    @property
    def field(self) -> str:
        """The field as people write it: `arms[2].model`; empty for the whole file."""
        told = ""
        for step in self.path:
            told += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if told else step
        return told

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        where = ", ".join(part for part in (place, self.field) if part)
        return f"{where}: {self.sentence}" if where else self.sentence


class DeclarationError(Exception):
    """A file that cannot be used; holds every problem that was found, by line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: (each.line or 0, each.field)))
        super().__init__("\n".join(map(str, self.problems)))
