"""A prompt version is tried on validation cases, and its figures say how far it agrees with people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.cases.actions import set_purpose
from readerstudy.cases.models import Case, Image, Purpose
from readerstudy.generation import actions
from readerstudy.generation.actions.trials import start_trial
from readerstudy.generation.models import Generation, Trial
from readerstudy.generation.prompting.trials import Figures, figures_of, marks_of
from readerstudy.generation.running.progress import progress_of
from readerstudy.providers.prompts import Form, Level, Output, Rubric
from readerstudy.studies.models import PromptVersion, Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_arm, make_case, make_prompt, make_study
from tests.generation.replies import a_reply, an_error, answer, fail

Claim = Callable[[], Generation]
REFUSAL = "I'm sorry, but I can't help with interpreting medical images."
GRADES = Rubric((Level("none"), Level("mild"), Level("severe")), "", True)
HUMAN = ("none", "none", "mild", "severe", "severe", "mild")
MODEL = ("none", "mild", "mild", "severe", REFUSAL, "Nothing of note, but no line.")


@pytest.fixture
def study(db: None) -> Study:
    """Six validation cases with their human level, and one case of the study itself."""
    study = make_study()
    cases = [make_case(study, label=label) for label in HUMAN]
    set_purpose(study=study, cases=cases, purpose=Purpose.VALIDATION, by=study.created_by)
    make_case(study, label="none")
    return study


@pytest.fixture
def version(study: Study) -> PromptVersion:
    return make_prompt(study, name="P", rubric=GRADES, output=Output(label_line="Level"))


def start(version: PromptVersion, **changes: Any) -> Trial:
    wanted = {"connection": "simulated-openai", "model": "sim-alpha", **changes}
    return start_trial(prompt=version, by=version.created_by, **wanted)


def play(claim: Claim, texts: tuple[str, ...] = MODEL) -> None:
    """Gives each case, in order, its text: a level stands for a text that ends with its line."""
    given = dict(zip([f"C{number:03d}" for number in range(1, 7)], texts, strict=True))
    for _row in texts:
        row = claim()
        text = given[row.case.code]
        answer(row, a_reply(f"I see.\nLevel: {text}" if text in HUMAN else text))


def figures(trial: Trial) -> Figures:
    return figures_of([trial])[0]


def test_a_trial_asks_about_validation_cases_alone_and_is_no_output_of_the_study(
    study: Study, version: PromptVersion
) -> None:
    trial = start(version)
    rows = Generation.objects.filter(trial=trial)
    assert {row.case.purpose for row in rows} == {Purpose.VALIDATION}
    assert rows.count() == 6
    assert trial.is_simulated
    make_arm(study)
    assert progress_of(study).total.wanted == 1


def test_refused_and_unparsable_replies_count_in_n(version: PromptVersion, claim: Claim) -> None:
    trial = start(version)
    play(claim)
    found = figures(trial)
    assert (found.n, found.agreeing, found.declined, found.unparsable) == (6, 3, 1, 1)
    assert found.accuracy.value == 0.5
    assert found.accuracy.ci == pytest.approx((0.1876, 0.8124), abs=1e-4)  # Wilson, 3 of 6
    assert [row.generation.case.code for row in found.disagreements] == ["C002", "C005", "C006"]
    assert found.disagreements[1].text == REFUSAL


def test_kappa_is_weighted_where_levels_are_ordered_and_rests_on_replies_with_a_level(
    version: PromptVersion, claim: Claim
) -> None:
    trial = start(version)
    play(claim)
    kappa = figures(trial).kappa
    assert kappa is not None
    # Four pairs: (none, none), (none, mild), (mild, mild), (severe, severe); weights 1, .5, 1, 1, so p_o = .875.
    # Marginals (2, 1, 1) and (1, 2, 1): p_e = (2*1 + 1*2 + 1*1 + .5*(2*2 + 1*1 + 1*1 + 1*2)) / 16 = 9/16.
    assert kappa.value == pytest.approx((0.875 - 9 / 16) / (1 - 9 / 16))
    assert kappa.n_cases == 4
    assert kappa.variant == "linear"


def test_without_an_order_kappa_has_no_weights(study: Study, claim: Claim) -> None:
    rubric = Rubric(GRADES.levels)
    trial = start(make_prompt(study, rubric=rubric, output=Output(label_line="Level")))
    play(claim)
    kappa = figures(trial).kappa
    assert kappa is not None
    assert kappa.variant == "unweighted"


def test_a_case_whose_human_level_is_none_of_the_rubric_is_in_no_figure(
    study: Study, version: PromptVersion, claim: Claim
) -> None:
    case = Case.objects.get(study=study, code="C001")
    case.reference.label = "unclear"
    case.reference.save()
    trial = start(version)
    play(claim)
    assert (figures(trial).n, figures(trial).unlabelled) == (5, 1)


def test_a_failed_call_is_told_and_not_counted(version: PromptVersion, claim: Claim) -> None:
    trial = start(version)
    fail(claim(), an_error(retry="never"))
    found = figures(trial)
    assert (found.n, found.failed, found.is_active) == (0, 1, True)
    assert found.accuracy.value is None
    assert found.kappa is None


def test_a_version_is_marked_once_its_trial_has_ended(version: PromptVersion, claim: Claim) -> None:
    start(version)
    assert marks_of([version]) == {}
    play(claim)
    assert marks_of([version]) == {
        version.pk: "validated on 6 cases with sim-alpha (simulated): accuracy 0.50 (0.19 to 0.81)"
    }


def test_figures_cost_the_same_whatever_the_number_of_cases(
    version: PromptVersion, claim: Claim, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    first, second = start(version), start(version, model="sim-beta")
    for _row in range(12):
        answer(claim(), a_reply("Level: none"))
    with django_assert_max_num_queries(4):
        assert [found.n for found in figures_of([first, second])] == [6, 6]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda study: Image.objects.of(study).update(confirmed_at=None, confirmed_by=None), "not confirmed"),
        (lambda study: Case.objects.filter(study=study).update(purpose="study"), "No case is set apart"),
        (lambda study: Study.objects.filter(pk=study.pk).update(state="running"), "locked"),
    ],
)
def test_what_stands_in_the_way_of_a_trial_is_said(
    study: Study, version: PromptVersion, spoil: Callable[[Study], Any], sentence: str
) -> None:
    spoil(study)
    with pytest.raises(StudyError, match=sentence):
        start(version)
    assert not Trial.objects.exists()


def test_a_provider_that_is_not_set_up_or_not_allowed_is_refused(
    version: PromptVersion, connections: Any
) -> None:
    with pytest.raises(StudyError, match="not set up"):
        start(version, connection="nobody")


def test_a_case_that_was_tried_stays_a_validation_case(study: Study, version: PromptVersion) -> None:
    start(version)
    case = Case.objects.get(study=study, code="C001")
    with pytest.raises(StudyError, match="C001"):
        set_purpose(study=study, cases=[case], purpose=Purpose.STUDY, by=study.created_by)


def test_the_page_starts_a_trial_and_shows_where_it_differs(
    study: Study, version: PromptVersion, claim: Claim
) -> None:
    client = Client()
    client.force_login(study.created_by)
    address = reverse("generation:try", args=[study.key, version.pk])
    told = {
        "connection": "simulated-openai",
        "model": "sim-alpha",
        "input_condition": "image",
        "temperature": "0",
    }
    page = client.post(address, told, follow=True).content.decode()
    trial = Trial.objects.get()
    assert (trial.parameters, trial.input_condition) == ({"temperature": 0.0}, "image")
    assert "The model is being asked." in page
    assert (
        "under way" in client.get(reverse("generation:prompt", args=[study.key, version.pk])).content.decode()
    )
    play(claim)
    page = client.get(reverse("generation:trial", args=[study.key, trial.pk])).content.decode()
    assert "Where model and people differ" in page
    assert "0.50" in page
    assert "interpreting medical images" in page
    page = client.get(reverse("generation:prompts", args=[study.key])).content.decode()
    assert "validated on 6 cases" in page


def test_a_reply_in_json_is_shown_as_a_text_to_read(study: Study, claim: Claim) -> None:
    version = make_prompt(study, rubric=GRADES, output=Output(Form.JSON, ("level", "findings")))
    trial = start(version)
    answer(claim(), a_reply('{"level": "none", "findings": ["Clear lungs."]}'))
    client = Client()
    client.force_login(study.created_by)
    page = client.get(reverse("generation:trial", args=[study.key, trial.pk])).content.decode()
    assert "Level: none\n\nFindings:\n- Clear lungs." in page
    assert figures(trial).agreeing == 1


def test_a_trial_that_cannot_start_says_what_to_do(study: Study, version: PromptVersion) -> None:
    client = Client()
    client.force_login(study.created_by)
    page = client.post(reverse("generation:try", args=[study.key, version.pk]), {}, follow=True)
    assert "The trial was not started" in page.content.decode()
    assert not Trial.objects.exists()


def test_queueing_the_study_leaves_trials_alone(study: Study, version: PromptVersion) -> None:
    start(version)
    make_arm(study)
    assert actions.queue_generations(study=study, by=study.created_by) == 1
