"""The life of a study: each deed of the table in `lifecycle.py`, done in one transaction with all its checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, seal, study_stream
from readerstudy.studies.above import Given, reading_room
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.actions.signing import Signer, Signing, prove, sign
from readerstudy.studies.ethics import obstacle_of_ethics
from readerstudy.studies.lifecycle import OPEN_TO_EMERGENCY, Check, Deed, Move, move_of
from readerstudy.studies.models import (
    Criterion,
    Membership,
    ProtocolVersion,
    Rubric,
    Signature,
    Study,
    Unblinding,
    VersionKind,
)
from readerstudy.studies.policies import StudyError, check_deed
from readerstudy.studies.protocol.exporting import data_of
from readerstudy.studies.stations import blockers

EMERGENCY = "unblind-early"
SEALED = frozenset({Deed.LOCK, Deed.CLOSE, Deed.LOCK_DATA, Deed.UNBLIND, Deed.ARCHIVE})
PILOT_CASES = 3


@dataclass
class Doing:
    """One deed under way: the study with its row locked, and what the person gave with it."""

    study: Study
    move: Move
    by: User | None
    signer: Signer | None = None
    reason: str = ""
    pilot_cases: int = PILOT_CASES
    told: dict[str, Any] = field(default_factory=dict)

    def sign(self, content_sha256: str) -> Signature | None:
        """The signature under this content; None for a deed that needs none, or one done without a person."""
        self.told["content_sha256"] = content_sha256
        if self.signer is None:
            return None
        deed = str(self.move.deed)
        return sign(study=self.study, deed=deed, content_sha256=content_sha256, signer=self.signer)


def carry_out(
    *,
    study: Study,
    deed: Deed,
    by: User,
    signing: Signing | None = None,
    reason: str = "",
    pilot_cases: int = PILOT_CASES,
    unsigned: bool = False,
) -> Study:
    """Does one deed of the table: checks it, does what belongs to it, moves the study and writes it down.

    `unsigned` lets a command of the site's staff do what in the browser is signed; it is then shown as not signed.

    Raises:
        StudyError: where state, role, checks, reason or signature do not allow it; then nothing has changed.
    """
    move = move_of(deed)
    check_deed(study, move)
    _check_role(study, move, by)
    reason = _checked_reason(move, reason)
    signer = _signer(study, move, signing, by, unsigned=unsigned)
    with transaction.atomic():
        doing = Doing(locked(study), move, by, signer, reason, pilot_cases)
        check_deed(doing.study, move)
        _check_facts(doing.study, move)
        return _done(doing)


def unblind_early(
    *, study: Study, by: User, reason: str, signing: Signing, case_code: str = ""
) -> Unblinding:
    """Breaks the blind before the protocol foresees it: for one case, or with no code for all of them.

    Raises:
        StudyError: in a state without a blind to break, without a reason, for a case that is not there.
    """
    if study.state not in OPEN_TO_EMERGENCY:
        raise StudyError(
            _("There is no blind to break: the study is not locked yet, or it is unblinded already.")
        )
    if not reason.strip():
        raise StudyError(_("Write why the blind has to be broken now."))
    room = reading_room()
    if case_code and not room.seen(study, case_code):
        raise StudyError(_("No reader reads a case with the code “%(code)s”.") % {"code": case_code})
    signer = prove(study=study, deed=EMERGENCY, signing=signing, by=by)
    return _break_blind(study, by, reason.strip(), signer, case_code)


@transaction.atomic
def _break_blind(study: Study, by: User, reason: str, signer: Signer, case_code: str) -> Unblinding:
    study = locked(study)
    content = hashlib.sha256(f"{study.manifest_sha256}\n{case_code}\n{reason}".encode()).hexdigest()
    signature = sign(study=study, deed=EMERGENCY, content_sha256=content, signer=signer)
    found = Unblinding.objects.create(
        study=study, case_code=case_code, is_planned=False, reason=reason, signature=signature, by=by
    )
    data = {"case": case_code or "all", "reason": reason, "signature": signature.digest}
    record("study.unblind_early", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    seal()
    return found


def _check_role(study: Study, move: Move, by: User) -> None:
    roles = Membership.objects.present().filter(study=study, user=by).values_list("role", flat=True)
    if not move.roles & set(roles):
        raise StudyError(_("Your role in this study does not include “%(deed)s”.") % {"deed": move.label})


def _checked_reason(move: Move, reason: str) -> str:
    if move.needs_reason and not reason.strip():
        raise StudyError(_("Write why. The reason is kept in the audit trail."))
    return reason.strip()


def _signer(study: Study, move: Move, signing: Signing | None, by: User, *, unsigned: bool) -> Signer | None:
    if not move.is_signed or unsigned:
        return None
    if signing is None:
        raise StudyError(_("“%(deed)s” has to be signed with your password.") % {"deed": move.label})
    return prove(study=study, deed=str(move.deed), signing=signing, by=by)


def _check_facts(study: Study, move: Move) -> None:
    if Check.ETHICS in move.checks and (sentence := obstacle_of_ethics(study)):
        raise StudyError(sentence)
    missing = blockers(study) if Check.READY in move.checks else []
    if missing:
        raise StudyError(_("The study cannot start yet: %(first)s") % {"first": missing[0].text})


def _done(doing: Doing) -> Study:
    """Does what belongs to the deed, moves the study and records it."""
    study, move, now = doing.study, doing.move, doing.study.state
    changed = _BELONGS[move.deed](doing) if move.deed in _BELONGS else []
    study.state = move.then
    study.save(update_fields=["state", *changed])
    if move.deed == Deed.END_PILOT:
        _set_rubric_aside(study)
    data = {"from": now, "to": move.then, **({"reason": doing.reason} if doing.reason else {}), **doing.told}
    record(move.verb, by=doing.by, stream=study_stream(study.pk), subject=study.key, data=data)
    if move.deed in SEALED:
        seal()
    return study


def _begin_pilot(doing: Doing) -> list[str]:
    study = doing.study
    if doing.pilot_cases < 1:
        raise StudyError(_("A pilot needs at least one case."))
    study.protocol_version = _next_number(study)
    reading_room().draw(study, by=doing.by, pilot_cases=doing.pilot_cases)
    write_version(study, VersionKind.PILOT, by=doing.by)
    doing.told["version"] = study.protocol_version
    return ["protocol_version"]


def _lock(doing: Doing) -> list[str]:
    study, room = doing.study, reading_room()
    study.protocol_version = _next_number(study)
    room.draw(study, by=doing.by, pilot_cases=None)
    return freeze(doing, room.manifest_sha256(study))


def freeze(doing: Doing, manifest_sha256: str) -> list[str]:
    """Puts the protocol under its manifest; returns the columns of the study that changed."""
    study = doing.study
    study.manifest_sha256, study.locked_at = manifest_sha256, timezone.now()
    signature = doing.sign(manifest_sha256)
    write_version(study, VersionKind.LOCK, by=doing.by, signature=signature)
    doing.told |= {"manifest": manifest_sha256, "version": study.protocol_version}
    return ["protocol_version", "manifest_sha256", "locked_at"]


def _lock_data(doing: Doing) -> list[str]:
    doing.sign(reading_room().data_sha256(doing.study))
    return []


def _unblind(doing: Doing) -> list[str]:
    study, signature = doing.study, doing.sign(reading_room().data_sha256(doing.study))
    Unblinding.objects.create(
        study=study, is_planned=True, reason=doing.reason, signature=signature, by=doing.by
    )
    return []


_BELONGS: dict[Deed, Callable[[Doing], list[str]]] = {
    Deed.BEGIN_PILOT: _begin_pilot,
    Deed.LOCK: _lock,
    Deed.LOCK_DATA: _lock_data,
    Deed.UNBLIND: _unblind,
}


def write_version(
    study: Study,
    kind: VersionKind,
    *,
    by: User | None,
    signature: Signature | None = None,
    given: Given | None = None,
    **more: Any,
) -> ProtocolVersion:
    """Stores the protocol as it stands under the study's present version number."""
    document = data_of(study)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    given = given or Given(0, 0)
    return ProtocolVersion.objects.create(
        study=study,
        number=study.protocol_version,
        kind=kind,
        document=document,
        document_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        consent_sha256=study.consent_sha256,
        manifest_sha256="" if kind == VersionKind.PILOT else study.manifest_sha256,
        readings_before=given.readings,
        ratings_before=given.ratings,
        signature=signature,
        by=by,
        **more,
    )


def _next_number(study: Study) -> int:
    last = ProtocolVersion.objects.filter(study=study).aggregate(last=models.Max("number"))["last"]
    return int(last or 0) + 1


def _set_rubric_aside(study: Study) -> None:
    """The questions that the pilot answered stay with their answers; the draft goes on with copies of them."""
    old = study.rubrics.latest("version")
    new = Rubric.objects.create(study=study, version=old.version + 1)
    for criterion in Criterion.objects.filter(rubric=old).order_by("position"):
        criterion.pk, criterion.rubric = None, new
        criterion._state.adding = True
        criterion.save()
