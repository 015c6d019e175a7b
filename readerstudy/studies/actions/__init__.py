"""Every write to a study's protocol, people and state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.actions import invite
from readerstudy.accounts.models import User
from readerstudy.audit.record import record, seal, study_stream
from readerstudy.providers.prompts import Prompt
from readerstudy.studies.actions.criteria import (
    CriterionRefused,
    copy_criterion,
    move_criterion,
    order_criteria,
    remove_criterion,
    save_criterion,
    use_rubric,
)
from readerstudy.studies.actions.design import DesignRefused, set_section
from readerstudy.studies.actions.life import Doing, carry_out, freeze, unblind_early
from readerstudy.studies.actions.locking import locked
from readerstudy.studies.lifecycle import Deed, State, move_of, moves_from
from readerstudy.studies.models import Arm, Membership, PromptVersion, Role, Rubric, Study
from readerstudy.studies.models.study import consent_hash
from readerstudy.studies.policies import StudyError, check_deed, check_protocol_open

__all__ = [
    "NAME_LENGTH",
    "CriterionRefused",
    "DesignRefused",
    "add_member",
    "carry_out",
    "change_study",
    "copy_criterion",
    "create_study",
    "cross_arm",
    "give_consent",
    "invite_member",
    "lock_protocol",
    "locked",
    "move_criterion",
    "move_study",
    "order_criteria",
    "remove_arm",
    "remove_criterion",
    "remove_member",
    "save_arm",
    "save_criterion",
    "save_prompt",
    "set_section",
    "unblind_early",
    "use_rubric",
]

NAME_LENGTH = 80


@transaction.atomic
def create_study(*, title: str, question: str = "", by: User, is_demo: bool = False) -> Study:
    """Makes a draft with an empty rubric; whoever makes it coordinates it. A demo's images are synthetic."""
    study = Study.objects.create(
        title=title,
        question=question,
        created_by=by,
        is_demo=is_demo,
        contains_patient_data=not is_demo,
    )
    Rubric.objects.create(study=study)
    Membership.objects.create(study=study, user=by, role=Role.COORDINATOR)
    record("study.create", by=by, stream=study_stream(study.pk), subject=study.key, data={"title": title})
    return study


@transaction.atomic
def change_study(*, study: Study, changes: Mapping[str, Any], by: User) -> Study:
    """Changes texts and choices of an open protocol; `changes` maps field names to new values."""
    study = locked(study)
    check_protocol_open(study)
    old = {name: getattr(study, name) for name in changes}
    for name, value in changes.items():
        setattr(study, name, value)
    study.save(update_fields=list(changes))
    changed = {name: [old[name], value] for name, value in changes.items() if old[name] != value}
    record("study.change", by=by, stream=study_stream(study.pk), subject=study.key, data=changed)
    return study


@transaction.atomic
def save_arm(*, study: Study, fields: Mapping[str, Any], by: User, arm: Arm | None = None) -> Arm:
    """Adds an arm at the end, or changes one."""
    check_protocol_open(locked(study))
    arm = arm or Arm(study=study, position=_next_position(Arm.objects.filter(study=study)))
    verb = "arm.change" if arm.pk else "arm.add"
    for name, value in fields.items():
        setattr(arm, name, value)
    arm.save()
    record(verb, by=by, stream=study_stream(study.pk), subject=arm.name, data=_told(fields))
    return arm


@transaction.atomic
def remove_arm(*, arm: Arm, by: User) -> None:
    """Takes an arm without outputs out of a draft."""
    check_protocol_open(locked(arm.study))
    name, study = arm.name, arm.study
    try:
        arm.delete()
    except models.ProtectedError as error:
        raise StudyError(
            _(
                "“%(arm)s” already has outputs, and outputs are never deleted. Make a new study without this arm."
            )
            % {"arm": name}
        ) from error
    record("arm.remove", by=by, stream=study_stream(study.pk), subject=name)


@transaction.atomic
def cross_arm(*, like: Arm, prompt: PromptVersion, by: User) -> Arm:
    """Adds an arm with the model and parameters of `like` and another prompt: one more cell of model × prompt."""
    copied = (
        "kind",
        "connection",
        "model",
        "input_condition",
        "replicates",
        "mode",
        "parameters",
        "is_simulated",
    )
    fields = {name: getattr(like, name) for name in copied}
    study = locked(like.study)
    fields |= {"name": _free_name(study, f"{like.model} · {prompt}"), "prompt": prompt}
    return save_arm(study=study, fields=fields, by=by)


def _free_name(study: Study, wanted: str) -> str:
    """The name, with a number behind it where another arm has it."""
    taken = set(Arm.objects.filter(study=study).values_list("name", flat=True))
    names = (wanted[:NAME_LENGTH], *(f"{wanted[: NAME_LENGTH - 4]} {number}" for number in range(2, 100)))
    return next(name for name in names if name not in taken)


@transaction.atomic
def save_prompt(
    *, study: Study, name: str, prompt: Prompt, by: User, note: str = "", parent: PromptVersion | None = None
) -> PromptVersion:
    """Writes the next version of the prompt `name`; the ones before it stay as they are."""
    study = locked(study)
    check_protocol_open(study)
    last = PromptVersion.objects.filter(study=study, name=name).aggregate(last=models.Max("number"))["last"]
    version = PromptVersion.objects.create(
        study=study,
        name=name,
        number=(last or 0) + 1,
        parent=parent,
        note=note,
        document=prompt.to_json(),
        sha256=prompt.sha256,
        created_by=by,
    )
    data = {"sha256": version.sha256, "number": version.number, "note": note}
    record("prompt.save", by=by, stream=study_stream(study.pk), subject=name, data=data)
    return version


@transaction.atomic
def invite_member(*, study: Study, email: str, role: Role, by: User) -> Membership:
    """Invites a person by address into a role; a second call opens a fresh link for the same membership."""
    study = locked(study)
    invitation = invite(email=email, by=by)
    membership = add_member(study=study, user=invitation.user, role=role, by=by)
    Membership.objects.filter(pk=membership.pk).update(invitation=invitation)
    membership.invitation = invitation
    data = {"role": role, "invitation": invitation.pk}
    record("member.invite", by=by, stream=study_stream(study.pk), subject=membership.pseudonym, data=data)
    return membership


@transaction.atomic
def add_member(*, study: Study, user: User, role: Role, by: User) -> Membership:
    """Gives `user` a role; a reader gets the next free seat and keeps it when coming back after a removal."""
    study = locked(study)
    membership = Membership.objects.filter(study=study, user=user, role=role).first()
    if membership and membership.removed_at is None:
        return membership
    _check_blind(study, user, role)
    if membership is None:
        seat = _next_seat(study) if role == Role.READER else None
        membership = Membership(study=study, user=user, role=role, seat=seat)
    membership.removed_at = None
    membership.save()
    record(
        "member.add", by=by, stream=study_stream(study.pk), subject=membership.pseudonym, data={"role": role}
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """Ends a person's access; what a reader rated stays."""
    if membership.user_id == by.pk and membership.role == Role.COORDINATOR:
        raise StudyError(_("You cannot remove yourself: a study needs a coordinator."))
    Membership.objects.filter(pk=membership.pk, removed_at=None).update(removed_at=timezone.now())
    record("member.remove", by=by, stream=study_stream(membership.study_id), subject=membership.pseudonym)


@transaction.atomic
def give_consent(*, seat: Membership, text: str = "", language: str = "", by: User) -> None:
    """Stores that a reader agreed, and to which text; the same text a second time changes nothing.

    `text` is the consent text in the language in which the reader read it; the study's own where it is left out.
    """
    digest = consent_hash(text) if text else seat.study.consent_sha256
    updated = (
        Membership.objects.filter(pk=seat.pk)
        .exclude(consent_sha256=digest)
        .update(consented_at=timezone.now(), consent_sha256=digest)
    )
    if updated:
        stream = study_stream(seat.study_id, seat.seat)
        said = {"language": language} if language else {}
        data = {"text_sha256": digest, "version": seat.study.protocol_version, **said}
        record("reader.consent", by=by, stream=stream, subject=seat.pseudonym, data=data)


@transaction.atomic
def lock_protocol(*, study: Study, manifest_sha256: str, by: User | None) -> Study:
    """Freezes the protocol under a manifest that is given, without the checks and the signature of `carry_out`."""
    study, move = locked(study), move_of(Deed.LOCK)
    check_deed(study, move)
    changed = freeze(Doing(study, move, by), manifest_sha256)
    study.state = move.then
    study.save(update_fields=["state", *changed])
    data = {"manifest": manifest_sha256}
    record(move.verb, by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    seal()
    return study


def move_study(*, study: Study, then: State, by: User) -> Study:
    """Does, without a signature, the deed that leads from the study's state to another; for commands of the staff."""
    move = next((each for each in moves_from(study.state) if each.then == then), None)
    if move is None:
        raise StudyError(
            _("This study is %(now)s; it cannot become %(then)s from here.")
            % {"now": State(study.state).label, "then": then.label}
        )
    reason = _("By a command of the site’s staff.") if move.needs_reason else ""
    return carry_out(study=study, deed=move.deed, by=by, reason=reason, unsigned=True)


def _check_blind(study: Study, user: User, role: Role) -> None:
    """Who writes texts for a study would know them again as a reader, or on settling what readers disagree about."""
    judging = (Role.READER, Role.ADJUDICATOR)
    others = {Role.WRITER: judging, **dict.fromkeys(judging, (Role.WRITER,))}.get(role, ())
    if Membership.objects.filter(study=study, user=user, role__in=others).exists():
        raise StudyError(
            _(
                "Whoever writes texts for a study cannot read in it or settle disagreements, because the own text "
                "would be known again. Choose another person."
            )
        )


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as the audit keeps them: a row by its name."""
    return {name: str(value) if isinstance(value, models.Model) else value for name, value in fields.items()}


def _next_position(siblings: models.QuerySet[Any]) -> int:
    last = siblings.aggregate(last=models.Max("position"))["last"]
    return 0 if last is None else int(last) + 1


def _next_seat(study: Study) -> int:
    last = Membership.objects.filter(study=study).aggregate(last=models.Max("seat"))["last"]
    return int(last or 0) + 1
