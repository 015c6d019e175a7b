"""The page of `manage.py analyse`: the command's own numbers, limits, sentences for mistakes, and nothing kept."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from readerstudy.analysis import loose
from tests import factories

pytestmark = pytest.mark.django_db
ROWS = [
    f"R{reader},C{case},quality,{(reader * 3 + case * 2 + arm) % 5 + 1},{'AB'[arm]}"
    for reader in range(1, 4)
    for case in range(1, 9)
    for arm in range(2)
]
TABLE = ("\n".join(["reader,case,criterion,value,arm", *ROWS]) + "\n").encode()
PLAN = (
    b'criteria:\n  quality: {kind: ordinal, categories: [1, 2, 3, 4, 5], acceptable: ">=4"}\n'
    b"resamples: 200\nseed: 7\n"
)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(factories.make_user())
    return client


def sent(client: Client, **files: bytes) -> Any:
    named = {name: SimpleUploadedFile(f"{name}.csv", content) for name, content in files.items()}
    return client.post(reverse("analyse"), named)


def test_the_page_shows_and_hands_over_what_the_command_prints(client: Client, tmp_path: Path) -> None:
    page = sent(client, ratings=TABLE, plan=PLAN).content.decode()
    [encoded] = re.findall(r'href="data:application/json;base64,([^"]+)" download', page)
    found = json.loads(base64.b64decode(encoded))
    (tmp_path / "ratings.csv").write_bytes(TABLE)
    (tmp_path / "plan.yaml").write_bytes(PLAN)
    out = io.StringIO()
    call_command("analyse", str(tmp_path / "ratings.csv"), plan=tmp_path / "plan.yaml", json=True, stdout=out)
    assert found == json.loads(out.getvalue())
    shown = next(
        row for row in found["estimates"] if row["estimator"] == "krippendorff_alpha" and row["value"]
    )
    assert f"{shown['value']:.4g}" in page
    assert f"{len(found['estimates'])} estimates" in page
    assert "style=" not in page


def test_nothing_is_kept(client: Client) -> None:
    before = set(settings.VAR.iterdir())
    assert sent(client, ratings=TABLE).status_code == 200
    assert set(settings.VAR.iterdir()) == before


def test_mistakes_come_back_as_sentences(client: Client) -> None:
    response = sent(client, ratings=b"reader,case,criterion\nR1,C1,x\n")
    assert response.status_code == 422
    page = response.content.decode()
    assert "Nothing was computed" in page
    assert "value" in page
    assert sent(client).status_code == 422


def test_a_file_beyond_the_limit_is_not_analysed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(loose.MOST, "ratings", 100)
    response = sent(client, ratings=TABLE)
    assert response.status_code == 422
    assert "too large for the page" in response.content.decode()


def test_what_takes_too_long_is_stopped_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(command: list[str], **_options: Any) -> None:
        raise subprocess.TimeoutExpired(command, loose.MOST_SECONDS)

    monkeypatch.setattr(loose.subprocess, "run", never)
    assert "longer than a minute" in sent(client, ratings=TABLE).content.decode()
    assert cache.get(f"analyse:{client.session['_auth_user_id']}") is None


def test_each_person_has_one_at_a_time(client: Client) -> None:
    cache.add(f"analyse:{client.session['_auth_user_id']}", 1)
    assert "Another table of yours" in sent(client, ratings=TABLE).content.decode()


def test_only_who_is_signed_in_reaches_it(client: Client) -> None:
    assert Client().get(reverse("analyse")).status_code == 302
    assert client.get(reverse("analyse")).status_code == 200


def test_hostile_names_are_shown_as_text(client: Client) -> None:
    hostile = TABLE.replace(b"quality", b"<script>alert(1)</script>")
    assert "<script>alert" not in sent(client, ratings=hostile).content.decode()
