"""What a coordinator decides about the texts that readers see: rules for all, words in one, and yes to an arm."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.generation.blinding.levelled import (
    ArmTexts,
    Levelled,
    Levelling,
    level_all,
    levelling_of,
    open_texts,
    texts_of,
)
from readerstudy.generation.models import (
    ArmApproval,
    FrozenOutput,
    Interpretation,
    Redaction,
    ShownText,
    TextRules,
)
from readerstudy.generation.policies import GenerationError
from readerstudy.providers.texts import Rules, occurs
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.policies import check_protocol_open

ROWS_AT_ONCE = 500


@transaction.atomic
def save_rules(*, study: Study, rules: Rules, by: User) -> TextRules | None:
    """Writes the next state of the rules; None where nothing changes. Approvals given before no longer hold."""
    study = locked(study)
    check_protocol_open(study)
    now = levelling_of(study)
    if rules == now.rules:
        return None
    row = TextRules.objects.create(
        study=study, number=now.number + 1, document=rules.to_json(), created_by=by
    )
    stream = study_stream(study.pk)
    record("texts.rules", by=by, stream=stream, subject=study.key, data=row.document)
    return row


@transaction.atomic
def redact_words(
    *, interpretation: Interpretation, words: str, reason: str, by: User, hides: bool = True
) -> Redaction:
    """Takes words out of one text, or puts them back with `hides=False`; the words themselves are not audited.

    Raises `GenerationError` where the words do not stand in the text or no reason is given.
    """
    study = locked(interpretation.generation.source.study)
    check_protocol_open(study)
    _check_open(interpretation)
    words, reason = words.strip(), reason.strip()
    if not reason:
        raise GenerationError(_("Say why: a text that was changed by hand needs a reason."))
    _check_words(study, interpretation, words, hides=hides)
    row = Redaction.objects.create(
        interpretation=interpretation, words=words, hides=hides, reason=reason[:200], by=by
    )
    [levelled] = level_all(levelling_of(study), [interpretation])
    _store([levelled], levelling_of(study))
    verb = "texts.redact" if hides else "texts.restore"
    data = {"shown_sha256": levelled.sha256, "reason": row.reason}
    subject = f"interpretation {interpretation.pk}"
    record(verb, by=by, stream=study_stream(study.pk), subject=subject, data=data)
    return row


@transaction.atomic
def approve_arm(*, arm: Arm, by: User, fingerprint: str = "", reason: str = "") -> ArmApproval:
    """Stores the texts of an arm as readers will see them, and that a person said yes to them.

    `fingerprint`, where given, is that of the texts that were looked at. Raises `GenerationError` where they have
    changed since, where there is nothing to approve, or where names stay in the texts and no reason is given.
    """
    study = locked(arm.study)
    check_protocol_open(study)
    levelling = levelling_of(study)
    state = texts_of(arm, levelling)
    _check_unchanged(state, fingerprint)
    texts = level_all(levelling, open_texts(study, arm))
    telling = sum(len(levelling.leaks(each.shown)) for each in texts)
    reason = reason.strip()[:400]
    if telling and not reason:
        raise GenerationError(
            _("%(n)d places in these texts still say who wrote them. Hide them, or write why they may stay.")
            % {"n": telling}
        )
    _store(texts, levelling)
    approval = ArmApproval.objects.create(
        arm=arm, fingerprint=state.fingerprint, texts=len(texts), telling=telling, reason=reason, by=by
    )
    data = {"texts": len(texts), "telling": telling, "fingerprint": state.fingerprint}
    record("texts.approve", by=by, stream=study_stream(study.pk), subject=arm.name, data=data)
    return approval


def _check_unchanged(state: ArmTexts, fingerprint: str) -> None:
    if not state.open:
        raise GenerationError(_("“%(arm)s” has no text that awaits approval.") % {"arm": state.arm.name})
    if fingerprint and fingerprint != state.fingerprint:
        raise GenerationError(
            _("The texts of “%(arm)s” changed while you looked at them. Look at them again.")
            % {"arm": state.arm.name}
        )


def _check_open(interpretation: Interpretation) -> None:
    if FrozenOutput.objects.filter(interpretation=interpretation).exists():
        raise GenerationError(_("This output is frozen, so what readers see of it no longer changes."))


def _check_words(study: Study, interpretation: Interpretation, words: str, *, hides: bool) -> None:
    [now] = level_all(levelling_of(study), [interpretation])
    if hides and not occurs(now.shown, words):
        raise GenerationError(
            _("These words do not stand in the text as readers see it. Copy them from there.")
        )
    if not hides and words not in now.redacted:
        raise GenerationError(_("These words are not hidden in this text."))


def _store(texts: list[Levelled], levelling: Levelling) -> None:
    """A new version of each text whose last one is not the same under the same rules."""
    last = _last_versions(texts)
    rows = []
    for each in texts:
        before = last.get(each.interpretation.pk)
        if before and (before.sha256, before.rules) == (each.sha256, levelling.number):
            continue
        rows.append(
            ShownText(
                interpretation=each.interpretation,
                version=before.version + 1 if before else 1,
                text=each.shown,
                sha256=hashlib.sha256(each.shown.encode()).hexdigest(),
                rules=levelling.number,
                redacted=len(each.redacted),
            )
        )
    ShownText.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def _last_versions(texts: list[Levelled]) -> dict[int, ShownText]:
    rows = ShownText.objects.filter(interpretation__in=[each.interpretation.pk for each in texts])
    return {row.interpretation_id: row for row in rows.newest().defer("text")}
