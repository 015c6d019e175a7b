"""Amendments: a locked protocol gets a new version with mended wording, a reason and a signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, seal, study_stream
from readerstudy.studies.above import reading_room
from readerstudy.studies.actions.design import check_section
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.actions.signing import Signer, Signing, prove, sign
from readerstudy.studies.lifecycle import OPEN_TO_AMENDMENT
from readerstudy.studies.models import ProtocolVersion, Study, VersionKind
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol.exporting import data_of
from readerstudy.studies.wording import Place, Rows

AMEND = "amend"


@dataclass(frozen=True)
class Change:
    """One text that an amendment changes; `label` is how people call its place."""

    field: str
    label: str
    before: str
    after: str


def check_can_amend(study: Study) -> None:
    if study.state not in OPEN_TO_AMENDMENT:
        raise StudyError(
            _(
                "Only a locked study that is not closed yet can be amended. A draft can be changed without an "
                "amendment; a closed study stays as it is."
            )
        )


def changes_of(study: Study, wording: Mapping[str, str]) -> list[Change]:
    """What `wording`, a table from places to texts, would change; places that are not there are refused.

    Raises:
        StudyError: for a place that is no wording, or a text that must not be empty.
    """
    places = {place.name: place for place in Rows(study).places()}
    return [
        Change(name, place.label, place.text, text)
        for name, text, place in _wanted(places, wording)
        if text != _cleaned(place.text)
    ]


def amend_protocol(
    *, study: Study, wording: Mapping[str, str], reason: str, signing: Signing, by: User
) -> ProtocolVersion:
    """Writes the next version of a locked protocol; ratings given from now on carry its number.

    Raises:
        StudyError: in another state, without a change or a reason, or where what is meant is no wording.
    """
    check_can_amend(study)
    if not reason.strip():
        raise StudyError(_("Write why the protocol is amended."))
    if not changes_of(study, wording):
        raise StudyError(_("Nothing is changed, so there is nothing to amend."))
    signer = prove(study=study, deed=AMEND, signing=signing, by=by)
    return _amended(study, dict(wording), reason.strip(), signer)


@transaction.atomic
def _amended(study: Study, wording: dict[str, str], reason: str, signer: Signer) -> ProtocolVersion:
    study = locked(study)
    check_can_amend(study)
    changes = changes_of(study, wording)
    version = _begun(study, changes, reason, signer.user)
    _write(study, {change.field: change.after for change in changes})
    _complete(study, version, signer)
    data = {
        "version": version.number,
        "reason": reason,
        "manifest": study.manifest_sha256,
        "changes": version.changes,
        "readings_before": version.readings_before,
    }
    record("study.amend", by=signer.user, stream=study_stream(study.pk), subject=study.key, data=data)
    seal()
    return version


def _begun(study: Study, changes: list[Change], reason: str, by: User) -> ProtocolVersion:
    given = reading_room().given(study)
    return ProtocolVersion.objects.create(
        study=study,
        number=study.protocol_version + 1,
        kind=VersionKind.AMENDMENT,
        reason=reason,
        document={},
        changes=[{"field": each.field, "before": each.before, "after": each.after} for each in changes],
        readings_before=given.readings,
        ratings_before=given.ratings,
        by=by,
    )


def _write(study: Study, texts: Mapping[str, str]) -> None:
    rows = Rows(study)
    for place in rows.places():
        if place.name in texts:
            place.write(texts[place.name])
    if any(name.startswith("ethics.") for name in texts):
        check_section(study=study, name="ethics", content=rows.design.document["ethics"])
    rows.save(set(texts))


def _complete(study: Study, version: ProtocolVersion, signer: Signer) -> None:
    """The new manifest, the signature under it, and the study under both."""
    study.protocol_version = version.number
    study.save(update_fields=["instructions", "consent_text", "protocol_version"])
    study.manifest_sha256 = reading_room().manifest_sha256(study)
    study.save(update_fields=["manifest_sha256"])
    content = _content(study, version)
    version.signature = sign(study=study, deed=AMEND, content_sha256=content, signer=signer)
    version.document = data_of(study)
    version.document_sha256 = _sha256(version.document)
    version.consent_sha256 = study.consent_sha256
    version.manifest_sha256 = study.manifest_sha256
    version.save(
        update_fields=["signature", "document", "document_sha256", "consent_sha256", "manifest_sha256"]
    )


def _content(study: Study, version: ProtocolVersion) -> str:
    """What is signed: the new manifest with what was changed and why."""
    said = {"manifest": study.manifest_sha256, "changes": version.changes, "reason": version.reason}
    return _sha256({**said, "number": version.number})


def _sha256(content: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _cleaned(text: str) -> str:
    """A text as forms send it back."""
    return text.replace("\r\n", "\n").strip()


def _wanted(places: Mapping[str, Place], wording: Mapping[str, str]) -> list[tuple[str, str, Place]]:
    found = []
    for name, text in wording.items():
        if name not in places:
            raise StudyError(
                _("“%(name)s” is no wording. An amendment changes words only, never options, keys or kinds.")
                % {"name": name}
            )
        cleaned = _cleaned(text)
        if places[name].is_needed and not cleaned:
            raise StudyError(_("“%(place)s” must not be empty.") % {"place": places[name].label})
        found.append((name, cleaned, places[name]))
    return found
