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
        "arms": [_of_arm(row, evidence) for row in (*_in_order(found.arms, evidence), found.whole)],
        "between_people": plain(found.between_people),
    }


def _in_order(rows: tuple[ArmAgreement, ...], evidence: Evidence) -> list[ArmAgreement]:
    """The arms in the order of the report, which is not their own while the study is blinded."""
    by_arm = {row.arm.pk: row for row in rows if row.arm}
    return [by_arm[pk] for pk in evidence.table.arms]


def _of_arm(row: ArmAgreement, evidence: Evidence) -> Content:
    name = evidence.table.arms[row.arm.pk].name if row.arm else None
    return {
        "arm": name,
        "flagged": row.flagged,
        "flagged_judged": row.flagged_judged,
        "unflagged": row.unflagged,
        "sampled_judged": row.sampled_judged,
        "declined": plain(row.declined.labelled(arm=name)),
        "ten_way": plain(row.ten_way.labelled(arm=name)),
        "missed": plain(row.missed.labelled(arm=name)),
        "cried_wolf": plain(row.cried_wolf.labelled(arm=name)),
    }
