"""A report's contents: plain JSON, made from evidence alone, the same for the same evidence.

What is frozen here is language-free numbers, codes and the study's own words; `document.py` puts them into sentences.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np

from readerstudy import __version__
from readerstudy.analysis.codebook import rule_of
from readerstudy.analysis.estimates.adjudication import adjudication, second_stage
from readerstudy.analysis.estimates.agreement import agreement, prevalence, shared
from readerstudy.analysis.estimates.alignment import alignment, differences
from readerstudy.analysis.estimates.checks import checks
from readerstudy.analysis.estimates.classification import classification
from readerstudy.analysis.estimates.confusion import confusion
from readerstudy.analysis.estimates.constancy import self_agreement, with_readers
from readerstudy.analysis.estimates.disagreement import disagreement
from readerstudy.analysis.estimates.drift import drift
from readerstudy.analysis.estimates.endpoints import endpoints
from readerstudy.analysis.estimates.errors import errors
from readerstudy.analysis.estimates.experts import experts
from readerstudy.analysis.estimates.kappas import kappas
from readerstudy.analysis.estimates.kinds import kinds
from readerstudy.analysis.estimates.leaving import leaving
from readerstudy.analysis.estimates.measured import measured
from readerstudy.analysis.estimates.pace import pace
from readerstudy.analysis.estimates.pieces import pieces
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.estimates.preferences import preferences
from readerstudy.analysis.estimates.refusals import refusals
from readerstudy.analysis.estimates.regions import regions
from readerstudy.analysis.estimates.repeats import repeats
from readerstudy.analysis.estimates.right import right
from readerstudy.analysis.estimates.roc import roc
from readerstudy.analysis.estimates.signed_ranks import signed_ranks
from readerstudy.analysis.estimates.spans import spans
from readerstudy.analysis.estimates.spread import spread
from readerstudy.analysis.estimates.strata import strata
from readerstudy.analysis.estimates.times import times
from readerstudy.analysis.estimates.verdicts import verdict_agreement
from readerstudy.analysis.evidence import Evidence, Sheet, gather
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Kind, ProtocolVersion, Study, Unblinding

FORMAT = "report/4"
"""Names the way a report is computed; a change of any figure's definition changes it."""


def build_report(study: Study) -> Content:
    """The report on the study as it is now."""
    return report_of(gather(study))


def report_of(evidence: Evidence) -> Content:
    study = evidence.study
    return {
        "format": FORMAT,
        "input_sha256": evidence.sha256,
        "is_interim": evidence.is_interim,
        "study": {
            "key": study.key,
            "title": study.title,
            "question": study.question,
            "protocol_version": study.protocol_version,
            "manifest_sha256": study.manifest_sha256,
            "signature": _signature(study),
            "refusal_policy": study.refusal_policy,
            "positive_label": study.positive_label,
        },
        "inference": _inference(evidence),
        "software": software(),
        "arms": [_arm(arm, evidence) for arm in evidence.arms],
        "blinding": _blinding(evidence),
        "readers": _readers(evidence),
        "counts": _counts(evidence),
        "refusals": refusals(evidence),
        "verdict_agreement": verdict_agreement(evidence),
        "endpoints": endpoints(evidence),
        "criteria": [_criterion(evidence, sheet) for sheet in evidence.sheets.values()],
        "classification": classification(evidence),
        "right": right(evidence),
        "self_agreement": self_agreement(evidence),
        "agreement_with_readers": with_readers(evidence),
        "leaving": leaving(evidence),
        "kappas": kappas(evidence),
        "preferences": preferences(evidence),
        "pieces": pieces(evidence),
        "spans": spans(evidence),
        "strata": strata(evidence),
        "signed_ranks": signed_ranks(evidence),
        "measured": measured(evidence),
        "errors": errors(evidence),
        "kinds": kinds(evidence),
        "regions": regions(evidence),
        "confusion": confusion(evidence),
        "roc": roc(evidence),
        "experts": experts(evidence),
        "repeats": repeats(evidence),
        "drift": drift(evidence),
        "times": times(evidence),
        "pace": pace(evidence),
        "disagreement": disagreement(evidence),
        **_adjudication(evidence),
        "checks": checks(evidence),
    }


def part_report(evidence: Evidence) -> Content:
    """The figures of a part of the evidence: what a filtered view shows, which is never frozen."""
    return {
        "study": {"refusal_policy": evidence.study.refusal_policy},
        "is_interim": evidence.is_interim,
        "inference": _inference(evidence),
        "arms": [_arm(arm, evidence) for arm in evidence.arms],
        "blinding": _blinding(evidence),
        "counts": _counts(evidence),
        "endpoints": endpoints(evidence),
        "criteria": [_criterion(evidence, sheet) for sheet in evidence.sheets.values()],
        "preferences": preferences(evidence),
        "refusals": refusals(evidence),
        "classification": classification(evidence),
        "times": times(evidence),
    }


def _inference(evidence: Evidence) -> Content:
    inference = evidence.inference
    return {
        "seed": inference.seed,
        "level": inference.level,
        "resamples": inference.resamples,
        "generator": "PCG64",
        "correction": evidence.correction,
    }


def _adjudication(evidence: Evidence) -> Content:
    """What came of disagreements, where the protocol has them settled."""
    terms = frozen_of(evidence.study).terms
    if not terms.is_declared:
        return {}
    told = {
        "by": terms.by,
        "simulated": any(row.is_simulated for row in evidence.adjudicated),
        "rows": adjudication(evidence),
        "second_stage": second_stage(evidence),
    }
    return {"adjudication": told}


def _signature(study: Study) -> Content | None:
    """Who signed the version in force: printed name, meaning, time and hash; None where nobody did."""
    version = ProtocolVersion.objects.of(study).filter(number=study.protocol_version).first()
    signed = version.signature if version else None
    if signed is None:
        return None
    return {
        "name": signed.printed_name,
        "meaning": signed.meaning,
        "at": signed.at.isoformat(),
        "digest": signed.digest,
    }


@lru_cache(maxsize=1)
def software() -> dict[str, str]:
    """The versions that decide the numbers."""
    return {
        "readerstudy": __version__,
        "report": FORMAT,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
    }


def software_line() -> str:
    return ", ".join(f"{name} {number}" for name, number in software().items())


def _arm(arm: Any, evidence: Evidence) -> Content:
    """An arm, or while the study is blinded its code and what it shares with all others."""
    shown = evidence.table.blinding
    return {
        "name": arm.name,
        "position": arm.position,
        "kind": "" if shown.is_blinded else arm.kind,
        "model": arm.model,
        "simulated": arm.is_simulated and shown.tells_simulated,
        "recorded": arm.is_recorded and shown.tells_recorded,
    }


def _blinding(evidence: Evidence) -> Content:
    """Whether the arms stand under codes, how many are simulated or recorded, and each early end of the blind."""
    arms, unblindings = evidence.arms, Unblinding.objects.of(evidence.study)
    return {
        "is_blinded": evidence.table.blinding.is_blinded,
        "simulated": sum(arm.is_simulated for arm in arms),
        "recorded": sum(arm.is_recorded for arm in arms),
        "early": [
            {"case": each.case_code, "at": each.at.isoformat(), "reason": each.reason}
            for each in unblindings
            if not each.is_planned
        ],
    }


def _readers(evidence: Evidence) -> list[Content]:
    """Each reader by pseudonym, with what was planned over the required questions and what became of it."""
    return [
        {
            "reader": reader.pseudonym,
            "specialty": getattr(getattr(reader.user, "profile", None), "specialty", None),
            "years": getattr(getattr(reader.user, "profile", None), "years_experience", None),
            "simulated": reader.user.is_simulated,
            **_tally(required(evidence), place),
        }
        for place, reader in enumerate(evidence.table.readers.values())
    ]


def _tally(sheets: Iterable[Sheet], reader: int | None = None) -> dict[str, int]:
    """Planned ratings and what became of them, of one reader or of all."""
    chosen = slice(None) if reader is None else slice(reader, reader + 1)
    totals = dict.fromkeys(("planned", "rated", "cannot_judge", "withdrawn", "not_given"), 0)
    for sheet in sheets:
        shown = sheet.shown[..., chosen]
        rated, cannot = sheet.rated[..., chosen], sheet.cannot_judge[..., chosen]
        withdrawn = sheet.withdrawn[..., chosen]
        totals["planned"] += int(shown.sum())
        totals["rated"] += int(rated.sum())
        totals["cannot_judge"] += int(cannot.sum())
        totals["withdrawn"] += int(withdrawn.sum())
        totals["not_given"] += int((shown & ~rated & ~cannot & ~withdrawn).sum())
    return totals


def _counts(evidence: Evidence) -> Content:
    """Totals; what is missing is counted over the questions that must be answered."""
    sheets, tally = list(evidence.sheets.values()), _tally(required(evidence))
    return {
        "cases": len(evidence.cases),
        "arms": len(evidence.arms),
        "readers": len(evidence.readers),
        "readers_rating": len({reader for reader, _criterion in evidence.table.with_ratings}),
        "readers_simulated": sum(reader.user.is_simulated for reader in evidence.table.readers.values()),
        "outputs": sum(int(outputs.present.sum()) for outputs in evidence.outputs.values()),
        "outputs_hidden": _hidden(evidence),
        "scored_by_rule": sum(int(sheet.scored_by_rule.sum()) for sheet in sheets),
        "ratings": sum(int(sheet.rated.sum()) for sheet in sheets),
        "other_ratings": evidence.others,
        "repeated_ratings": evidence.repeats,
        **tally,
        "missing_share": _share(tally["planned"] - tally["rated"], tally["planned"]),
    }


def required(evidence: Evidence) -> list[Sheet]:
    """The questions that must be answered; all of them where none must."""
    sheets = list(evidence.sheets.values())
    return [sheet for sheet in sheets if sheet.criterion.is_required] or sheets


def _hidden(evidence: Evidence) -> int:
    """How many refused outputs were planned for no reader at all, though readings are planned."""
    shown = np.zeros((len(evidence.arms), len(evidence.cases)), dtype=np.bool_)
    for sheet in evidence.sheets.values():
        shown |= sheet.shown.any(axis=2)
    declined = np.array([outputs.declined for outputs in evidence.outputs.values()], dtype=np.bool_)
    return int((declined & ~shown).sum()) if shown.any() else 0


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _criterion(evidence: Evidence, sheet: Sheet) -> Content:
    criterion = sheet.criterion
    has_text = criterion.kind == Kind.FREE_TEXT
    tally = _tally([sheet])
    return {
        "key": criterion.key,
        "question": criterion.question,
        "kind": criterion.kind,
        "unit": criterion.unit,
        "direction": criterion.direction,
        "options": criterion.options,
        "acceptable_from": criterion.acceptable_from,
        "acceptable_rule": rule_of(criterion),
        "counts": {
            **tally,
            "missing_share": _share(tally["planned"] - tally["rated"], tally["planned"]),
            "scored_by_rule": int(sheet.scored_by_rule.sum()),
        },
        "estimates": alignment(evidence, sheet),
        "differences": differences(evidence, sheet),
        "distribution": [] if has_text else spread(evidence, sheet),
        "agreement": agreement(evidence, sheet),
        "prevalence": prevalence(evidence, sheet),
        "overlap": None if has_text else shared(evidence, sheet),
    }
