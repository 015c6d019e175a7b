"""The methods pack: filled from what is known, open where nothing is, the same in all three forms, and well-formed."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import pytest

from readerstudy.analysis.exports.methods.docx import docx
from readerstudy.analysis.exports.methods.drawings import matrix_of, picture
from readerstudy.analysis.exports.methods.facts import Facts
from readerstudy.analysis.exports.methods.pack import pack_of
from readerstudy.analysis.exports.methods.writing import html, markdown
from readerstudy.analysis.exports.tables import Source
from readerstudy.studies.models import Membership, Study
from tests.analysis import test_endpoints as endpoints
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
NAMES = ["TRIPOD-LLM", "MI-CLEAR-LLM", "GRRAS", "CLAIM", "STARD-AI", "DECIDE-AI", "FDA MRMC"]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def source(rated_study: Study) -> Source:
    return Source(rated_study)


def test_every_guideline_has_its_lines_filled_or_open(source: Source) -> None:
    pack = pack_of(source)
    assert [guideline.name for guideline in pack.guidelines] == NAMES
    for guideline in pack.guidelines:
        assert guideline.filled > len(guideline.lines) / 3
        for line in guideline.lines:
            assert line.known or line.prompt, (guideline.name, line.number)


def test_the_methods_name_models_cases_readers_and_the_manifest(source: Source) -> None:
    words = " ".join(words for _heading, paragraphs in pack_of(source).sections for words in paragraphs)
    for told in (
        "Alpha: model sim-alpha",
        "6 cases were compared",
        "3 readers took part",
        source.study.manifest_sha256,
    ):
        assert told in words
    assert "1 reader is simulated" in words
    assert "3 of 12 outputs are refusals" in words


def test_the_three_forms_say_the_same(source: Source) -> None:
    pack = pack_of(source)
    document = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(docx(source))).read("word/document.xml"))
    in_word = "\n".join("".join(each.text or "" for each in p.iter(f"{W}t")) for p in document.iter(f"{W}p"))
    page, text = html(source).decode(), markdown(source).decode().replace("\\", "")
    for _heading, paragraphs in pack.sections:
        for words in paragraphs:
            assert words in in_word
            assert re.sub(r"\s+", " ", words) in text.replace("&amp;", "&")
    for guideline in pack.guidelines:
        for form in (in_word, page, text):
            assert f"{guideline.name} ({guideline.filled}/{len(guideline.lines)})" in form
    opened = sum(bool(line.prompt) for each in pack.guidelines for line in each.lines)
    assert in_word.count("To add:") == page.count("To add:") == text.count("To add:**") == opened


def test_the_word_document_is_whole_and_the_same_each_time(source: Source) -> None:
    made = docx(source)
    assert made == docx(source)
    archive = zipfile.ZipFile(io.BytesIO(made))
    names = set(archive.namelist())
    for name in names:
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(archive.read(name))
    relations = ElementTree.fromstring(archive.read("word/_rels/document.xml.rels"))
    targets = {each.get("Id"): each.get("Target") for each in relations}
    assert all(f"word/{target}" in names for target in targets.values())
    document = archive.read("word/document.xml").decode()
    assert set(re.findall(r'r:(?:embed|id)="([^"]+)"', document)) <= set(targets)
    assert document.count("<w:tbl>") == document.count("<w:tblHeader/>") == 2
    assert "PAGE" in archive.read("word/footer1.xml").decode()
    assert archive.read("word/media/flow.png").startswith(b"\x89PNG")


def test_hostile_words_stay_words(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "<script>x</script> [a](http://b) | *c* \x07 & `d`"
    monkeypatch.setattr(source.study, "question", hostile)
    text = markdown(source).decode()
    assert "<script>" not in text
    assert "\\[a\\]\\(http://b\\)" in text
    assert "<script>x" not in html(source).decode()
    assert "&lt;script&gt;" in zipfile.ZipFile(io.BytesIO(docx(source))).read("word/document.xml").decode()


def test_the_drawings_are_files_of_their_own_and_the_same_each_time(source: Source) -> None:
    for name in ("flow", "assignment", "timeline"):
        first = picture(source, name)
        assert first == picture(source, name)
        assert first.startswith(b"<svg")
        assert b"style=" not in first
    pixels = picture(source, "flow", form="png")
    assert pixels.startswith(b"\x89PNG")
    assert pixels == picture(source, "flow", form="png")


def test_the_matrix_tells_what_each_reader_read(source: Source) -> None:
    readers, rows = matrix_of(source)
    assert readers == ["R01", "R02", "R03"]
    assert {state for row in rows for state in row} <= {"read", "planned", "hidden"}
    assert rows[0] == ["read"] * 6


def test_while_blinded_no_result_is_told_by_arm() -> None:
    study = worlds.make_open_study(readers=2, questions=("correctness",), named=False)
    worlds.read_everything(Membership.objects.readers(study)[0], worlds.known_rating)
    pack = pack_of(Source(study))
    assert any("blinded" in words for words in pack.lead)
    words = " ".join(words for _heading, paragraphs in pack.sections for words in paragraphs)
    assert not re.search(r"\b[XYZ]\b", words)
    assert "name the arms by codes, and nobody has broken the blind" in words


def test_the_methods_say_how_the_study_was_read_and_not_more() -> None:
    study = endpoints.graded(
        {"multiplicity": "benjamini-hochberg"}, {"name": "liked", "statistic": "acceptable_share"}
    )
    words = " ".join(Facts(Source(Study.objects.get(pk=study.pk))).told.values())
    for told in (
        "The reference standard was not shown with any case that counts.",
        "One text at a time; the texts of every arm, one after another.",
        "liked (share acceptable)",
        "corrected by Benjamini and Hochberg's method",
        "Each model was asked once about each case.",
    ):
        assert told in words, told
    assert "Holm" not in words
    assert "broken" not in words
    assert not re.search(r"\w_\w", words.replace(study.key, ""))


def test_an_empty_study_has_a_pack_with_open_lines() -> None:
    study = worlds.make_open_study(readers=1, questions=("correctness",))
    source = Source(study)
    assert sum(line.is_open for each in pack_of(source).guidelines for line in each.lines) > 3
    assert docx(source)
    assert markdown(source)
