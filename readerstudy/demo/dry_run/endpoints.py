"""Which of the statistics that a protocol promises its report has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readerstudy.studies.protocol.document import Document

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promised:
    """One endpoint of a protocol and whether a figure for it stands in the report."""

    name: str
    statistic: str
    criterion: str
    is_there: bool


def promised_of(document: Document, content: Content) -> Iterator[Promised]:
    """Every endpoint of the protocol, looked for in the contents of a report."""
    for endpoint in document.data.get("endpoints", ()):
        statistic, key = endpoint["statistic"], endpoint.get("criterion", "")
        yield Promised(endpoint["name"], statistic, key, _is_there(content, statistic, key))


def _is_there(content: Content, statistic: str, key: str) -> bool:
    look = _PLACES.get(statistic)
    return bool(look and look(content, key))


def _estimator(*names: str) -> Callable[[Content, str], bool]:
    def look(content: Content, key: str) -> bool:
        rows = (row for each in content["criteria"] if each["key"] == key for row in each["estimates"])
        return any(row["estimator"] in names for row in rows)

    return look


def _agreement(*names: str) -> Callable[[Content, str], bool]:
    def look(content: Content, key: str) -> bool:
        rows = (row for each in content["criteria"] if each["key"] == key for row in each["agreement"])
        return any(row["estimator"] in names for row in rows)

    return look


_PLACES: Mapping[str, Callable[[Content, str], bool]] = {
    "acceptable_share": _estimator("share_acceptable"),
    "mean_score": _estimator("mean_score"),
    "alpha": _agreement("krippendorff_alpha"),
    "ac1": _agreement("gwet_ac"),
    "ac2": _agreement("gwet_ac"),
    "percent_agreement": _agreement("percent_agreement"),
    "refusal_share": lambda content, _key: bool(content["refusals"]),
}
