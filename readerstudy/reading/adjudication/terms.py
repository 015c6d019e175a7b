"""What the protocol says of disagreements: the rules, who settles, and the questions of the second stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from readerstudy.reading.adjudication.comparing import Rule
from readerstudy.studies.models import Criterion
from readerstudy.studies.rubrics.documents import from_document
from readerstudy.studies.rubrics.values import as_text

PANEL = "panel"


@dataclass(frozen=True)
class Terms:
    """The section `adjudication` of a protocol; empty where it says nothing.

    `second_rules` bring up the questions `second`, which have no rows: they are read from the section.
    """

    by: str = ""
    rules: tuple[Rule, ...] = ()
    second_rules: tuple[Rule, ...] = ()
    second: tuple[Criterion, ...] = ()

    @classmethod
    def of(cls, section: Mapping[str, Any], criteria: Iterable[Criterion]) -> Terms:
        kinds = {criterion.key: str(criterion.kind) for criterion in criteria}
        later = section.get("second_stage", {})
        return cls(
            by=section.get("by", ""),
            rules=_rules(section.get("rules", ()), kinds),
            second_rules=_rules(later.get("when", ()), kinds),
            second=tuple(Criterion(**from_document(told)) for told in later.get("criteria", ())),
        )

    @property
    def is_declared(self) -> bool:
        return bool(self.rules or self.second_rules)

    @property
    def shows_readings(self) -> bool:
        """Whether whoever settles sees what the readers said."""
        return self.by == PANEL

    @property
    def ruled(self) -> frozenset[str]:
        """The keys of the criteria that a disagreement can be about."""
        return frozenset(rule.criterion for rule in self.rules)


def _rules(told: Iterable[Mapping[str, Any]], kinds: Mapping[str, str]) -> tuple[Rule, ...]:
    """Rules about criteria that are there; a draft may name one that was removed, and its page says so."""
    return tuple(
        Rule(
            criterion=rule["criterion"],
            kind=kinds[rule["criterion"]],
            trigger=rule["trigger"],
            limit=float(rule.get("limit", 0.0)),
            values=tuple(as_text(value) for value in rule.get("values", ())),
            readers=rule.get("readers", 1),
        )
        for rule in told
        if rule["criterion"] in kinds
    )
