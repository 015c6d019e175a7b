"""Whatever a file holds, it is read or refused in sentences; it never costs minutes and never breaks the page."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from readerstudy.studies.models import Study
from readerstudy.studies.protocol import ProtocolError, read
from readerstudy.studies.protocol.document import MOST_PROBLEMS
from tests.factories import make_user
from tests.studies.protocol.test_reading import SMALLEST, problems

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
LAUGHS = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"
TITLE = "title: Two models"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 50_000, "line 1: This is nested too deep to be read."),
        ("a: " + "{b: " * 3_000, "line 1: This is nested too deep to be read."),
        (LAUGHS, "line 1: Anchors and aliases are not read. Write the value out."),
        (
            SMALLEST.replace(TITLE, 'title: "\\0Two"'),
            "line 2, study.title: This holds a character that cannot be stored. Remove it.",
        ),
        (
            SMALLEST.replace(TITLE, 'title: "\\uD800"'),
            "line 2: This holds a character that cannot be stored. Remove it.",
        ),
        (SMALLEST.replace(TITLE, '"\\0": 1'), "line 2, study: A name must be a word."),
        (
            SMALLEST.replace("value: 1,", f"value: {'9' * 5_000},"),
            "line 11, criteria[1].options[1].value: This number has too many digits. Write a smaller one.",
        ),
    ],
    ids=["brackets", "braces", "laughs", "nul", "half a character", "name of nul", "digits"],
)
def test_what_would_hurt_is_refused_by_its_line(text: str, sentence: str) -> None:
    assert problems(text) == [sentence]


def test_each_missing_part_is_named_once() -> None:
    found = problems("format: 1")
    names = {each.removeprefix("line 1: “").split("”")[0] for each in found}
    assert len(found) == 4
    assert names == {"study", "arms", "criteria", "allocation"}


def test_of_many_mistakes_as_many_are_told_as_anybody_reads() -> None:
    with pytest.raises(ProtocolError) as refusal:
        read(("format: 1\n" + "".join(f"k{number}: 1\n" for number in range(5_000))).encode())
    assert len(refusal.value.problems) == MOST_PROBLEMS


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PNG, "This is not UTF-8 text. Save the file as UTF-8."),
        (SMALLEST.encode("utf-16"), "This is not UTF-8 text. Save the file as UTF-8."),
        (b"x" * 5_000_000, "This file is larger than 1 MB."),
        (SMALLEST.replace("study: {", "study: {colour: blue, ").encode(), "“colour” is not known here."),
        (
            SMALLEST.replace(TITLE, 'title: "\\0Two"').encode(),
            "This holds a character that cannot be stored.",
        ),
        (b"", "Choose a protocol file."),
    ],
    ids=["picture", "utf-16", "5 MB", "unknown field", "nul", "empty"],
)
def test_the_page_refuses_a_wrong_file_and_makes_nothing(content: bytes, words: str) -> None:
    client = Client()
    client.force_login(make_user())
    answer = client.post(reverse("studies:load"), {"file": SimpleUploadedFile("study.yaml", content)})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Study.objects.exists()
