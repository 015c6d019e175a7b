"""A locked study is proved from its records and files, and every kind of tampering shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from readerstudy.cases.models import Rendition
from readerstudy.reading.proof import flaws_of
from readerstudy.studies.models import Study
from tests.factories import make_running_study, make_study

pytestmark = pytest.mark.django_db
SOMEWHERE = "(SELECT min(id) FROM {table})"


@pytest.fixture
def study() -> Study:
    return make_running_study(cases=4, arms=2, readers=2)


def test_an_untouched_study_is_whole(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("study", "verify", study.key)
    assert study.manifest_sha256 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "change", "sentence"),
    [
        ("studies_criterion", "question = 'Another question'", "The records give the manifest"),
        ("cases_referencestandard", "label = 'turned over'", "The records give the manifest"),
        ("generation_interpretation", "text = 'Rewritten.'", "is not the one that was recorded"),
        ("reading_allocation", "position = position + 1000", "is not the one that its seed gives"),
    ],
)
def test_a_change_past_the_triggers_shows(
    study: Study, forge: Callable[[str], None], table: str, change: str, sentence: str
) -> None:
    forge(f"UPDATE {table} SET {change} WHERE id = {SOMEWHERE.format(table=table)}")
    assert any(sentence in flaw for flaw in flaws_of(study))
    with pytest.raises(CommandError, match="not what it was at its lock"):
        call_command("study", "verify", study.key)


def test_a_changed_and_a_missing_image_file_show(study: Study) -> None:
    changed, missing, *_others = Rendition.objects.all()
    with default_storage.open(changed.stored, "wb") as file:
        file.write(b"other pixels")
    default_storage.delete(missing.stored)
    assert sum("is missing or changed" in flaw for flaw in flaws_of(study)) == 2


def test_a_draft_and_an_unknown_study_are_refused_in_a_sentence() -> None:
    with pytest.raises(CommandError, match="not locked yet"):
        call_command("study", "verify", make_study().key)
    with pytest.raises(CommandError, match="no study with the key"):
        call_command("study", "verify", "nowhere")
