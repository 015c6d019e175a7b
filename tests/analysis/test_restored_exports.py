"""Two machines that hold the same study export the same bytes, whatever else differs between them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings

from readerstudy.studies.lifecycle import Deed, State
from readerstudy.studies.models import Study
from tests.analysis import test_mrmc_files as mrmc_files
from tests.analysis import worlds
from tests.analysis.test_marks import drawn_study
from tests.engines import database_url, dump
from tests.reading.test_restored import restored
from tests.studies.test_life import do, put, signing

HERE = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "PYTHONHASHSEED": "1", "COLUMNS": "80"}
THERE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "POSIX",
    "LANG": "tr_TR.UTF-8",
    "PYTHONHASHSEED": "77",
    "COLUMNS": "200",
}


def exported(study: Study, address: str, room: Path, machine: Mapping[str, str]) -> bytes:
    """What `manage.py export_study --zip` writes, run as a process of its own with folders of its own."""
    folders = {name: room / name for name in ("var", "temporary", "home")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    environment = {
        **os.environ,
        **machine,
        "DATABASE_URL": address,
        "READERSTUDY_VAR": str(folders["var"]),
        "TMPDIR": str(folders["temporary"]),
        "HOME": str(folders["home"]),
    }
    command = [sys.executable, "manage.py", "export_study", study.key, str(room / "taken"), "--zip"]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=settings.BASE_DIR)
    return (room / "taken" / "everything.zip").read_bytes()


def mrmc_study(monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr(worlds, "QUESTIONS", mrmc_files.QUESTIONS)
    return worlds.make_rated_study(readers=3, rates=mrmc_files.known)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("about", ["ratings", "mrmc", "marks"])
def test_a_locked_study_exports_the_same_bytes_on_two_machines(
    about: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds.make_rated_study(readers=1, questions=("sign",))  # so that primary keys do not begin at one
    makers = {"ratings": worlds.make_rated_study, "marks": drawn_study}
    study = mrmc_study(monkeypatch) if about == "mrmc" else makers[about]()
    study = do(put(study, State.CLOSED), Deed.LOCK_DATA, signing=signing())
    copy = dump()
    first = exported(study, database_url(), tmp_path / "here", HERE)
    with restored(copy) as address:
        second = exported(study, address, tmp_path / "there", THERE)
    assert len(first) > 50_000
    assert first == second
