"""Coordinators of a study get into its Images station, and nobody else does."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.models import User
from readerstudy.cases import actions
from readerstudy.studies.models import Role, Study
from tests.cases.pages import address, messages_of, text_of
from tests.factories import make_case, make_member, make_study

ADDRESSES = [
    ("get", "images", ()),
    ("post", "upload", ()),
    ("get", "fates", ()),
    ("get", "report", ()),
    ("get", "label_table", ()),
    ("post", "erase_names", ()),
    ("post", "confirm", ()),
    ("get", "labels", ()),
    ("get", "rules", ()),
    ("post", "rules", ()),
    ("get", "tells", ()),
    ("post", "labels", ()),
    ("post", "confirm_labels", ()),
    ("get", "thumbnail", ("image",)),
    ("post", "take_back", ("image",)),
]


def person(study: Study, kind: str) -> User | None:
    if kind == "anonymous":
        return None
    if kind == "coordinator":
        return study.created_by
    if kind == "stranger":
        return make_study().created_by
    return make_member(study, Role(kind)).user


@pytest.mark.parametrize(("method", "name", "args"), ADDRESSES, ids=[f"{m} {n}" for m, n, _a in ADDRESSES])
@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("coordinator", {200, 302}),
        ("reader", {404}),
        ("researcher", {404}),
        ("adjudicator", {404}),
        ("stranger", {404}),
        ("anonymous", {302}),
    ],
)
def test_coordinators_alone_get_in(
    client: Client, study: Study, method: str, name: str, args: tuple[str, ...], kind: str, statuses: set[int]
) -> None:
    image = make_case(study, confirmed=False).images.get()
    if name == "take_back":
        actions.leave_out(study=study, cases=[image.case], by=study.created_by)
    user = person(study, kind)
    if user is not None:
        client.force_login(user)
    response = getattr(client, method)(address(name, study, *([image.key] if args else [])))
    assert response.status_code in statuses
    if kind == "anonymous":
        assert response["Location"].startswith(reverse("account_login"))
    if kind != "coordinator":
        assert study.title not in text_of(response)


@pytest.mark.parametrize("name", ["upload", "erase_names", "confirm", "confirm_labels"])
def test_deeds_are_posted(coordinator: Client, study: Study, name: str) -> None:
    assert coordinator.get(address(name, study)).status_code == 405


def test_an_image_of_another_study_is_not_found(coordinator: Client, study: Study) -> None:
    other = make_case(make_study()).images.get()
    assert coordinator.get(address("thumbnail", study, other.key)).status_code == 404
    assert coordinator.post(address("take_back", study, other.key)).status_code == 404
    answer = {"deed": "confirm_all", "looked": "on", "shown": other.key}
    response = coordinator.post(address("confirm", study), answer, follow=True)
    assert messages_of(response) == [
        "Another coordinator has changed some of these images meanwhile. Look at the sheet as it is now."
    ]
