"""Proves that a locked study is still what it was at its lock: protocol, pixels, texts and allocation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Rendition
from readerstudy.generation.blinding.freezing import flaws_of_freeze
from readerstudy.generation.models import Interpretation
from readerstudy.reading.balance import proof_of
from readerstudy.reading.manifest import digest, manifest
from readerstudy.reading.models import AllocationPlan
from readerstudy.studies.models import ProtocolVersion, Signature, Study, VersionKind


def flaws_of(study: Study) -> Iterator[str]:
    """Everything that is no longer as it was, one sentence each; nothing where the study is whole."""
    return chain(
        _manifest(study),
        _signatures(study),
        _texts(study),
        flaws_of_freeze(study),
        _pixels(study),
        _allocation(study),
    )


def _manifest(study: Study) -> Iterator[str]:
    plan = AllocationPlan.objects.locked(study)
    found = digest(manifest(study, plan)) if plan else ""
    if found != study.manifest_sha256:
        yield _("The records give the manifest %(found)s; at the lock it was %(fixed)s.") % {
            "found": found or _("none"),
            "fixed": study.manifest_sha256,
        }


def _signatures(study: Study) -> Iterator[str]:
    """Signatures that no longer stand under what was signed."""
    for signature in Signature.objects.of(study):
        if signature.digest != signature.compute_digest():
            yield _("The signature of %(name)s is not the one that was given.") % {
                "name": signature.printed_name
            }
    for version in ProtocolVersion.objects.of(study).filter(kind=VersionKind.LOCK, signature__isnull=False):
        if version.signature and version.signature.content_sha256 != version.manifest_sha256:
            yield _("The signature under version %(n)s does not stand under its manifest.") % {
                "n": version.number
            }


def _texts(study: Study) -> Iterator[str]:
    outputs = Interpretation.objects.filter(generation__arm__study=study)
    for output in outputs.select_related("generation__arm", "generation__case").iterator():
        if hashlib.sha256(output.text.encode()).hexdigest() != output.sha256:
            yield _("The text of %(arm)s about case %(case)s is not the one that was recorded.") % {
                "arm": output.generation.source.name,
                "case": output.generation.case.code,
            }


def _pixels(study: Study) -> Iterator[str]:
    found = Rendition.objects.current().filter(image__case__in=Case.objects.read(study))
    for rendition in found.select_related("image__case").iterator():
        try:
            with default_storage.open(rendition.stored) as file:
                intact = hashlib.file_digest(file, "sha256").hexdigest() == rendition.sha256
        except FileNotFoundError:
            intact = False
        if not intact:
            yield _("The image file %(file)s of case %(case)s is missing or changed.") % {
                "file": rendition.stored,
                "case": rendition.image.case.code,
            }


def _allocation(study: Study) -> Iterator[str]:
    plan = AllocationPlan.objects.locked(study)
    proof = proof_of(plan) if plan else None
    if proof and not proof.follows_seed:
        yield _("The stored allocation is not the one that its seed gives.")
    if proof and not proof.balance.keeps_promises:
        yield _("The stored allocation does not keep the promises of its plan.")
