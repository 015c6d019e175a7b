"""How often each arm refused, what kind of responses it gave, and what infrastructure lost."""

from __future__ import annotations

from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.generation.models import Verdict
from readerstudy.providers.refusals import RATEABLE
from readerstudy.stats.refusals import refusal_rate


def refusals(evidence: Evidence) -> list[Content]:
    """One entry an arm: the rate with its exact interval, every verdict's count, and failures apart."""
    return [_of_arm(evidence, arm.pk, arm.name) for arm in evidence.arms]


def _of_arm(evidence: Evidence, pk: int, name: str) -> Content:
    outputs = evidence.outputs[pk]
    declined = int(outputs.declined.sum())
    rate = refusal_rate(declined, outputs.responses, failed=outputs.failures, inference=evidence.inference)
    return {
        "arm": name,
        "declined": declined,
        "responses": outputs.responses,
        "rateable": sum(outputs.verdicts[verdict] for verdict in RATEABLE),
        "failures": outputs.failures,
        "waiting": outputs.waiting,
        "calls_lost": outputs.calls_lost,
        "verdicts": [
            {"verdict": verdict.value, "count": outputs.verdicts[verdict]}
            for verdict in Verdict
            if outputs.verdicts[verdict]
        ],
        "rate": plain(rate.labelled(arm=name)),
    }
