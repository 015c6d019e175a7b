"""Functions that make the records a test needs, through the product's own actions."""

from __future__ import annotations

import itertools
from typing import Any

from readerstudy.accounts.actions import create_account
from readerstudy.accounts.models import User
from readerstudy.studies import actions as studies
from readerstudy.studies.models import Arm, Criterion, Membership, Role, Study
from readerstudy.studies.options import YES_NO

_numbers = itertools.count(1)

FIVE_POINTS = [
    {"value": "1", "label": "Mostly wrong"},
    {"value": "2", "label": "Several errors"},
    {"value": "3", "label": "Some errors"},
    {"value": "4", "label": "Minor slip"},
    {"value": "5", "label": "Nothing wrong"},
]


def make_user(*, email: str = "", **flags: Any) -> User:
    return create_account(
        email=email or f"person{next(_numbers)}@example.org", password="correct horse battery", **flags
    )


def make_study(*, by: User | None = None, title: str = "Chest radiographs", **changes: Any) -> Study:
    study = studies.create_study(title=title, by=by or make_user())
    return studies.change_study(study=study, changes=changes, by=study.created_by) if changes else study


def make_arm(study: Study, *, name: str = "", **fields: Any) -> Arm:
    wanted = {
        "name": name or f"Model {next(_numbers)}",
        "kind": "model",
        "connection": "simulated-openai",
        "model": "sim-alpha",
        "prompt": "Describe the findings.",
        "is_simulated": True,
    }
    return studies.save_arm(study=study, fields={**wanted, **fields}, by=study.created_by)


def make_criterion(
    study: Study, *, key: str = "correctness", kind: str = "likert", **fields: Any
) -> Criterion:
    options = {"likert": FIVE_POINTS, "yes_no": YES_NO}.get(kind, [])
    wanted = {
        "key": key,
        "kind": kind,
        "question": key.capitalize(),
        "options": options,
        "acceptable_from": 4,
    }
    return studies.save_criterion(study=study, fields={**wanted, **fields}, by=study.created_by)


def make_member(study: Study, role: Role = Role.READER, user: User | None = None) -> Membership:
    return studies.add_member(study=study, user=user or make_user(), role=role, by=study.created_by)
