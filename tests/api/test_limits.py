"""How often, how large and how odd a request may be; every refusal is one sentence in one shape."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from readerstudy.api.parsers import MOST_JSON_BYTES
from readerstudy.api.throttling import PerAddress, PerToken
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.api.programs import ROOT, Program, coordinator_of, member_of, program_of

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Five requests a minute for a token, three for an address, and time that stands still."""
    for counter in (PerToken, PerAddress):
        monkeypatch.setattr(counter, "THROTTLE_RATES", {"token": "5/min", "address": "3/min"})
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_a_token_may_ask_so_often_and_is_told_when_to_go_on(
    study: Study, clock: time_machine.Traveller
) -> None:
    program = coordinator_of(study)
    assert [program.get("studies/").status_code for _time in range(5)] == [200] * 5
    clock.shift(20)
    refused = program.get("studies/")
    assert (refused.status_code, refused["Retry-After"]) == (429, "40")
    assert refused.json() == {"error": "Too many requests came in a short time. Wait 40 seconds, then go on."}
    clock.shift(41)
    assert program.get("studies/").status_code == 200


def test_each_token_is_counted_for_itself(study: Study, clock: time_machine.Traveller) -> None:
    busy, other = coordinator_of(study), program_of(member_of(study, Role.RESEARCHER))
    for _time in range(6):
        last = busy.get("studies/")
    assert last.status_code == 429
    assert other.get("studies/").status_code == 200


def test_refused_requests_count_too(study: Study, clock: time_machine.Traveller) -> None:
    program = program_of(member_of(study, Role.READER))
    statuses = [program.get(f"studies/{study.key}/").status_code for _time in range(3)]
    statuses += [program.get("studies/zzzzzzzzzz/").status_code for _time in range(3)]
    assert statuses == [403, 403, 403, 404, 404, 429]


@pytest.mark.parametrize("secret", ["", "rs_" + "x" * 43])
def test_whoever_has_no_valid_token_is_counted_by_address(
    study: Study, clock: time_machine.Traveller, secret: str
) -> None:
    stranger = Program(secret)
    assert [stranger.get("studies/").status_code for _time in range(4)] == [401, 401, 401, 429]
    assert [stranger.get(path).status_code for path in ("nothing/", "schema/")] == [429, 429]
    assert coordinator_of(study).get("studies/").status_code == 200


def test_the_address_is_not_what_a_header_claims(clock: time_machine.Traveller) -> None:
    statuses = [
        Client().get(f"{ROOT}studies/", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


def test_behind_proxies_that_are_known_the_forwarded_address_counts(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readerstudy.api.throttling.api_settings.NUM_PROXIES", 1)
    statuses = [
        Client().get(f"{ROOT}studies/", headers={"X-Forwarded-For": f"spoofed, 192.0.2.{number}"}).status_code
        for number in (1, 1, 1, 1, 2)
    ]
    assert statuses == [401, 401, 401, 429, 401]


def confirm(study: Study, body: bytes, content_type: str = "application/json") -> Any:
    program = coordinator_of(study)
    return program.client.generic(
        "POST",
        f"{ROOT}studies/{study.key}/images/confirm/",
        body,
        content_type=content_type,
        headers={"Authorization": f"Bearer {program.secret}"},
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 100_000, 400),
        (b'{"all": NaN, "i_have_looked": true}', 400),
        (b'{"all": true, "i_have_looked": true, "x": "' + b"a" * MOST_JSON_BYTES + b'"}', 413),
        (b'{"all": 1e400, "i_have_looked": true}', 422),
        (b'{"images": ' + b"9" * 5000 + b', "i_have_looked": true}', 400),
        (b"null", 422),
        (b"17", 422),
    ],
)
def test_an_odd_body_is_refused_in_a_sentence(study: Study, body: bytes, status: int) -> None:
    response = confirm(study, body)
    assert response.status_code == status
    assert response.json()["error"].endswith(".")


@pytest.mark.parametrize("charset", ["zlib", "rot13", "base64", "utf-7", "utf-16", "no-such", "\u00fc"])
def test_an_exotic_charset_changes_nothing(study: Study, charset: str) -> None:
    factories.make_case(study, confirmed=False)
    response = confirm(study, b'{"all": true, "i_have_looked": true}', f"application/json; charset={charset}")
    assert response.json()["confirmed"] == 1
    program = coordinator_of(study)
    listed = program.client.generic(
        "GET",
        f"{ROOT}studies/{study.key}/images/?confirmed=true",
        content_type=f"text/plain; charset={charset}",
        headers={"Authorization": f"Bearer {program.secret}"},
    )
    assert listed.status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/xml", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("x" * 5000, 415),
    ],
)
def test_a_body_of_another_type_is_refused(study: Study, content_type: str, status: int) -> None:
    response = confirm(study, b'{"all": true, "i_have_looked": true}', content_type)
    assert response.status_code == status
    if status == 415:
        assert "application/json" in response.json()["error"]


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=x", "application/json"]
)
def test_a_form_that_is_broken_is_refused(study: Study, content_type: str) -> None:
    program = coordinator_of(study)
    response = program.client.post(
        f"{ROOT}studies/{study.key}/uploads/",
        b"--y\r\nbroken",
        content_type=content_type,
        headers={"Authorization": f"Bearer {program.secret}"},
    )
    assert response.status_code in (400, 415, 422)
    assert response.json()["error"].endswith(".")


def test_a_fault_of_ours_is_told_in_a_sentence_and_nothing_else(study: Study, monkeypatch: Any) -> None:
    def fail(_study: Study) -> None:
        raise RuntimeError("secret row 4711")

    monkeypatch.setattr("readerstudy.api.views.studies.tally", fail)
    program = coordinator_of(study)
    with pytest.raises(RuntimeError):
        program.get(f"studies/{study.key}/")
    program.client.raise_request_exception = False
    response = program.get(f"studies/{study.key}/")
    assert response.status_code == 500
    assert list(response.json()) == ["error"]
    assert "4711" not in response.content.decode()


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "*/*", "", "application/json;q=0", "x" * 9000]
)
def test_the_answer_has_one_form_whatever_a_client_would_rather_have(study: Study, accept: str) -> None:
    program = coordinator_of(study)
    response = program.client.get(
        f"{ROOT}studies/?format=html", headers={"Authorization": f"Bearer {program.secret}", "Accept": accept}
    )
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_answers_are_kept_by_no_cache_and_read_by_no_other_site(study: Study) -> None:
    response = coordinator_of(study).get("studies/")
    assert "no-store" in response["Cache-Control"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in response
    assert not response.cookies


def test_every_refusal_has_the_same_shape(study: Study) -> None:
    program, reader = coordinator_of(study), program_of(member_of(study, Role.READER))
    refusals = [
        Program().get("studies/"),
        Program("rs_x").get("studies/"),
        reader.get(f"studies/{study.key}/"),
        program.get("studies/zzzzzzzzzz/"),
        program.post("studies/"),
        confirm(study, b"{"),
        confirm(study, b"{}"),
        confirm(study, b"{}", "text/plain"),
    ]
    assert [refusal.status_code for refusal in refusals] == [401, 401, 403, 404, 405, 400, 422, 415]
    for refusal in refusals:
        body = json.loads(refusal.content)
        assert set(body) <= {"error", "fields"}
        assert body["error"][0].isupper()
        assert body["error"].endswith(".")
