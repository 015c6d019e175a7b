"""Prompts are written in versions, shown as a model gets them, and never hold what would give an answer away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.cases.actions import set_purpose
from readerstudy.cases.models import Case, Purpose, Rendition
from readerstudy.cases.uses import used_cases
from readerstudy.generation import actions
from readerstudy.generation.actions.prompts import save_version
from readerstudy.generation.models import Generation
from readerstudy.generation.prompting.prompt_forms import read_levels, write_levels
from readerstudy.generation.prompting.prompts import diff_of, preview_of
from readerstudy.generation.prompting.rendering import rendered_with
from readerstudy.generation.running.calls import work_on
from readerstudy.providers.base import TextPart
from readerstudy.providers.prompts import Example, Level, Output, Prompt, PromptProblem, Rubric, gallery
from readerstudy.studies.models import InputCondition, PromptVersion, Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_arm, make_case, make_member, make_prompt, make_study, make_user

SCORED = Prompt(
    role="R",
    task="Score it.",
    rubric=Rubric((Level("normal"), Level("abnormal", ("an opacity",)))),
    examples=(Example("C001", "abnormal", "Lower left."), Example("C002", "normal")),
    output=Output(label_line="Classification"),
)


@pytest.fixture
def study(db: None) -> Study:
    """Two example cases, and one of the study itself, each with one image."""
    study = make_study()
    cases = [
        make_case(study, label="hidden-label", strata={"site": "hidden-stratum"}) for _number in range(2)
    ]
    set_purpose(study=study, cases=cases, purpose=Purpose.EXAMPLE, by=study.created_by)
    make_case(study, label="hidden-label", folder="hidden-folder", clinical_text="Cough.")
    return study


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def read_case(study: Study) -> Case:
    return Case.objects.of(study).get()


def save(study: Study, prompt: Prompt = SCORED, **changes: Any) -> PromptVersion:
    return save_version(**{"study": study, "name": "P", "prompt": prompt, "by": study.created_by, **changes})


def url(study: Study, name: str, *args: Any) -> str:
    return reverse(f"generation:{name}", args=[study.key, *args])


def show_the_same(first: Case, second: Case) -> None:
    """The second case gets one more frame, with the pixels of the first."""
    frame = Rendition.objects.get(image__case=first, kind="full")
    frame.pk, frame.image, frame.frame = None, second.images.get(), 1
    frame.save(force_insert=True)


# --- What a model is told ------------------------------------------------------------------------------------
def test_a_model_gets_the_examples_with_their_images_and_then_the_case(study: Study) -> None:
    rendered = rendered_with(SCORED, read_case(study), InputCondition.IMAGE_TEXT)
    kinds = ["text" if isinstance(part, TextPart) else "image" for part in rendered.parts]
    assert kinds == ["text", "text", "image", "text", "text", "image", "text", "text", "text", "image"]
    assert len({part.data for part in rendered.parts if not isinstance(part, TextPart)}) == 3


@pytest.mark.parametrize(
    ("condition", "images", "has_text"), [("image", 3, False), ("text", 0, True), ("none", 0, False)]
)
def test_examples_get_what_the_case_gets(study: Study, condition: str, images: int, has_text: bool) -> None:
    rendered = rendered_with(SCORED, read_case(study), InputCondition(condition))
    words = [part.text for part in rendered.parts if isinstance(part, TextPart)]
    assert len(rendered.parts) - len(words) == images
    assert any("Cough." in text for text in words) == has_text


def test_nothing_that_gives_the_answer_away_reaches_a_model(study: Study) -> None:
    for template in gallery().values():
        rendered = rendered_with(template.prompt, read_case(study), InputCondition.IMAGE_TEXT)
        told = " ".join(
            [rendered.system, *(part.text for part in rendered.parts if isinstance(part, TextPart))]
        )
        for secret in ("hidden", "C003", read_case(study).images.get().key):
            assert secret not in told


def test_facts_of_a_case_are_told_where_a_prompt_names_them(study: Study) -> None:
    case = read_case(study)
    case.strata = {"age": "50-59", "sex": "F"}
    case.save()
    image = case.images.get()
    image.meta = {**image.meta, "imaging_modality": "DX"}
    image.save()
    prompt = Prompt(task="{age_band} {sex} {imaging_modality} {image_count} {days_between} {captions}")
    words = rendered_with(prompt, case, InputCondition.IMAGE_TEXT).parts[0]
    assert isinstance(words, TextPart)
    assert words.text.startswith("50-59 F DX 1 not given current")
    words = rendered_with(prompt, case, InputCondition.IMAGE).parts[0]
    assert isinstance(words, TextPart)
    assert words.text == "not given not given DX 1 not given current"


def test_a_column_named_sex_or_age_carries_nothing_else_into_a_prompt(study: Study) -> None:
    case = read_case(study)
    case.strata = {"age": "abnormal", "sex": "abnormal"}
    case.save()
    words = rendered_with(Prompt(task="{age_band} {sex}"), case, InputCondition.TEXT).parts[0]
    assert isinstance(words, TextPart)
    assert words.text.startswith("not given not given")


# --- Examples are never images of the study -------------------------------------------------------------------
def test_an_example_that_shows_a_picture_of_the_study_is_refused_when_saved(study: Study) -> None:
    show_the_same(Case.objects.get(study=study, code="C001"), read_case(study))
    with pytest.raises(StudyError, match="C001"):
        save(study)
    assert not PromptVersion.objects.exists()


def test_an_example_that_became_a_picture_of_the_study_is_refused_at_the_call(study: Study) -> None:
    make_arm(study, prompt=save(study))
    actions.queue_generations(study=study, by=study.created_by)
    show_the_same(Case.objects.get(study=study, code="C001"), read_case(study))
    row = Generation.objects.claim_next(seconds=60)
    assert row is not None
    work_on(row)
    row.refresh_from_db()
    assert row.stage == "failed"
    assert "C001" in row.failure
    assert not row.attempts.exists()


@pytest.mark.parametrize("code", ["C003", "C999"])
def test_only_example_cases_can_be_examples(study: Study, code: str) -> None:
    with pytest.raises(StudyError, match=code):
        save(study, Prompt(task="T", examples=(Example(code, "normal"),)))


def test_the_images_of_examples_that_were_sent_no_longer_change(study: Study) -> None:
    make_arm(study, prompt=save(study))
    example = Case.objects.get(study=study, code="C001")
    assert used_cases([example.pk]) == set()
    actions.queue_generations(study=study, by=study.created_by)
    assert used_cases([example.pk]) == {example.pk}


# --- Versions -------------------------------------------------------------------------------------------------
def test_an_edit_is_a_new_version_with_parent_and_note(study: Study) -> None:
    first = save(study)
    second = save(study, Prompt(task="Again."), parent=first, note="Shorter")
    assert (second.number, second.parent, second.note) == (2, first, "Shorter")
    first.refresh_from_db()
    assert first.prompt == SCORED
    assert Event.objects.filter(verb="prompt.save").count() == 2


def test_an_edit_that_changes_nothing_and_a_name_that_is_taken_are_refused(study: Study) -> None:
    first = save(study)
    with pytest.raises(StudyError, match="Nothing has changed"):
        save(study, parent=first)
    with pytest.raises(StudyError, match="already"):
        save(study, Prompt(task="Other"))


def test_a_diff_shows_what_changed() -> None:
    lines = diff_of(Prompt(role="R", task="Old."), Prompt(role="R", task="New."))
    assert [line for line in lines if line[0]] == [("-", "task: Old."), ("+", "task: New.")]
    assert diff_of(SCORED, SCORED) == []


def test_a_preview_is_what_a_model_would_get(study: Study) -> None:
    case = read_case(study)
    preview = preview_of(SCORED, case)
    rendered = rendered_with(SCORED, case, InputCondition.IMAGE_TEXT)
    assert [part.text for part in preview.parts if not part.image] == [
        part.text for part in rendered.parts if isinstance(part, TextPart)
    ]
    assert [part.image.case.code for part in preview.parts if part.image] == ["C001", "C002", "C003"]
    assert preview.tokens > 3 * 85


def test_levels_are_written_as_lines_and_read_back() -> None:
    text = write_levels(SCORED.rubric.levels)
    assert text == "normal\n\nabnormal\n- an opacity"
    assert read_levels(text) == [
        {"name": "normal", "components": []},
        {"name": "abnormal", "components": ["an opacity"]},
    ]
    with pytest.raises(PromptProblem, match="first line"):
        read_levels("- an opacity")


# --- Pages ----------------------------------------------------------------------------------------------------
def filled(**changes: Any) -> dict[str, Any]:
    rows = [("C001", "abnormal", "Lower left."), ("C002", "normal", "")]
    told = {f"examples-{n}-{name}": row[i] for n, row in enumerate(rows) for i, name in enumerate(_EXAMPLE)}
    return {
        "name": "P",
        "role": "R",
        "kind": "classify",
        "task": "Score it.",
        "levels": "normal\n\nabnormal\n- an opacity",
        "form": "text",
        "label_line": "Classification",
        "examples-TOTAL_FORMS": 3,
        "examples-INITIAL_FORMS": 0,
        **told,
        **changes,
    }


_EXAMPLE = ("case", "level", "rationale")


def test_a_prompt_is_written_on_its_page_with_scored_examples(client: Client, study: Study) -> None:
    page = client.post(url(study, "new_prompt"), filled(), follow=True).content.decode()
    version = PromptVersion.objects.get()
    assert [example.case for example in version.prompt.examples] == ["C001", "C002"]
    assert version.prompt.levels == ("normal", "abnormal")
    assert "Score it." in page
    assert "/preview/" in page


def test_the_form_of_a_version_says_again_what_it_holds(client: Client, study: Study) -> None:
    version = save(study)
    form = client.get(url(study, "edit_prompt", version.pk)).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent["is_ordered"] = "on" if sent["is_ordered"] else ""
    for row in form.examples:
        sent |= {f"{row.prefix}-{name}": row[name].value() or "" for name in _EXAMPLE}
    sent |= {"examples-TOTAL_FORMS": 4, "examples-INITIAL_FORMS": 2}
    told = {name: "" if value is None else value for name, value in sent.items()}
    page = client.post(url(study, "edit_prompt", version.pk), told).content.decode()
    assert "Nothing has changed" in page
    told |= {"task": "Score it twice.", "note": "Twice"}
    client.post(url(study, "edit_prompt", version.pk), told)
    newest = PromptVersion.objects.get(number=2)
    assert (newest.name, newest.parent, newest.note) == ("P", version, "Twice")
    page = client.get(url(study, "prompt", newest.pk)).content.decode()
    assert "<ins>+ task: Score it twice.</ins>" in page


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"task": "As {label}."}, "task", "no variable"),
        ({"levels": "only"}, "levels", "at least two"),
        ({"levels": "- a"}, "levels", "first line"),
        ({"captions": "current"}, "captions", "slot = caption"),
        ({"form": "json"}, "form", "at least one field"),
        ({"examples-0-level": "odd"}, None, "no level of the rubric"),
        ({"examples-0-case": "C003"}, None, "examples"),
        ({"examples-0-case": ""}, None, "examples"),
        ({"task": ""}, "task", "required"),
    ],
)
def test_what_is_wrong_is_said_at_its_block_and_nothing_typed_is_lost(
    client: Client, study: Study, changes: dict[str, str], field: str | None, sentence: str
) -> None:
    response = client.post(url(study, "new_prompt"), filled(**changes))
    form = response.context["form"]
    found = form.errors[field] if field else form.non_field_errors()
    assert sentence in str(found)
    assert "Lower left." in response.content.decode()
    assert not PromptVersion.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_preview_is_shown_before_anything_is_saved(
    client: Client, study: Study, headers: dict[str, str]
) -> None:
    told = filled(deed="preview", of="C003")
    page = client.post(url(study, "new_prompt"), told, headers=headers).content.decode()
    assert "What a model gets for case C003" in page
    assert "Expected: abnormal" in page
    assert ("<html" in page) != bool(headers)
    assert not PromptVersion.objects.exists()


def test_a_preview_says_what_is_in_the_way(client: Client, study: Study) -> None:
    show_the_same(Case.objects.get(study=study, code="C001"), read_case(study))
    page = client.post(url(study, "new_prompt"), filled(deed="preview")).content.decode()
    assert "must not be an image of the study" in page


@pytest.mark.parametrize("key", list(gallery()))
def test_every_ready_prompt_fills_the_form_and_can_be_saved(client: Client, study: Study, key: str) -> None:
    form = client.get(url(study, "new_prompt") + f"?template={key}").context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    sent["is_ordered"] = "on" if sent["is_ordered"] else ""
    rows = {"examples-TOTAL_FORMS": 0, "examples-INITIAL_FORMS": 0}
    client.post(url(study, "new_prompt"), {**sent, **rows, "name": key})
    assert PromptVersion.objects.get().prompt == gallery()[key].prompt


def test_a_locked_study_shows_its_prompts_and_takes_no_new_one(client: Client, study: Study) -> None:
    version = save(study)
    Study.objects.filter(pk=study.pk).update(state="running")
    assert client.get(url(study, "prompt", version.pk)).status_code == 200
    page = client.post(url(study, "new_prompt"), filled(name="Q")).content.decode()
    assert "locked" in page
    assert PromptVersion.objects.count() == 1


def test_hostile_text_in_a_prompt_is_shown_as_text(client: Client, study: Study) -> None:
    version = make_prompt(study, task="<script>alert(1)</script>")
    page = client.get(url(study, "prompt", version.pk)).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def pages(study: Study, version: PromptVersion) -> Iterator[tuple[str, str]]:
    yield "get", url(study, "prompts")
    yield "get", url(study, "new_prompt")
    yield "get", url(study, "prompt", version.pk)
    yield "get", url(study, "edit_prompt", version.pk)
    yield "post", url(study, "try", version.pk)


@pytest.mark.parametrize("who", ["reader", "researcher", "stranger", "nobody"])
def test_only_the_studys_coordinators_enter(study: Study, who: str) -> None:
    version, client = save(study), Client()
    if who in ("reader", "researcher"):
        client.force_login(make_member(study, who).user)  # type: ignore[arg-type]  # a role by its value
    elif who == "stranger":
        client.force_login(make_user())
    for method, address in pages(study, version):
        assert getattr(client, method)(address).status_code == (302 if who == "nobody" else 404)


def test_a_prompt_of_another_study_is_not_found(client: Client, study: Study) -> None:
    other = make_prompt(make_study())
    assert client.get(url(study, "prompt", other.pk)).status_code == 404
