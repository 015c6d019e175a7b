"""`manage.py ingest`: the same fates from a shell, with and without a study, with and without a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as own_settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from readerstudy.cases.models import Attestation, Image, Upload
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.cases.files import dicom, huge_png, png, zipped
from tests.factories import make_user

KEYS = ["file", "outcome", "reason", "frames", "width", "height", "bits", "transfer_syntax", "seconds"]


@pytest.fixture(autouse=True)
def running_engine(settings: Any) -> None:
    """The tests' own database runs already, so the command need not start one."""
    settings.EMBEDDED_DATABASE = False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a hospital sends it: good and bad files, a subfolder, an archive."""
    found = tmp_path / "from the ward"
    (found / "eyes").mkdir(parents=True)
    files = {
        "a.png": png(1),
        "b again.png": png(1),
        "c.dcm": dicom(2),
        "d.dcm": b"just words",
        "e.png": b"",
        "eyes/f.png": huge_png(),
        "g.zip": zipped(
            {"in/one.png": png(3), "in/two.png": png(1), "in/three.txt": b"words", "x.zip": zipped({})}
        ),
        "h.zip": b"PK\x03\x04 no archive",
        ".hidden": b"x",
    }
    for name, content in files.items():
        (found / name).write_bytes(content)
    return found


def report(*args: Any, **options: Any) -> dict[str, dict[str, Any]]:
    path = options.pop("report")
    call_command("ingest", *args, report=path, **options)
    lines = json.loads(path.read_text())
    assert all(list(line) == KEYS for line in lines)
    return {line["file"]: line for line in lines}


EXPECTED = {
    "a.png": ("rendered", ""),
    "b again.png": ("duplicate", "The same file"),
    "c.dcm": ("rendered", ""),
    "d.dcm": ("refused", "This is a text file, not an image."),
    "e.png": ("refused", "The file is empty."),
    "eyes/f.png": ("refused", "The image has more pixels"),
    "g.zip/in/one.png": ("rendered", ""),
    "g.zip/in/two.png": ("duplicate", "The same file"),
    "g.zip/in/three.txt": ("refused", "This is a text file, not an image."),
    "g.zip/x.zip": ("refused", "This is an archive."),
    "h.zip": ("refused", "This is not a zip file."),
}


def check(lines: dict[str, dict[str, Any]]) -> None:
    assert list(lines) == list(EXPECTED)
    for name, (outcome, reason) in EXPECTED.items():
        assert lines[name]["outcome"] == outcome, name
        assert lines[name]["reason"].startswith(reason), name
        assert bool(lines[name]["reason"]) == (outcome != "rendered")
    dicom_line = lines["c.dcm"]
    facts = [dicom_line[key] for key in ("frames", "width", "height", "bits", "transfer_syntax")]
    assert facts == [1, 32, 24, 12, "1.2.840.10008.1.2.1"]
    assert dicom_line["seconds"] > 0
    assert lines["a.png"]["transfer_syntax"] is None
    assert lines["d.dcm"]["frames"] is None


def test_a_folder_is_reported_and_nothing_is_kept(folder: Path, tmp_path: Path) -> None:
    check(report(folder, report=tmp_path / "out.json"))
    assert not default_storage.exists("renditions")


def test_a_single_file_may_be_named(folder: Path, tmp_path: Path) -> None:
    assert list(report(folder / "c.dcm", report=tmp_path / "out.json")) == ["c.dcm"]


def test_with_a_study_the_images_become_cases_with_the_same_report(
    study: Study, folder: Path, tmp_path: Path, bells: list[Any]
) -> None:
    check(report(folder, report=tmp_path / "out.json", study=study.key))
    assert Image.objects.of(study).count() == 3
    assert Upload.objects.get(original_name="c.dcm").image_set.created_by == study.created_by
    again = report(folder, report=tmp_path / "out.json", study=study.key)
    assert again["a.png"]["outcome"] == "duplicate"
    assert Image.objects.of(study).count() == 3


def test_a_dry_run_with_a_study_keeps_nothing_and_knows_its_files(
    study: Study, folder: Path, tmp_path: Path, bells: list[Any]
) -> None:
    report(folder / "a.png", report=tmp_path / "out.json", study=study.key)
    lines = report(folder, report=tmp_path / "out.json", study=study.key, dry_run=True)
    assert [lines[name]["outcome"] for name in ("a.png", "c.dcm")] == ["duplicate", "rendered"]
    assert Upload.objects.count() == 1


def test_who_adds_the_images_may_be_named(
    study: Study, folder: Path, tmp_path: Path, bells: list[Any]
) -> None:
    user = make_user()
    report(
        folder / "a.png", report=tmp_path / "out.json", study=study.key, by=user.email.upper(), attested=True
    )
    attestation = Attestation.objects.get(study=study, by=user)
    assert "removed" in attestation.sentence
    assert Upload.objects.get().image_set.created_by == user


def test_without_a_report_the_lines_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ingest", folder / "c.dcm")
    assert [line["file"] for line in json.loads(capsys.readouterr().out)] == ["c.dcm"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"study": "nosuchkey"}, "There is no study with the key 'nosuchkey'."),
        ({"by": "nobody@example.org"}, "There is no account nobody@example.org."),
        ({"path": "nowhere"}, "There is no file or folder nowhere."),
        ({"report": "missing folder/out.json"}, "The report cannot be written"),
    ],
)
def test_a_command_that_cannot_run_says_why(
    study: Study, folder: Path, tmp_path: Path, options: dict[str, str], sentence: str
) -> None:
    path = Path(options.pop("path", folder))
    target = tmp_path / options.pop("report", "out.json")
    with pytest.raises(CommandError, match=sentence):
        call_command("ingest", path, report=target, **{"study": study.key, **options})


def test_a_locked_study_is_told_as_a_sentence(study: Study, folder: Path, tmp_path: Path) -> None:
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    with pytest.raises(CommandError, match="locked"):
        call_command("ingest", folder, report=tmp_path / "out.json", study=study.key)


def test_no_database_is_needed_without_a_study(folder: Path, tmp_path: Path) -> None:
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "READERSTUDY_VAR": str(tmp_path / "own"),
    }
    command = [sys.executable, "manage.py", "ingest", str(folder), "--report", str(tmp_path / "out.json")]
    done = subprocess.run(
        command,
        cwd=own_settings.BASE_DIR,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("11 files: 3 rendered, 6 refused, 2 duplicate.")
