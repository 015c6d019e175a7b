"""The attention checks of each reader: how many of each kind were passed and failed. They enter no estimate."""

from __future__ import annotations

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.evidence import Evidence
from readerstudy.reading.check_outcomes import tallies


def checks(evidence: Evidence) -> list[Content]:
    """One row for each reader with a submitted check and each kind; empty where the protocol has none."""
    found = tallies(evidence.checks)
    return [
        {
            "reader": reader.pseudonym,
            "simulated": reader.user.is_simulated,
            "made_of": made_of,
            "passed": tally.passed[made_of],
            "failed": tally.failed[made_of],
            "not_scored": tally.untold[made_of],
        }
        for pk, reader in evidence.table.readers.items()
        if (tally := found.get(pk)) is not None
        for made_of in sorted({*tally.passed, *tally.failed, *tally.untold})
    ]
