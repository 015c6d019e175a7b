"""What a coordinator does with simulated outputs: confirms what was flagged, approves each arm, freezes."""

from __future__ import annotations

from readerstudy.generation.actions import approve_arm, freeze_outputs, overrule
from readerstudy.generation.blinding.levelled import arms_of
from readerstudy.generation.models import Verdict
from readerstudy.generation.running.progress import flagged_of
from readerstudy.studies.models import Study


def confirm_and_freeze(study: Study, *, reason: str) -> None:
    """Says yes to every verdict and text of the study as it is; `reason` goes into the audit trail."""
    by = study.created_by
    for verdict in flagged_of(study).select_related("interpretation__generation__arm"):
        overrule(interpretation=verdict.interpretation, verdict=Verdict(verdict.verdict), by=by)
    for state in arms_of(study):
        if not state.is_approved:
            approve_arm(arm=state.arm, reason=reason, by=by)
    freeze_outputs(study=study, by=by)
