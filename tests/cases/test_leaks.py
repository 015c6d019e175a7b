"""Nothing of a file but its clean pixels stays, and its name stays on one row."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pydicom import dcmread
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

from readerstudy.cases import store
from readerstudy.cases.models import Fate, Upload
from readerstudy.studies.models import Study
from tests.cases.files import dicom, png, receive, zipped

MARKER = "ZQXMARKER"
TEXTS = {"PN", "LO", "SH", "LT", "ST", "UT", "UC"}
ATTRIBUTES = [
    keyword
    for tag, (vr, _vm, _name, _retired, keyword) in DicomDictionary.items()
    if vr in TEXTS and keyword and tag >> 16 >= 0x0008
]
TERMS = ["BodyPartExamined", "ViewPosition", "Laterality", "ImageType", "PatientSex", "RescaleType"]


def marked_dicom() -> bytes:
    """A radiograph with the marker in every place: all texts that DICOM defines, terms, private, nested, overlay,
    preamble, file meta, and behind the end."""
    dataset = dcmread(io.BytesIO(dicom()))
    for keyword in [*ATTRIBUTES, *TERMS]:
        setattr(dataset, keyword, MARKER)
    nested = Dataset()
    nested.PatientName, nested.CodeMeaning = MARKER, MARKER
    dataset.ReferencedPatientSequence = Sequence([nested])
    block = dataset.private_block(0x0011, MARKER, create=True)
    block.add_new(0x01, "LO", MARKER)
    dataset.add_new(0x60000010, "US", 8)
    dataset.add_new(0x60000011, "US", 8)
    dataset.add_new(0x60000022, "LO", MARKER)
    dataset.add_new(0x60003000, "OW", MARKER.encode() + b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = MARKER
    dataset.preamble = MARKER.encode().ljust(128, b"\0")
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset)
    content = buffer.getvalue() + MARKER.encode()
    assert content.count(MARKER.encode()) > 700
    return content


def every_row() -> Iterator[tuple[str, str]]:
    """Every row of every table as text, but for the one column where names may stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT row_to_json(t)::text FROM {connection.ops.quote_name(table)} t")
            for (row,) in cursor.fetchall():
                kept = json.loads(row)
                if table == "cases_upload":
                    kept.pop("original_name")
                yield table, json.dumps(kept)


def every_file(*folders: Path) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            yield str(path), path.read_bytes() if path.is_file() else b""


@pytest.fixture
def sent_marked(study: Study) -> list[Upload]:
    """Marked files as they came in: two that can be rendered, three that cannot, and an archive of marked names."""
    damaged = marked_dicom().replace(b"MONOCHROME2 ", b"ZQXMARKER   ")
    texts = {MARKER: MARKER, "Comment": MARKER}
    return [
        receive(study, marked_dicom(), f"{MARKER}_1957.dcm"),
        receive(study, png(3, texts=texts), f"{MARKER}/{MARKER}.png"),
        receive(study, damaged, f"{MARKER} damaged.dcm"),
        receive(study, marked_dicom()[:900], f"{MARKER} half.dcm"),
        receive(study, MARKER.encode(), f"{MARKER}.dcm"),
        receive(study, zipped({f"{MARKER}/{MARKER}.png": png(4), f"{MARKER}.txt": b"x"}), f"{MARKER}.zip"),
    ]


def test_no_marker_survives_in_storage_rows_messages_or_logs(
    sent_marked: list[Upload],
    work: Callable[[], None],
    bells: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        work()
    fates = Upload.objects.values_list("fate", flat=True)
    assert sorted(fates) == sorted([Fate.RENDERED] * 3 + [Fate.REFUSED] * 4 + [Fate.UNPACKED]), (
        "the files do what they are here for"
    )
    found = [place for place, text in every_row() if MARKER in text]
    files = every_file(Path(settings.MEDIA_ROOT), settings.VAR)
    found += [place for place, content in files if MARKER.encode() in content or MARKER in place]
    assert found == []
    assert MARKER not in repr(bells)
    assert MARKER not in caplog.text


def test_the_search_finds_a_marker_where_there_is_one(sent_marked: list[Upload]) -> None:
    assert any(MARKER.encode() in content for _place, content in every_file(Path(settings.MEDIA_ROOT))), (
        "what came in is still marked"
    )
    Upload.objects.filter(pk=sent_marked[0].pk).update(reason=MARKER)
    assert [place for place, text in every_row() if MARKER in text] == ["cases_upload"]


def test_a_failure_of_storage_says_nothing_of_the_file(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "keep_incoming", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        receive(study, png(), f"{MARKER}.png")
    assert MARKER not in str(caught.value)
    assert not Upload.objects.exists()
