"""Original files kept encrypted: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from hypothesis import given
from hypothesis import strategies as st

from readerstudy import environment
from readerstudy.audit.models import Event
from readerstudy.cases import originals
from readerstudy.cases.actions import originals as kept_originals
from readerstudy.cases.actions.leftovers import forget_leftovers
from readerstudy.cases.checks import originals_have_a_key
from readerstudy.cases.models import Fate, ImageRules, Upload
from readerstudy.cases.originals import CHUNK, HEAD_BYTES, TAG_BYTES, OriginalsError, keep, opened, sealed
from readerstudy.studies.models import Study
from tests.cases.conftest import Render
from tests.cases.files import png, zipped

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
CHANGED = "changed, cut off or put together differently"


def seal(content: bytes, key: bytes = KEY) -> bytes:
    return b"".join(sealed(io.BytesIO(content), key))


def unseal(stored: bytes, key: bytes = KEY) -> bytes:
    return b"".join(opened(io.BytesIO(stored), key))


# --- The format ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_what_is_sealed_is_opened_as_it_was(size: int) -> None:
    content = os.urandom(size)
    stored = seal(content)
    assert unseal(stored) == content
    assert len(stored) == HEAD_BYTES + size + TAG_BYTES * max(1, -(-size // CHUNK))
    assert content[:100] not in stored or size < 4


def test_the_same_file_looks_different_each_time() -> None:
    first, second = seal(b"x" * 100), seal(b"x" * 100)
    assert first[HEAD_BYTES:] != second[HEAD_BYTES:]


@given(place=st.integers(0, HEAD_BYTES + 300 + TAG_BYTES - 1), bit=st.integers(0, 7))
def test_no_bit_can_be_changed(place: int, bit: int) -> None:
    stored = bytearray(seal(b"x" * 300))
    stored[place] ^= 1 << bit
    with pytest.raises(OriginalsError):
        unseal(bytes(stored))


def chunks_of(stored: bytes) -> tuple[bytes, list[bytes]]:
    size = CHUNK + TAG_BYTES
    return stored[:HEAD_BYTES], [stored[at : at + size] for at in range(HEAD_BYTES, len(stored), size)]


def pieced(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    head, chunks = chunks_of(seal(os.urandom(3 * CHUNK)))
    return head + b"".join(change(chunks))


def foreign(chunks: list[bytes]) -> list[bytes]:
    """The second chunk of another file of the same length under the same key."""
    return [chunks[0], chunks_of(seal(os.urandom(3 * CHUNK)))[1][1], chunks[2]]


@pytest.mark.parametrize(
    "change",
    [
        lambda chunks: [chunks[1], chunks[0], chunks[2]],
        lambda chunks: [chunks[0], chunks[2]],
        lambda chunks: chunks[:2],
        lambda chunks: chunks[:1],
        lambda chunks: [],
        lambda chunks: [*chunks, chunks[2]],
        lambda chunks: [*chunks[:2], chunks[2][:-1]],
        lambda chunks: [chunks[0], chunks[0], chunks[1], chunks[2]],
        foreign,
    ],
    ids=[
        "swapped",
        "one missing",
        "no end",
        "beginning alone",
        "nothing",
        "longer",
        "shorter",
        "twice",
        "foreign",
    ],
)
def test_chunks_that_are_not_as_they_were_written_are_refused(
    change: Callable[[list[bytes]], list[bytes]],
) -> None:
    with pytest.raises(OriginalsError, match=CHANGED):
        unseal(pieced(change))


def test_another_key_is_named_as_the_reason() -> None:
    with pytest.raises(OriginalsError, match="another key"):
        unseal(seal(b"x"), OTHER_KEY)


@pytest.mark.parametrize("stored", [b"", b"RSORIG1\n", b"x" * 200])
def test_what_is_no_kept_original_is_refused(stored: bytes) -> None:
    with pytest.raises(OriginalsError, match="not a kept original"):
        unseal(stored)


def test_only_a_chunk_or_two_lie_in_memory() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    source = Endless()
    pieces = sealed(source, KEY)  # type: ignore[arg-type]  # it reads like a binary file
    for _piece in range(5):
        next(pieces)
    assert source.given <= 6 * CHUNK


# --- The setting -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("word", ["x", "YQ==", base64.b64encode(bytes(31)).decode(), "é"])
def test_a_key_that_is_none_is_refused_without_being_quoted(
    monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("X_KEY", word)
    with pytest.raises(environment.SettingError, match="X_KEY is not 32 bytes in base64") as refused:
        environment.secret("X_KEY", 32)
    assert word not in str(refused.value).replace("X_KEY", "")


def test_a_key_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_KEY", base64.b64encode(KEY).decode())
    assert environment.secret("X_KEY", 32) == KEY
    monkeypatch.setenv("X_KEY", "")
    assert environment.secret("X_KEY", 32) == b""


# --- In a study --------------------------------------------------------------------------------------------------
@pytest.fixture
def keeping(study: Study, settings: Any) -> Study:
    """A study that keeps originals, on a site with a key."""
    settings.ORIGINALS_KEY = KEY
    ImageRules.objects.create(study=study, keeps_originals=True)
    return study


def stored_under(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


def everything_in_storage(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_rendered_file_is_kept_encrypted_and_not_in_clear(
    keeping: Study, render: Render, tmp_path: Path
) -> None:
    content = png(1, texts={"Comment": "MUSTER^ERIKA"})
    upload = render(content)
    assert upload.fate == Fate.RENDERED
    assert (upload.stored, stored_under("incoming")) == ("", [])
    assert stored_under("originals") == [upload.kept.removeprefix("originals/")]
    assert b"MUSTER" not in everything_in_storage(tmp_path)
    call_command("originals", keeping.key, to=tmp_path / "out")
    (found,) = (tmp_path / "out").iterdir()
    assert found.name == f"upload-{upload.pk}"
    assert found.read_bytes() == content
    assert found.stat().st_mode & 0o077 == 0
    event = Event.objects.get(verb="originals.open")
    assert event.data == {"opened": 1, "failed": []}


def test_members_of_an_archive_are_kept_and_the_archive_is_not(keeping: Study, render: Render) -> None:
    archive = render(zipped({"a.png": png(1), "b.png": png(2), "c.png": b"broken"}), "all.zip")
    assert (archive.fate, archive.kept) == (Fate.UNPACKED, "")
    assert [bool(member.kept) for member in archive.members.order_by("pk")] == [True, True, False]
    assert len(stored_under("originals")) == 2


def test_by_default_nothing_is_kept(study: Study, render: Render, settings: Any) -> None:
    settings.ORIGINALS_KEY = KEY
    upload = render(png(1))
    assert (upload.fate, upload.kept, stored_under("originals")) == (Fate.RENDERED, "", [])
    assert keep(upload) == ""


def test_without_a_key_nothing_is_lost_and_with_it_everything_is_caught_up(
    keeping: Study, render: Render, settings: Any
) -> None:
    upload = render(png(1))
    Upload.objects.filter(pk=upload.pk).update(
        kept="", stored=default_storage.save("incoming/x", _file(png(1)))
    )
    upload.refresh_from_db()
    settings.ORIGINALS_KEY = b""
    with pytest.raises(OriginalsError, match="no key"):
        keep(upload)
    forget_leftovers()
    assert default_storage.exists(upload.stored)
    settings.ORIGINALS_KEY = KEY
    forget_leftovers()
    upload.refresh_from_db()
    assert upload.kept
    assert not upload.stored
    assert stored_under("incoming") == []


def _file(content: bytes) -> Any:
    return ContentFile(content)


def test_a_worker_without_a_key_goes_on_and_deletes_nothing(
    keeping: Study, render: Render, settings: Any, caplog: Any
) -> None:
    settings.ORIGINALS_KEY = b""
    uploads = [render(png(seed)) for seed in range(2)]
    assert [(upload.fate, upload.kept) for upload in uploads] == [(Fate.RENDERED, "")] * 2
    assert len(stored_under("incoming")) == 2
    assert f"Upload {uploads[0].pk} waits to be encrypted: OriginalsError." in caplog.text


def test_bytes_that_are_gone_are_told_and_keep_nothing_waiting(
    keeping: Study, render: Render, caplog: Any
) -> None:
    upload = render(png(1))
    Upload.objects.filter(pk=upload.pk).update(kept="", stored="incoming/gone")
    forget_leftovers()
    upload.refresh_from_db()
    assert (upload.stored, upload.kept) == ("", "")
    assert "are gone, so its original is not kept" in caplog.text


def test_a_second_keeper_keeps_nothing_more(keeping: Study, render: Render) -> None:
    upload = render(png(1))
    first = upload.kept
    upload.stored, upload.kept = default_storage.save("incoming/x", _file(png(1))), ""
    assert keep(upload) == first
    assert len(stored_under("originals")) == 1


def test_files_that_no_row_names_are_swept_away(
    keeping: Study, render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = render(png(1))
    default_storage.save("originals/stray", _file(b"x"))
    kept_originals.forget_stray_originals()
    assert len(stored_under("originals")) == 2
    monkeypatch.setattr(kept_originals, "STRAY_AFTER", timedelta(0))
    kept_originals.forget_stray_originals()
    assert stored_under("originals") == [upload.kept.removeprefix("originals/")]


def test_a_study_cannot_want_originals_without_a_key(settings: Any) -> None:
    settings.ORIGINALS_KEY = b""
    with pytest.raises(OriginalsError, match=r"Ask the site’s staff to set ORIGINALS_KEY"):
        originals.check_can_keep()
    settings.ORIGINALS_KEY = KEY
    originals.check_can_keep()


def test_the_check_names_studies_that_wait_for_a_key(keeping: Study, settings: Any) -> None:
    assert originals_have_a_key(None, databases=["default"]) == []
    settings.ORIGINALS_KEY = b""
    (error,) = originals_have_a_key(None, databases=["default"])
    assert keeping.key in error.msg
    assert originals_have_a_key(None) == [], "without a database nothing is asked"
    with pytest.raises(SystemCheckError, match=r"cases\.E001"):
        call_command("check", databases=["default"])


# --- The command -------------------------------------------------------------------------------------------------
def test_one_that_cannot_be_opened_is_told_and_the_others_follow(
    keeping: Study, render: Render, tmp_path: Path, capsys: Any
) -> None:
    uploads = [render(png(seed)) for seed in range(4)]
    changed, gone, swapped, good = uploads
    path = tmp_path / "media" / changed.kept
    path.write_bytes(path.read_bytes()[:-1])
    default_storage.delete(gone.kept)
    (tmp_path / "media" / swapped.kept).write_bytes((tmp_path / "media" / good.kept).read_bytes())
    with pytest.raises(CommandError, match="3 of 4 originals were not opened"):
        call_command("originals", keeping.key, to=tmp_path / "out")
    assert [found.name for found in (tmp_path / "out").iterdir()] == [f"upload-{good.pk}"]
    told = capsys.readouterr().err
    assert f"upload {changed.pk}: This kept original was changed" in told
    assert f"upload {gone.pk}: Its bytes are no longer in storage" in told
    assert f"upload {swapped.pk}: This is the original of another upload" in told
    failed = sorted(upload.pk for upload in (changed, gone, swapped))
    assert Event.objects.get(verb="originals.open").data == {"opened": 1, "failed": failed}


def test_originals_are_deleted_for_good(
    keeping: Study, render: Render, capsys: Any, django_capture_on_commit_callbacks: Any
) -> None:
    render(png(1))
    render(png(2))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("originals", keeping.key, forget=True)
    assert capsys.readouterr().out == "2 originals are deleted.\n"
    assert stored_under("originals") == []
    assert not Upload.objects.exclude(kept="").exists()
    assert Event.objects.get(verb="originals.forget").data == {"originals": 2}
    call_command("originals", keeping.key, forget=True)
    assert Event.objects.filter(verb="originals.forget").count() == 1


def test_the_command_refuses_plainly(keeping: Study, tmp_path: Path, settings: Any) -> None:
    with pytest.raises(CommandError, match="no study with the key 'nothing'"):
        call_command("originals", "nothing", forget=True)
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="Nothing can be written to"):
        call_command("originals", keeping.key, to=tmp_path / "file")
    settings.ORIGINALS_KEY = b""
    with pytest.raises(CommandError, match="no key"):
        call_command("originals", keeping.key, to=tmp_path / "out")
    with pytest.raises(CommandError):
        call_command("originals", keeping.key)
