"""A coordinator decides how the study treats its images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.normal import ring_normalising
from readerstudy.cases.models import Case, ImageRules, ShownAs, rules_of
from readerstudy.cases.originals import check_can_keep
from readerstudy.cases.policies import CasesError
from readerstudy.cases.uses import used_cases
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import check_protocol_open


@transaction.atomic
def save_image_rules(*, study: Study, changes: Mapping[str, Any], by: User) -> ImageRules:
    """Changes how images are shown and what is kept of them; `changes` maps fields of `ImageRules` to new values.

    Rings a worker where images are to be normalised. Raises `StudyError` where the study is locked, and `CasesError`
    where originals cannot be encrypted or a model was already given what it would no longer be given.
    """
    study = locked(study)
    check_protocol_open(study)
    rules = rules_of(study)
    before, sent_before = {name: getattr(rules, name) for name in changes}, _sent(rules)
    for name, value in changes.items():
        setattr(rules, name, value)
    if rules.keeps_originals:
        check_can_keep()
    if _sent(rules) != sent_before:
        _check_nothing_was_sent(study)
    rules.save()
    changed = {name: [before[name], value] for name, value in changes.items() if before[name] != value}
    if changed:
        record("image_rules.change", by=by, stream=study_stream(study.pk), subject=study.key, data=changed)
    ring_normalising(study)
    return rules


def _sent(rules: ImageRules) -> tuple[str, int]:
    """What decides about the bytes that a model is given."""
    return (ShownAs.NORMAL, rules.side) if rules.shown_as == ShownAs.NORMAL else ("", 0)


def _check_nothing_was_sent(study: Study) -> None:
    if used_cases(set(Case.objects.read(study).values_list("pk", flat=True))):
        raise CasesError(
            _(
                "Models were already asked about these images as they are, and readers must see the same. Make a new "
                "study to show them in another way."
            )
        )
