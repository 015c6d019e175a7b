"""How far automatic and human verdicts agree, arm by arm: a detector that suits one model biases a study."""

from __future__ import annotations

from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.generation.verdicts.agreement import ArmAgreement


def verdict_agreement(evidence: Evidence) -> Content | None:
    """One entry an arm and one for all of them, with the method; None where no person has judged any output."""
    found = evidence.verdict_agreement
    if not found.whole.flagged_judged and not found.whole.sampled_judged:
        return None
    return {
        "method": found.method,
        "arms": [_of_arm(row) for row in (*found.arms, found.whole)],
        "between_people": plain(found.between_people),
    }


def _of_arm(row: ArmAgreement) -> Content:
    return {
        "arm": row.arm.name if row.arm else None,
        "flagged": row.flagged,
        "flagged_judged": row.flagged_judged,
        "unflagged": row.unflagged,
        "sampled_judged": row.sampled_judged,
        "declined": plain(row.declined),
        "ten_way": plain(row.ten_way),
        "missed": plain(row.missed),
        "cried_wolf": plain(row.cried_wolf),
    }
