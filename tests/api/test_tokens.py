"""Tokens: made by a member, shown once, kept as a hash, ended by their owner or with the membership."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.api.actions import MOST_TOKENS, TokenError, digest_of, make_token, revoke_token
from readerstudy.api.models import Token
from readerstudy.audit.models import Event
from readerstudy.studies.actions import add_member, remove_member
from readerstudy.studies.models import Membership, Role, Study
from tests import factories
from tests.api.programs import Program, body_of, member_of, program_of, sent

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def page(study: Study) -> str:
    return reverse("api:tokens", args=[study.key])


def secret_on(content: str) -> str:
    found = re.search(r'<pre translate="no">(rs_[\w-]+)</pre>', content)
    assert found
    return found[1]


def test_a_token_made_on_the_page_is_shown_once_and_opens_the_study(study: Study) -> None:
    client = signed_in(member_of(study, Role.COORDINATOR))
    made = client.post(page(study), {"label": "PACS export"})
    secret = secret_on(made.content.decode())
    assert made.status_code == 201
    assert "no-store" in made["Cache-Control"]
    assert Program(secret).get("studies/").json()["results"][0]["key"] == study.key
    again = client.get(page(study)).content.decode()
    assert "PACS export" in again
    assert secret not in again


def test_only_the_hash_is_stored(study: Study) -> None:
    secret = program_of(member_of(study, Role.COORDINATOR)).secret
    Program(secret).get(f"studies/{study.key}/")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{secret[3:]}%"])
            assert cursor.fetchone() == (0,), table
    assert re.fullmatch("[0-9a-f]{64}", Token.objects.get().digest)


def test_no_log_line_holds_a_token(study: Study, caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr("readerstudy.api.views.studies.tally", lambda _study: 1 / 0)
    program = program_of(member_of(study, Role.COORDINATOR))
    program.client.raise_request_exception = False
    garbage = Program("rs_" + "garbage" * 6)
    with caplog.at_level(logging.DEBUG):
        assert program.get("studies/").status_code == 200
        assert program.get("studies/zzzzzzzzzz/").status_code == 404
        assert program.get(f"studies/{study.key}/").status_code == 500
        assert program.post(f"studies/{study.key}/labels/", {"file": sent(b"", "a.csv")}).status_code == 422
        assert garbage.get("studies/").status_code == 401
    assert len(caplog.records) >= 4
    everything = caplog.text + str(
        [vars(record) for record in caplog.records if record.name != "django.db.backends"]
    )
    for secret in (program.secret, garbage.secret):
        assert secret not in everything


def test_a_token_never_occurs_in_an_answer(study: Study) -> None:
    program = program_of(member_of(study, Role.COORDINATOR))
    for path in ("studies/", f"studies/{study.key}/", "studies/zzzzzzzzzz/", "schema/"):
        response = program.get(path)
        assert program.secret.encode() not in body_of(response)
        assert program.secret not in str(response.headers)


def test_making_and_revoking_are_audited_without_the_token(study: Study) -> None:
    member = member_of(study, Role.COORDINATOR)
    made = make_token(membership=member, label="PACS export", by=member.user)
    assert revoke_token(token=made.token, by=member.user) is True
    assert revoke_token(token=made.token, by=member.user) is False
    events = list(Event.objects.of_study(study.pk).filter(verb__startswith="token."))
    assert [event.verb for event in events] == ["token.make", "token.revoke"]
    assert {event.actor_id for event in events} == {member.user_id}
    assert events[0].data == {"label": "PACS export", "role": "coordinator", "of": "Coordinator"}
    assert made.secret not in str([vars(event) for event in events])


def test_a_readers_token_is_audited_in_the_readers_own_stream(study: Study) -> None:
    seat = member_of(study, Role.READER)
    make_token(membership=seat, label="watch", by=seat.user)
    assert Event.objects.get(verb="token.make").stream == f"study/{study.pk}/reader/{seat.seat}"


def test_a_removed_member_who_comes_back_needs_a_new_token(study: Study) -> None:
    member = factories.make_member(study, Role.RESEARCHER)
    old = program_of(member)
    remove_member(membership=member, by=study.created_by)
    back = add_member(study=study, user=member.user, role=Role.RESEARCHER, by=study.created_by)
    assert back.pk == member.pk
    assert old.get("studies/").status_code == 401
    assert program_of(back).get("studies/").status_code == 200


def test_a_token_of_a_membership_that_had_ended_before_opens_nothing(study: Study) -> None:
    """Also where a row got past the actions and the trigger."""
    member = factories.make_member(study, Role.RESEARCHER)
    remove_member(membership=member, by=study.created_by)
    Token.objects.create(membership=member, label="late", digest=digest_of("rs_late"))
    assert Program("rs_late").get("studies/").status_code == 401


def test_a_removed_role_leaves_the_tokens_of_the_persons_other_role_alone(study: Study) -> None:
    user = factories.make_user()
    as_researcher = factories.make_member(study, Role.RESEARCHER, user)
    as_coordinator = factories.make_member(study, Role.COORDINATOR, user)
    programs = program_of(as_researcher), program_of(as_coordinator)
    remove_member(membership=as_coordinator, by=study.created_by)
    assert [program.get("studies/").status_code for program in programs] == [200, 401]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_token SET revoked_at = NULL",
        "UPDATE api_token SET revoked_at = now() + interval '1 day'",
        "UPDATE api_token SET digest = repeat('0', 64)",
        "UPDATE api_token SET membership_id = (SELECT max(id) FROM studies_membership)",
        "UPDATE api_token SET digest = 'rs_in_clear'",
        "INSERT INTO api_token (membership_id, label, digest, created_at)"
        " SELECT membership_id, 'x', 'rs_in_clear', now() FROM api_token",
    ],
)
def test_postgresql_refuses_to_change_what_a_token_opens_or_to_bring_it_back(
    study: Study, change: str
) -> None:
    member = member_of(study, Role.COORDINATOR)
    token = make_token(membership=member, label="x", by=member.user).token
    revoke_token(token=token, by=member.user)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_use_is_noted_at_most_once_a_minute(study: Study, django_assert_num_queries: Any) -> None:
    program_of(member_of(study, Role.COORDINATOR))
    program = program_of(member_of(study, Role.READER))

    def used_at() -> list[dt.datetime | None]:
        return list(Token.objects.order_by("pk").values_list("last_used_at", flat=True))

    with time_machine.travel(NOON, tick=False) as clock:
        program.get("studies/")
        assert used_at() == [None, NOON]
        clock.shift(59)
        with django_assert_num_queries(1):
            program.get("studies/")
        assert used_at() == [None, NOON]
        clock.shift(1)
        program.get("studies/")
        assert used_at() == [None, NOON + dt.timedelta(seconds=60)]


def test_a_refused_token_is_not_noted_as_used(study: Study) -> None:
    program = program_of(member_of(study, Role.READER))
    Token.objects.update(revoked_at=timezone.now())
    program.get("studies/")
    assert Token.objects.get().last_used_at is None


def test_nobody_makes_a_token_for_somebody_else(study: Study) -> None:
    with pytest.raises(TokenError, match="only for studies you take part in"):
        make_token(membership=member_of(study, Role.READER), label="x", by=study.created_by)


def test_a_member_who_has_left_makes_no_token(study: Study) -> None:
    seat = member_of(study, Role.READER)
    remove_member(membership=seat, by=study.created_by)
    with pytest.raises(TokenError):
        make_token(membership=seat, label="x", by=seat.user)
    assert signed_in(seat).get(page(study)).status_code == 404


def test_an_adjudicator_makes_no_token(study: Study) -> None:
    member = factories.make_member(study, Role.ADJUDICATOR)
    with pytest.raises(TokenError, match="no use for a token"):
        make_token(membership=member, label="x", by=member.user)


def test_nobody_collects_tokens_without_end(study: Study) -> None:
    member = member_of(study, Role.COORDINATOR)
    for number in range(MOST_TOKENS):
        make_token(membership=member, label=str(number), by=member.user)
    response = signed_in(member).post(page(study), {"label": "one more"})
    assert response.status_code == 422
    assert f"You already have {MOST_TOKENS} tokens here." in response.content.decode()
    assert Token.objects.count() == MOST_TOKENS


def test_a_token_needs_a_label(study: Study) -> None:
    response = signed_in(member_of(study, Role.COORDINATOR)).post(page(study), {"label": " "})
    assert response.status_code == 422
    assert "This is not saved yet" in response.content.decode()
    assert not Token.objects.exists()


def test_whoever_has_two_roles_chooses_which_one_the_token_gets(study: Study) -> None:
    coordinator = member_of(study, Role.COORDINATOR)
    factories.make_member(study, Role.RESEARCHER, coordinator.user)
    client = signed_in(coordinator)
    assert 'name="role"' in client.get(page(study)).content.decode()
    made = client.post(page(study), {"label": "numbers", "role": "researcher"})
    program = Program(secret_on(made.content.decode()))
    assert program.get("studies/").json()["results"][0]["role"] == "researcher"
    assert program.get(f"studies/{study.key}/uploads/").status_code == 403


@pytest.mark.parametrize("role", ["reader", "adjudicator", "x"])
def test_a_role_that_is_not_the_persons_own_is_refused(study: Study, role: str) -> None:
    coordinator = member_of(study, Role.COORDINATOR)
    factories.make_member(study, Role.RESEARCHER, coordinator.user)
    response = signed_in(coordinator).post(page(study), {"label": "numbers", "role": role})
    assert response.status_code == 422
    assert not Token.objects.exists()


def test_a_reader_sees_and_revokes_only_the_own_tokens(study: Study) -> None:
    seat = member_of(study, Role.READER)
    theirs = make_token(
        membership=member_of(study, Role.COORDINATOR), label="theirs", by=study.created_by
    ).token
    own = make_token(membership=seat, label="own", by=seat.user).token
    client = signed_in(seat)
    content = client.get(page(study)).content.decode()
    assert "own" in content
    assert "theirs" not in content
    assert client.post(reverse("api:revoke_token", args=[study.key, theirs.pk])).status_code == 404
    assert client.post(reverse("api:revoke_token", args=[study.key, own.pk])).status_code == 302
    assert list(Token.objects.live()) == [theirs]


def test_a_coordinator_can_revoke_every_token_of_the_study_and_none_of_another(study: Study) -> None:
    seat = member_of(study, Role.READER)
    token = make_token(membership=seat, label="lost laptop", by=seat.user).token
    elsewhere = factories.make_study()
    other = make_token(
        membership=member_of(elsewhere, Role.COORDINATOR), label="x", by=elsewhere.created_by
    ).token
    client = signed_in(member_of(study, Role.COORDINATOR))
    assert "lost laptop" in client.get(page(study)).content.decode()
    assert client.post(reverse("api:revoke_token", args=[study.key, other.pk])).status_code == 404
    client.post(reverse("api:revoke_token", args=[study.key, token.pk]))
    assert list(Token.objects.live()) == [other]


def test_the_page_is_for_members_who_are_signed_in(study: Study) -> None:
    assert Client().get(page(study)).status_code == 302
    stranger = Client()
    stranger.force_login(factories.make_user())
    assert stranger.get(page(study)).status_code == 404
    assert stranger.post(page(study), {"label": "x"}).status_code == 404
    token = make_token(
        membership=member_of(study, Role.READER), label="x", by=member_of(study, Role.READER).user
    )
    revoke = reverse("api:revoke_token", args=[study.key, token.token.pk])
    assert stranger.post(revoke).status_code == 404
    assert signed_in(member_of(study, Role.READER)).get(revoke).status_code == 405


def test_the_page_refuses_a_form_from_elsewhere(study: Study) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(study.created_by)
    assert client.post(page(study), {"label": "x"}).status_code == 403
    assert not Token.objects.exists()


def test_the_page_needs_the_same_queries_however_many_tokens_there_are(
    study: Study, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(member_of(study, Role.COORDINATOR))

    def queries() -> int:
        with django_assert_max_num_queries(60) as counted:
            client.get(page(study))
        return len(counted)

    client.get(page(study))
    before = queries()
    for member in Membership.objects.filter(study=study):
        for label in ("a", "b"):
            make_token(membership=member, label=label, by=member.user)
    assert queries() == before
