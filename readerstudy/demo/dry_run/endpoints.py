"""Which of the statistics that a protocol promises its report has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Promised:
    """One endpoint of a protocol, how many figures the report gives for it, and how many of those have a value."""

    name: str
    statistic: str
    criterion: str
    figures: int
    values: int
    unexplained: int = 0
    """Figures with neither a value nor a reason."""

    @property
    def is_there(self) -> bool:
        """Whether the report has the statistic: a value, or the reason why these data give none."""
        return self.figures > 0

    @property
    def is_computed(self) -> bool:
        """Whether there are figures, and each has a value or says why these data give none."""
        return self.figures > 0 and not self.unexplained


def promised_of(content: Mapping[str, Any]) -> Iterator[Promised]:
    """Every endpoint in the contents of a report."""
    for endpoint in content["endpoints"]:
        values = [row["value"] for row in endpoint["estimates"]]
        given = sum(value is not None for value in values)
        silent = sum(row["value"] is None and not row["reason"] for row in endpoint["estimates"])
        yield Promised(
            endpoint["name"], endpoint["statistic"], endpoint["criterion"], len(values), given, silent
        )
