"""The OpenAPI document: complete, served, true to what the API answers, and matched by the written documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks

from readerstudy.api.reach import REACH
from readerstudy.api.schema import document
from readerstudy.api.throttling import PerAddress, PerToken
from readerstudy.api.urls import ENDPOINTS
from readerstudy.studies.models import Role, Study
from readerstudy.wsgi import application
from tests import factories
from tests.api.programs import ROOT, Program, coordinator_of, member_of, program_of

REFERENCE = Path(django_settings.BASE_DIR) / "docs" / "reference" / "api.md"
EXAMPLES_OF_EACH = 25
CHECKS = (
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
)
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


def operations() -> list[tuple[str, str]]:
    return [(path, method) for path, methods in document()["paths"].items() for method in methods]


def test_the_schema_builds_and_validates_without_a_warning(tmp_path: Path) -> None:
    """As the check command runs it; a warning raises."""
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))
    assert "/api/v1/studies/{key}/report/" in (tmp_path / "schema.yml").read_text()


def test_the_schema_has_every_endpoint_and_method() -> None:
    wanted = {
        (ROOT + re.sub(r"<slug:(\w+)>", r"{\1}", address), method.lower())
        for address, view in ENDPOINTS.items()
        for method in REACH[view.endpoint]
    }
    assert set(operations()) == wanted


@pytest.mark.parametrize(("path", "method"), operations())
def test_every_operation_documents_its_refusals_roles_and_token(path: str, method: str) -> None:
    operation = document()["paths"][path][method]
    wanted = {"401", "403", "404", "429"} | ({"409"} if method == "post" else set())
    if "requestBody" in operation:
        wanted |= {"400", "413", "415", "422"}
    assert wanted <= set(operation["responses"])
    for code in wanted:
        content = operation["responses"][code]["content"]["application/json"]
        (example,) = content["examples"].values()
        assert example["value"]["error"].endswith(".")
    assert "Retry-After" in operation["responses"]["429"]["headers"]
    assert operation["security"] == [{"studyToken": []}]
    assert re.search(r"\n\nRoles: \w+(, \w+)*\.$", operation["description"])


def test_the_schema_is_served_to_tokens_and_to_people_who_are_signed_in(study: Study) -> None:
    assert Program().get("schema/").status_code == 401
    browser = Client()
    browser.force_login(member_of(study, Role.READER).user)
    told = [browser.get(f"{ROOT}schema/"), program_of(member_of(study, Role.READER)).get("schema/")]
    for response in told:
        assert response.status_code == 200
        assert response.json()["paths"] == document()["paths"]
    assert browser.post(f"{ROOT}schema/").status_code == 405


def test_a_session_opens_the_description_and_nothing_else(study: Study) -> None:
    browser = Client()
    browser.force_login(study.created_by)
    assert browser.get(f"{ROOT}schema/").status_code == 200
    for path, method in operations():
        assert (
            browser.generic(
                method.upper(), path.replace("{key}", study.key).replace("{transfer}", "0")
            ).status_code
            == 401
        )


def examples() -> list[Any]:
    """Every example of an answer or a body, with the schema it stands beside."""
    found = []
    for path, method in operations():
        operation = document()["paths"][path][method]
        parts = [*operation["responses"].values(), operation.get("requestBody", {})]
        for content in (content for part in parts for content in part.get("content", {}).values()):
            found += [
                (content["schema"], example["value"]) for example in content.get("examples", {}).values()
            ]
    return found


def check_members(schema: dict[str, Any], value: Any) -> None:
    """Objects have every required member and none that the schema does not know, at every depth."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "array":
        for inner in value:
            check_members(schema["items"], inner)
    elif "properties" in schema:
        assert set(schema.get("required", [])) <= set(value) <= set(schema["properties"])
        for name, inner in value.items():
            check_members(schema["properties"][name], inner)


def test_every_example_has_the_members_of_its_schema() -> None:
    shown = examples()
    assert len(shown) > 60
    for schema, value in shown:
        check_members(schema, value)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests leave the connection alone, because the whole test is one transaction on it; so does Django's client."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.fixture
def busy(study: Study) -> Study:
    """A draft with images that wait for a look, for requests that write."""
    factories.make_case(study, confirmed=False)
    return study


def can_be_wrong(path: str, method: str) -> bool:
    operation = document()["paths"][path][method]
    queried = any(parameter["in"] == "query" for parameter in operation.get("parameters", []))
    return queried or "requestBody" in operation


VALID = [
    pytest.param(*each, GenerationMode.POSITIVE, id=f"{each[1]} {each[0]} valid") for each in operations()
]
INVALID = [
    pytest.param(*each, GenerationMode.NEGATIVE, id=f"{each[1]} {each[0]} invalid")
    for each in operations()
    if can_be_wrong(*each)
]


@pytest.mark.django_db
@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize(("path", "method", "mode"), VALID + INVALID)
def test_whatever_is_sent_the_answer_is_as_documented(
    request: pytest.FixtureRequest,
    path: str,
    method: str,
    mode: GenerationMode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Schemathesis makes the requests, valid ones and others; the study's key is the real one."""
    monkeypatch.setattr(PerToken, "THROTTLE_RATES", {"token": "100000/min"})
    monkeypatch.setattr(PerAddress, "THROTTLE_RATES", {"address": "100000/min"})
    study = request.getfixturevalue("running" if method == "get" else "busy")
    headers = {"Authorization": f"Bearer {coordinator_of(study).secret}"}
    described = schemathesis.openapi.from_wsgi(f"{ROOT}schema/", application, headers=headers)
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES_OF_EACH,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method.upper()].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if "key" in case.path_parameters:
            case.path_parameters["key"] = study.key
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    ask()
    assert statuses - {401}
    assert mode is GenerationMode.NEGATIVE or 401 not in statuses


def test_the_reference_names_every_address_role_and_limit() -> None:
    text = REFERENCE.read_text()
    for address, view in ENDPOINTS.items():
        shown = ROOT + address.replace("<slug:key>", "$STUDY").replace("<slug:transfer>", "$TRANSFER")
        assert f"$SITE{shown}" in text, f"no curl example for {shown}"
        for method, roles in REACH[view.endpoint].items():
            plain = re.sub(r"<slug:(\w+)>", r"{\1}", address)
            row = f"| `{method} {plain}` | {', '.join(sorted(roles))} |"
            assert row in text
    for name in (
        "API_RATE_PER_TOKEN",
        "API_RATE_PER_ADDRESS",
        "MAX_UPLOAD_MEGABYTES",
        "MAX_WAITING_MEGABYTES",
    ):
        assert name in text
    for status in (400, 401, 403, 404, 405, 409, 410, 411, 412, 413, 415, 422, 423, 429, 460, 500):
        assert f"| {status} |" in text
