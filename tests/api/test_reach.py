"""Who reaches what: every endpoint against every kind of caller. The table here is written by hand, on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from readerstudy.api.actions import revoke_token
from readerstudy.api.models import Token
from readerstudy.api.reach import REACH
from readerstudy.api.urls import urlpatterns
from readerstudy.api.views.base import StudyView
from readerstudy.studies.actions import remove_member
from readerstudy.studies.models import Role, Study
from readerstudy.studies.policies import can_change_protocol
from tests import factories
from tests.api.programs import ROOT, Program, Sending, member_of, program_of, sent
from tests.cases.files import png

pytestmark = pytest.mark.django_db

NOT_YET = 404  # a draft has no report
OK, CREATED, ACCEPTED, FORBIDDEN, UNREACHABLE, NO_TOKEN = 200, 201, 202, 403, 404, 401


def files(_study: Study) -> dict[str, Any]:
    return {"file": sent(png(7), "scan.png")}


def labels(_study: Study) -> dict[str, Any]:
    return {"file": sent(b"case,reference\nC001,abnormal\n", "labels.csv")}


def marks(_study: Study) -> dict[str, Any]:
    return {"file": sent(b"case,points\nC001,1 1 3 3\n", "marks.csv")}


def terms(_study: Study) -> dict[str, Any]:
    return {"name": "Open archive", "licence": "CC BY 4.0", "models": "any"}


def looked(_study: Study) -> dict[str, Any]:
    return {"all": True, "i_have_looked": True}


def boxed(study: Study) -> dict[str, Any]:
    """An image that no model was asked about, as long as the study takes any."""
    case = factories.make_case(study) if can_change_protocol(study) else study.cases.first()
    return {"images": [case.images.get().key], "boxes": [[0, 0, 4, 4]]}


def nothing(_study: Study) -> None:
    return None


def begin(_study: Study) -> Sending:
    return Sending(headers={"Upload-Length": "5"})


def go_on(_study: Study) -> Sending:
    return Sending(b"01234", {"Upload-Offset": "0"})


def give_up(_study: Study) -> Sending:
    return Sending()


# method, path, body, and the answers to: coordinator, researcher, reader
TABLE: list[tuple[str, str, Callable[[Study], Any], tuple[int, int, int]]] = [
    ("GET", "studies/", nothing, (OK, OK, OK)),
    ("GET", "studies/{key}/", nothing, (OK, OK, FORBIDDEN)),
    ("GET", "studies/{key}/uploads/", nothing, (OK, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/uploads/", files, (CREATED, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/transfers/", begin, (CREATED, FORBIDDEN, FORBIDDEN)),
    ("GET", "studies/{key}/transfers/{transfer}/", nothing, (UNREACHABLE, FORBIDDEN, FORBIDDEN)),
    ("PATCH", "studies/{key}/transfers/{transfer}/", go_on, (UNREACHABLE, FORBIDDEN, FORBIDDEN)),
    ("DELETE", "studies/{key}/transfers/{transfer}/", give_up, (UNREACHABLE, FORBIDDEN, FORBIDDEN)),
    ("GET", "studies/{key}/images/", nothing, (OK, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/images/confirm/", looked, (OK, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/images/mask/", boxed, (ACCEPTED, FORBIDDEN, FORBIDDEN)),
    ("GET", "studies/{key}/image-sets/", nothing, (OK, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/image-sets/", terms, (OK, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/labels/", labels, (OK, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/marks/", marks, (OK, FORBIDDEN, FORBIDDEN)),
    ("GET", "studies/{key}/generations/", nothing, (OK, OK, FORBIDDEN)),
    ("POST", "studies/{key}/generations/", nothing, (ACCEPTED, FORBIDDEN, FORBIDDEN)),
    ("POST", "studies/{key}/generations/retry/", nothing, (ACCEPTED, FORBIDDEN, FORBIDDEN)),
    ("GET", "studies/{key}/readings/progress/", nothing, (OK, OK, OK)),
    ("GET", "studies/{key}/ratings/", nothing, (OK, OK, FORBIDDEN)),
    ("GET", "studies/{key}/ratings.csv", nothing, (OK, OK, FORBIDDEN)),
    ("GET", "studies/{key}/report/", nothing, (NOT_YET, NOT_YET, FORBIDDEN)),
]


def address_of(path: str, key: str) -> str:
    """The address in a study; a transfer of this key has never been there."""
    return path.format(key=key, transfer="0123456789abcdef0123456789abcdef")


ADDRESSES = sorted({path for _method, path, _body, _answers in TABLE} - {"studies/"})


def revoked(study: Study) -> Program:
    program = program_of(member_of(study, Role.COORDINATOR))
    revoke_token(token=Token.objects.latest("pk"), by=study.created_by)
    return program


def removed(study: Study) -> Program:
    member = factories.make_member(study, Role.COORDINATOR)
    program = program_of(member)
    remove_member(membership=member, by=study.created_by)
    return program


def switched_off(study: Study) -> Program:
    member = factories.make_member(study, Role.COORDINATOR)
    program = program_of(member)
    member.user.is_active = False
    member.user.save(update_fields=["is_active"])
    return program


def a_page_session(study: Study) -> Program:
    """A coordinator's browser, signed in, without a token."""
    program = Program()
    program.client.force_login(study.created_by)
    return program


STRANGERS: dict[str, Callable[[Study], Program]] = {
    "revoked": revoked,
    "removed member": removed,
    "switched-off account": switched_off,
    "nobody": lambda _study: Program(),
    "garbage": lambda _study: Program("rs_" + "x" * 43),
    "too long": lambda _study: Program("rs_" + "x" * 5000),
    "not ASCII": lambda _study: Program("rs_ünï"),
    "signed in to the pages": a_page_session,
}


@pytest.mark.parametrize(
    ("method", "path", "body", "answers"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE]
)
def test_each_role_reaches_what_the_table_says_and_no_more(
    study: Study, method: str, path: str, body: Callable[[Study], Any], answers: tuple[int, int, int]
) -> None:
    roles = (Role.COORDINATOR, Role.RESEARCHER, Role.READER)
    address = address_of(path, study.key)
    got = [program_of(member_of(study, role)).ask(method, address, body(study)).status_code for role in roles]
    assert tuple(got) == answers


@pytest.mark.parametrize("who", STRANGERS)
def test_whoever_has_no_valid_token_gets_401_everywhere(study: Study, who: str, settings: Any) -> None:
    program = STRANGERS[who](study)
    for method, path, body, _answers in TABLE:
        response = program.ask(method, address_of(path, study.key), body(study))
        assert response.status_code == NO_TOKEN, path
        assert response["WWW-Authenticate"] == 'Bearer realm="readerstudy"'
        assert response.json()["error"].endswith(".")


@pytest.mark.parametrize("path", ADDRESSES)
def test_another_study_looks_like_one_that_does_not_exist(study: Study, path: str) -> None:
    other = factories.make_study()
    program = program_of(member_of(study, Role.COORDINATOR))
    real = program.get(address_of(path, other.key))
    invented = program.get(address_of(path, "zzzzzzzzzz"))
    assert (real.status_code, real.content) == (invented.status_code, invented.content)
    assert real.status_code in (UNREACHABLE, 405)


@pytest.mark.parametrize(("method", "path", "body"), [row[:3] for row in TABLE[1:]])
def test_a_token_of_another_study_opens_nothing_here(
    study: Study, method: str, path: str, body: Callable[[Study], Any]
) -> None:
    stranger = program_of(member_of(factories.make_study(), Role.COORDINATOR))
    assert stranger.ask(method, address_of(path, study.key), body(study)).status_code == UNREACHABLE


def test_an_adjudicator_cannot_have_a_token(study: Study) -> None:
    member = factories.make_member(study, Role.ADJUDICATOR)
    client = Client()
    client.force_login(member.user)
    assert client.get(reverse("api:tokens", args=[study.key])).status_code == 404


def test_every_endpoint_has_its_row_and_every_row_its_endpoint() -> None:
    classes = [pattern.callback.view_class for pattern in _endpoints()]
    assert sorted(view.endpoint for view in classes) == sorted(REACH)
    for view in classes:
        written = {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
        assert written == set(REACH[view.endpoint])


def test_the_hand_written_table_has_every_endpoint_and_method() -> None:
    known = {(method, re.sub(r"<slug:(\w+)>", r"{\1}", str(pattern.pattern)))
             for pattern in _endpoints() for method in REACH[pattern.callback.view_class.endpoint]}  # fmt: skip
    assert known == {(method, path) for method, path, _body, _answers in TABLE}


def _endpoints() -> list[Any]:
    patterns = [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern)]
    return [each for each in patterns if issubclass(getattr(each.callback, "view_class", object), StudyView)]


@pytest.mark.parametrize(
    "path", ["", "unknown/", "studies", "studies/x/y/z/", "tokens/", "schema", "../studies/"]
)
def test_an_unknown_address_is_401_for_strangers_and_404_for_tokens(study: Study, path: str) -> None:
    assert Program().get(path).status_code == NO_TOKEN
    response = program_of(member_of(study, Role.COORDINATOR)).get(path)
    assert response.status_code == UNREACHABLE
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_methods_that_no_endpoint_has_are_refused_in_a_sentence(study: Study, method: str) -> None:
    program = program_of(member_of(study, Role.COORDINATOR))
    send = getattr(program.client, method)
    response = send(
        f"{ROOT}studies/{study.key}/uploads/", headers={"Authorization": f"Bearer {program.secret}"}
    )
    assert response.status_code == 405
    assert response.json()["error"] == "This address does not know this method. It knows: GET, POST."
    assert send(f"{ROOT}studies/{study.key}/uploads/").status_code == NO_TOKEN


def test_head_is_answered_where_get_is(study: Study) -> None:
    program = program_of(member_of(study, Role.COORDINATOR))
    response = program.client.head(f"{ROOT}studies/", headers={"Authorization": f"Bearer {program.secret}"})
    assert (response.status_code, response.content) == (OK, b"")


def test_the_scheme_is_read_without_regard_to_case_and_others_are_no_token(study: Study) -> None:
    secret = program_of(member_of(study, Role.COORDINATOR)).secret
    answers = [
        Client().get(f"{ROOT}studies/", headers={"Authorization": f"{scheme} {secret}"}).status_code
        for scheme in ("Bearer", "bearer", "BEARER", "Token", "Basic", "")
    ]
    assert answers == [OK, OK, OK, NO_TOKEN, NO_TOKEN, NO_TOKEN]
    assert Client().get(f"{ROOT}studies/?token={secret}").status_code == NO_TOKEN
