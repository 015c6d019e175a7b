"""What a database does to its rows flips nothing: a vacuumed, dumped and restored study is proved where it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from readerstudy.embedded import engine
from readerstudy.reading.actions import replace_reader
from readerstudy.studies.models import Study
from tests import factories
from tests.engines import database_url, dump
from tests.reading.plans import SECTIONS, running_study, seats_of

RESTORED = "restored_for_a_proof"


@contextmanager
def restored(content: bytes) -> Iterator[str]:
    """The address of a new database that holds the dump; it is dropped at the end."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {RESTORED}")
    address = urlsplit(database_url())._replace(path=f"/{RESTORED}").geturl()
    try:
        yield _filled(address, content)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")


def _filled(address: str, content: bytes) -> str:
    program = engine(Path(settings.VAR)).binaries / "psql"
    command = [str(program), "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", address]
    subprocess.run(command, input=content, check=True, capture_output=True)
    with psycopg.connect(address, autocommit=True) as bare:
        bare.execute("VACUUM FULL")
    return address


def verify(study: Study, address: str, var: Path) -> str:
    """What `manage.py study verify` prints, run as a process of its own on another database."""
    environment = os.environ | {"DATABASE_URL": address, "READERSTUDY_VAR": str(var)}
    command = [sys.executable, "manage.py", "study", "verify", study.key]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, cwd=settings.BASE_DIR
    )
    return done.stdout


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("plan", ["pairs", "crossover"])
def test_a_restored_study_is_proved_where_it_stands(plan: str, tmp_path: Path) -> None:
    running_study(SECTIONS["crossed"], cases=2, arms=2)
    study = running_study(SECTIONS[plan])
    replace_reader(
        leaver=seats_of(study)[1], successor=factories.make_user(), reason="ill", by=study.created_by
    )
    with restored(dump()) as address:
        told = verify(study, address, tmp_path)
    assert study.manifest_sha256 in told
