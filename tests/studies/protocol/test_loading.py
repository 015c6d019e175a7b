"""A protocol file becomes a study and a study a protocol file, without a loss either way."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as some

from readerstudy.accounts.models import User
from readerstudy.audit.models import Event
from readerstudy.cases.models import Case, Purpose
from readerstudy.declared import load
from readerstudy.studies.actions import save_arm, set_section
from readerstudy.studies.actions.files import load_protocol, replace_protocol
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Membership, PromptVersion, ProtocolFile, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol import Document, ProtocolError, read
from readerstudy.studies.protocol.difference import differences
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.protocol.library import templates
from readerstudy.studies.protocol.writing import written
from tests import factories
from tests.studies.protocol.test_reading import SMALLEST

pytestmark = pytest.mark.django_db
STAGES = {f"{each.code}/{name}": document for each in templates() for name, document in each.stages.items()}
FOLDER = Path(__file__).parents[3] / "fixtures" / "templates"


@pytest.fixture
def person() -> User:
    return factories.make_user()


def document(**changes: Any) -> Document:
    """A small protocol that uses most parts."""
    return read(written({**small().data, **changes}).encode())


def small() -> Document:
    return read(SMALLEST.encode())


def told(before: Any, after: Any) -> list[str]:
    return [str(each) for each in differences(before, after)]


@pytest.mark.parametrize("name", STAGES)
def test_a_template_comes_out_as_it_went_in(name: str, person: User) -> None:
    wanted = canonical(STAGES[name])
    found = data_of(load_protocol(document=STAGES[name], by=person))
    assert told(wanted, found) == []
    assert written(found) == written(wanted)
    assert canonical(read(written(found).encode())) == found


def test_whoever_loads_a_file_coordinates_a_draft_and_the_file_is_kept(person: User) -> None:
    study = load_protocol(document=small(), by=person, text=SMALLEST)
    assert study.state == State.DRAFT
    assert Membership.objects.get(study=study).user == person
    assert ProtocolFile.objects.get(study=study).text == SMALLEST
    event = Event.objects.get(verb="protocol.load")
    assert event.data["sha256"] == small().sha256


def test_the_cases_of_a_file_wait_for_their_images_under_their_own_codes(person: User) -> None:
    table = [
        {"code": "CASE-7", "reference": 3, "strata": {"site": "north"}, "clinical_text": "Cough."},
        {"code": "P1", "reference": "ill"},
    ]
    study = load_protocol(
        document=document(
            cases={"slots": ["image"], "table": table},
            strata=[{"name": "site", "levels": ["north", "south"]}],
            phases={"practice": {"cases": ["P1"]}},
        ),
        by=person,
    )
    read_case, practice = Case.objects.kept(study).select_related("reference")
    assert (read_case.code, read_case.reference.label, read_case.strata) == ("CASE-7", "3", {"site": "north"})
    assert (practice.code, practice.purpose) == ("P1", Purpose.PRACTICE)
    assert data_of(study)["cases"]["table"][0]["reference"] == "3"


def test_what_cannot_be_stored_is_told_by_line_and_nothing_is_written(person: User) -> None:
    long = "x" * 10_001
    wrong = document(cases={"table": [{"code": "C1", "reference": long}]})
    with pytest.raises(ProtocolError) as refusal:
        load_protocol(document=wrong, by=person)
    (problem,) = refusal.value.problems
    assert problem.field == "cases.table[1].reference"
    assert problem.line
    assert not Study.objects.exists()


def test_a_prompt_that_no_model_could_be_told_is_refused_by_its_line() -> None:
    with pytest.raises(ProtocolError) as refusal:
        document(prompts={"ask": {"task": "Look.", "colour": "red"}})
    assert "prompts.ask" in str(refusal.value)
    assert "no block “colour”" in str(refusal.value)


def test_a_draft_is_replaced_by_a_file_and_the_difference_is_written_down(person: User) -> None:
    study = load_protocol(document=STAGES["T01/study"], by=person)
    wanted = STAGES["T04/study"]
    replace_protocol(study=study, document=wanted, by=person)
    study.refresh_from_db()
    assert told(canonical(wanted), data_of(study)) == []
    changes = Event.objects.get(verb="protocol.replace").data["changes"]
    assert any(line.startswith("arms, Model Alpha: removed") for line in changes)


def test_a_replaced_arm_stays_the_same_row_and_a_changed_prompt_is_its_next_version(person: User) -> None:
    study = load_protocol(document=STAGES["T01/study"], by=person)
    arms = {arm.name: arm.pk for arm in Arm.objects.filter(study=study)}
    data = canonical(STAGES["T01/study"])
    data["arms"].reverse()
    data["criteria"].reverse()
    data["prompts"]["nerif"]["task"] = "Describe it."
    replace_protocol(study=study, document=read(written(data).encode()), by=person)
    assert {arm.name: arm.pk for arm in Arm.objects.filter(study=study)} == arms
    assert list(Arm.objects.filter(study=study).values_list("name", flat=True)) == [
        "Model Beta",
        "Model Alpha",
    ]
    assert PromptVersion.objects.newest(study).get().number == 2
    assert [each.key for each in Criterion.objects.of(study)] == [each["key"] for each in data["criteria"]]
    assert told(data, data_of(study)) == []


def test_an_arm_with_outputs_and_a_locked_study_are_not_replaced(person: User) -> None:
    study = factories.make_ready_study(cases=1, arms=1, readers=1)
    before = data_of(study)
    with pytest.raises(StudyError, match="already has outputs"):
        replace_protocol(study=study, document=STAGES["T04/study"], by=study.created_by)
    assert data_of(study) == before
    Study.objects.filter(pk=study.pk).update(state=State.CLOSED)
    with pytest.raises(StudyError, match="locked"):
        replace_protocol(study=study, document=STAGES["T04/study"], by=study.created_by)


def test_a_study_that_was_built_by_hand_is_loaded_again_from_its_export(person: User) -> None:
    study = factories.make_ready_study(cases=3, arms=2, readers=1, question="Which is right?")
    by = study.created_by
    set_section(study=study, name="allocation", content={"plan": "crossed"}, by=by)
    Case.objects.filter(study=study).update(strata={"Age group": "40-49"})
    set_section(study=study, name="display", content={"layout": "single"}, by=by)
    save_arm(study=study, fields={"replicates": 3}, by=by, arm=study.arms.get(position=1))
    study.refresh_from_db()
    exported = data_of(study)
    again = load_protocol(document=read(written(exported).encode()), by=person)
    assert told(exported, data_of(again)) == []


class TestCommand:
    def test_load_export_and_diff_agree(self, person: User, tmp_path: Path, capsys: Any) -> None:
        call_command("study", "load", FOLDER / "T01" / "study.yaml", by=person.email)
        study = Study.objects.get()
        assert study.key in capsys.readouterr().out
        target = tmp_path / "out.yaml"
        call_command("study", "export", study.key, output=target)
        call_command("study", "diff", str(target), study.key)
        assert capsys.readouterr().out.strip() == "Both say the same."
        with pytest.raises(CommandError, match="differ in"):
            call_command("study", "diff", str(FOLDER / "T02" / "study.yaml"), study.key)
        assert "\nstudy, template: “T02” → “T01”\n" in capsys.readouterr().out

    def test_a_wrong_file_is_refused_with_its_name_and_lines(self, person: User, tmp_path: Path) -> None:
        path = tmp_path / "wrong.yaml"
        path.write_bytes(SMALLEST.replace("plan: crossed", "plan: sideways").encode())
        with pytest.raises(CommandError, match=r"wrong\.yaml, line \d+, allocation\.plan: "):
            call_command("study", "load", path, by=person.email)
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("study", "load", tmp_path / "absent.yaml", by=person.email)
        with pytest.raises(CommandError, match="no account"):
            call_command("study", "load", FOLDER / "T01" / "study.yaml", by="nobody@example.org")
        assert not Study.objects.exists()

    def test_images_find_their_cases_by_name(self, person: User, tmp_path: Path) -> None:
        from readerstudy.imaging.phantoms import draw_fundus, encode_png

        table = [{"code": "EYE-2"}, {"code": "EYE-1"}]
        path, images = tmp_path / "study.yaml", tmp_path / "images"
        path.write_text(written(document(cases={"slots": ["image"], "table": table}).data))
        images.mkdir()
        for number in (1, 2):
            phantom = draw_fundus(seed=number, lesion="none", eye="left")
            (images / f"eye-{number}.png").write_bytes(encode_png(phantom))
        with pytest.raises(CommandError, match="--attested"):
            call_command("study", "load", path, by=person.email, images=images)
        out = io.StringIO()
        call_command("study", "load", path, by=person.email, images=images, attested=True, stdout=out)
        study = Study.objects.get()
        found = {case.code: [image.slot for image in case.images.all()] for case in Case.objects.of(study)}
        assert found == {"EYE-2": ["image"], "EYE-1": ["image"]}


def test_a_difference_is_told_by_section_and_field_in_words() -> None:
    before = {
        "study": {"title": "One", "hypotheses": ["A first."]},
        "arms": [{"name": "Alpha", "source": "human"}, {"name": "Beta", "source": "imported"}],
        "strata": [{"name": "site", "levels": ["north", "south"]}],
    }
    after = {
        "study": {"title": "Two", "question": "Which?"},
        "arms": [{"name": "Beta", "source": "human"}, {"name": "Alpha", "source": "human"}],
        "cases": {"count": 3},
    }
    assert told(before, after) == [
        "study, title: “One” → “Two”",
        "study, question: added “Which?”",
        "study, hypotheses: removed “A first.”",
        "arms, Beta.source: “imported” → “human”",
        "arms, order: Alpha, Beta → Beta, Alpha",
        "cases: added count: 3",
        "strata: removed (name: “site”; levels: “north”, “south”)",
    ]
    assert told(after, after) == []


NUMBERS = some.integers(-(10**17) + 1, 10**17) | some.floats(allow_nan=False, allow_infinity=False)
TEXTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = some.recursive(
    some.none()
    | some.booleans()
    | NUMBERS
    | TEXTS
    | some.from_regex(r"[-+0-9._eExob:]{1,9}", fullmatch=True),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(value=some.dictionaries(TEXTS.filter(bool), VALUES, max_size=4))
def test_what_is_written_is_read_back_without_a_loss(value: dict[str, Any]) -> None:
    data, _lines = load(written(value).encode())
    assert data == value
