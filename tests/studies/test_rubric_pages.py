"""The Questions station: every kind is written in the browser's form, every ready rubric is taken by one click."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given

from readerstudy.audit.models import Event
from readerstudy.studies.actions import (
    lock_protocol,
    remove_criterion,
    save_criterion,
    set_section,
    use_rubric,
)
from readerstudy.studies.lifecycle import Deed
from readerstudy.studies.models import Criterion, Design, Kind, Role, Study
from readerstudy.studies.models.criterion import Phase
from readerstudy.studies.protocol.library import rubrics
from readerstudy.studies.question_forms import Around, Editor, sent_from
from readerstudy.studies.rubrics.documents import from_document, to_document
from readerstudy.studies.rubrics.examples import SENTENCES, example_of
from readerstudy.studies.rubrics.kinds import TAKES
from readerstudy.studies.stations import blockers
from tests import factories
from tests.studies.criteria_documents import questions
from tests.studies.forms_read import filled
from tests.studies.test_life import do, rate_first

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", sorted(TAKES))
def test_a_question_of_every_kind_is_asked_as_its_page_offers_it(
    client: Client, study: Study, kind: str
) -> None:
    address = reverse("studies:new_question", args=[study.key, kind])
    page = client.get(address)
    assert page.status_code == 200
    assert 'id="c-' in page.content.decode()
    sent = filled(page.content.decode(), question="What of this?")
    response = client.post(address, sent)
    assert response.status_code == 302, response.content.decode()
    wanted = {**example_of(kind), "key": "what-of-this", "question": "What of this?"}
    assert to_document(Criterion.objects.of(study).get()) == wanted


def asked(study: Study, **fields: Any) -> Criterion:
    """A stored question of yes and no, as the coordinator would have made it."""
    told = {"key": "first", "kind": "yes_no", "question": "Is it so?", **fields}
    return save_criterion(study=study, fields=from_document(told), by=study.created_by)


def keys_of(study: Study) -> list[str]:
    return [row.key for row in Criterion.objects.of(study)]


def address(name: str, study: Study, *more: object) -> str:
    return reverse(f"studies:{name}", args=[study.key, *more])


def said(client: Client, url: str, **sent: Any) -> str:
    """What the page says after a post, wherever it leads."""
    return client.post(url, sent, follow=True).content.decode()


@given(questions())
def test_the_form_says_what_the_question_says(question: dict[str, Any]) -> None:
    levels = {"site": ["one", "two"]}
    first = {
        "key": "first",
        "kind": "yes_no",
        "question": "Is it so?",
        "applies_to": "case",
        "stage": "before",
    }
    when = [{"criterion": "first", "is": [True]}, {"stratum": "site", "is": ["two"]}]
    question = {**question, "key": "second", "when": when}
    place = Around(earlier=(first,), strata=levels)
    editor = Editor(question["kind"], place, sent_from(question), question, is_checked=True)
    assert editor.is_valid(), [editor.head.errors, *(row.errors for row in editor.options)]
    row = Criterion(**from_document(editor.document()))
    assert to_document(row) == trimmed(question)


def trimmed(question: dict[str, Any]) -> dict[str, Any]:
    """The question without the blanks around its words, which no form keeps."""
    if isinstance(question, dict):
        return {name: trimmed(value) for name, value in question.items()}
    if isinstance(question, list):
        return [trimmed(each) for each in question]
    return question.strip() if isinstance(question, str) else question


def test_every_kind_can_be_chosen_by_what_it_is_for(client: Client, study: Study) -> None:
    page = client.get(address("add_question", study)).content.decode()
    for kind in Kind:
        assert address("new_question", study, kind.value) in page
        assert str(SENTENCES[kind.value]) in page


def test_after_the_last_case_only_kinds_are_offered_that_need_no_case(client: Client, study: Study) -> None:
    page = client.get(address("add_question", study) + "?asked=exit").content.decode()
    offered = {kind for kind in TAKES if address("new_question", study, kind) + "?asked=exit" in page}
    assert offered == {kind for kind, takes in TAKES.items() if takes.after_last_case}


def test_a_question_after_the_last_case_is_about_no_text(client: Client, study: Study) -> None:
    url = address("new_question", study, "likert") + "?asked=exit"
    page = client.get(url).content.decode()
    assert "applies_to" not in page
    client.post(url, filled(page, question="How tired are you?"))
    row = Criterion.objects.exit(study).get()
    assert (row.applies_to, row.phase) == ("case", Phase.EXIT)
    assert not Criterion.objects.of(study).exists()


@pytest.mark.parametrize(
    ("kind", "there", "missing"),
    [
        ("yes_no", {"direction", "option-0-acceptable"}, {"option-0-label", "minimum", "unit", "shuffled"}),
        ("likert", {"option-4-label", "direction"}, {"option-0-significance", "minimum", "shuffled"}),
        ("single_choice", {"shuffled", "option-0-high_quality"}, {"minimum", "unit"}),
        ("multiple_choice", {"shuffled", "option-0-help"}, {"option-0-acceptable", "direction"}),
        ("grid", {"option-0-significance", "applies_to"}, {"shuffled"}),
        ("number", {"minimum", "maximum", "unit", "acceptable_from"}, {"option-0-value", "shuffled"}),
        ("comparative", {"option-4-value"}, {"applies_to", "direction"}),
        ("edit", {"cannot_judge"}, {"applies_to", "option-0-value", "unit", "direction"}),
        ("length", {"minimum", "unit"}, {"acceptable_from"}),
    ],
)
def test_a_page_has_the_fields_that_its_kind_takes_and_no_others(
    client: Client, study: Study, kind: str, there: set[str], missing: set[str]
) -> None:
    sent = filled(client.get(address("new_question", study, kind)).content.decode())
    page = client.get(address("new_question", study, kind)).content.decode()
    names = {name for name in there | missing if f'name="{name}"' in page}
    assert names == there
    assert "question" in sent


@pytest.mark.parametrize(
    ("kind", "answers", "sentence"),
    [
        ("likert", {"question": ""}, "This field is required"),
        ("likert", {"key": "2nd"}, "Begin with a small letter"),
        ("likert", {"option-1-value": "two"}, "“two” is not a number"),
        ("likert", {"option-1-value": ""}, "Give this option a value"),
        ("likert", {"option-1-value": "1"}, "“1” stands here twice"),
        ("likert", {"option-1-label": ""}, "Write what readers see for the value 2"),
        (
            "single_choice",
            {"option-1-label": "", "option-1-value": "", "option-2-label": "", "option-2-value": ""},
            "At least 2",
        ),
        ("comparative", {f"option-{row}-value": f"v{row}" for row in range(5)}, "A comparison needs numbers"),
        ("number", {"minimum": "5", "maximum": "5"}, "must be above the lowest"),
        ("number", {"minimum": "1e13"}, "too large"),
        ("number", {"acceptable_from": "1e13"}, "Write a number here"),
        ("number", {"minimum": "x"}, "Enter a number"),
        ("free_text", {"stage": "before", "applies_to": "output"}, "only the case can be asked about"),
        ("grid", {"applies_to": "output"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(
    client: Client, study: Study, kind: str, answers: dict[str, str], sentence: str
) -> None:
    url = address("new_question", study, kind)
    sent = filled(
        client.get(url).content.decode(), **{"question": "What of this?", "help": "Kept.", **answers}
    )
    response = client.post(url, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "Kept." in page
    assert not Criterion.objects.of(study).exists()


def test_rows_of_options_come_go_and_move_without_a_script(client: Client, study: Study) -> None:
    url = address("new_question", study, "single_choice")
    sent = filled(client.get(url).content.decode(), question="Which?")

    def pressed(deed: str) -> list[str]:
        nonlocal sent
        sent["deed"] = deed
        response = client.post(url, sent)
        assert response.status_code == 200
        assert "This is not saved yet" not in response.content.decode()
        sent = filled(response.content.decode())
        return [sent[f"option-{row}-value"] for row in range(8) if f"option-{row}-value" in sent]

    assert pressed("add-option") == ["agrees", "partly", "disagrees", ""]
    assert pressed("up-option-1") == ["partly", "agrees", "disagrees", ""]
    assert pressed("down-option-1") == ["partly", "disagrees", "agrees", ""]
    assert pressed("remove-option-0") == ["disagrees", "agrees", ""]
    assert pressed("up-option-0") == ["disagrees", "agrees", ""]
    assert pressed("remove-option-99") == ["disagrees", "agrees", ""]
    assert sent["option-1-acceptable"] == "on"
    assert not Criterion.objects.of(study).exists()


def test_an_option_without_a_value_gets_one_from_its_words(client: Client, study: Study) -> None:
    url = address("new_question", study, "single_choice")
    sent = filled(client.get(url).content.decode(), question="Which?")
    sent.update({"option-3-value": "", "option-3-label": "Cannot be seen here"})
    client.post(url, sent)
    assert Criterion.objects.of(study).get().values[-1] == "cannot_be_seen_here"


def test_a_condition_is_chosen_from_the_questions_above_and_the_strata(client: Client, study: Study) -> None:
    asked(study)
    asked(study, key="words", kind="free_text", question="Anything?")
    set_section(
        study=study, name="strata", content=[{"name": "site", "levels": ["one", "two"]}], by=study.created_by
    )
    url = address("new_question", study, "yes_no")
    page = client.get(url).content.decode()
    assert "criterion:first" in page
    assert "stratum:site" in page
    assert "criterion:words" not in page
    shown = client.post(
        url, filled(page, question="Why?", **{"when-0-about": "criterion:first", "deed": "show"})
    )
    page = shown.content.decode()
    assert 'name="when-0-values"' in page
    unanswered = client.post(url, filled(page, deed="save"))
    assert unanswered.status_code == 422
    assert "Say for which answers" in unanswered.content.decode()
    sent = filled(
        page, **{"deed": "save", "when-0-values": "1", "when-1-about": "stratum:site", "when-1-values": "two"}
    )
    assert client.post(url, sent).status_code == 302
    row = Criterion.objects.of(study).get(key="why")
    assert row.when == [{"criterion": "first", "is": [True]}, {"stratum": "site", "is": ["two"]}]
    listed = client.get(address("questions", study)).content.decode()
    assert "“Is it so?” is answered “Yes”" in listed
    assert "“site” of the case is “two”" in listed


def test_a_condition_on_a_count_names_its_numbers(client: Client, study: Study) -> None:
    asked(study, key="count", kind="integer", question="How many?")
    url = address("new_question", study, "yes_no")
    sent = filled(client.get(url).content.decode(), question="Why?", **{"when-0-about": "criterion:count"})
    sent["when-0-numbers"] = "1, 2;3"
    assert client.post(url, sent).status_code == 302
    assert Criterion.objects.of(study).get(key="why").when == [{"criterion": "count", "is": [1, 2, 3]}]


def test_the_preview_is_the_control_that_a_reader_gets(client: Client, study: Study) -> None:
    url = address("new_question", study, "likert")
    sent = filled(client.get(url).content.decode(), question="How good is it?", deed="preview")
    response = client.post(url, sent, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "<form" not in page
    assert "How good is it?" in page
    assert page.count('type="radio"') >= 5
    sent["option-0-value"] = "x"
    assert "is not a number" in client.post(url, sent, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize("rubric", rubrics(), ids=lambda rubric: rubric.name)
def test_every_ready_rubric_is_taken_by_one_click(client: Client, study: Study, rubric: Any) -> None:
    preview = client.get(address("rubric", study, rubric.name)).content.decode()
    assert all(
        f'data-criterion="{question["key"]}"' in preview or "data-group" in preview
        for question in rubric.criteria
    )
    page = said(client, address("use_rubric", study, rubric.name))
    assert rubric.title in page
    phase = Phase(rubric.phase)
    rows = Criterion.objects.of(study) if phase == Phase.MAIN else Criterion.objects.exit(study)
    assert [to_document(row) for row in rows] == list(rubric.criteria)
    event = Event.objects.of_study(study.pk).get(verb="rubric.use")
    assert (event.subject, event.data["version"]) == (rubric.name, rubric.version)
    assert client.get(address("questions", study)).status_code == 200
    assert client.get(address("edit_question", study, rows.last().pk)).status_code == 200


def test_the_gallery_shows_all_rubrics_with_a_button_for_each(client: Client, study: Study) -> None:
    page = client.get(address("rubrics", study)).content.decode()
    assert page.count("Use this rubric") == len(rubrics()) == 21


def test_a_rubric_that_is_taken_twice_stands_beside_itself(client: Client, study: Study) -> None:
    for _time in range(2):
        client.post(address("use_rubric", study, "radpeer-2016"))
    assert keys_of(study) == ["concurrence", "significance", "concurrence-2", "significance-2"]
    assert Criterion.objects.of(study).last().when == [{"criterion": "concurrence-2", "is": ["2", "3"]}]


def test_what_does_not_exist_is_not_found(client: Client, study: Study) -> None:
    assert client.get(address("rubric", study, "nerif")).status_code == 404
    assert client.post(address("use_rubric", study, "nerif")).status_code == 404
    assert client.get(address("new_question", study, "guess")).status_code == 404
    assert client.get(address("edit_question", study, asked(factories.make_study()).pk)).status_code == 404


def test_questions_move_by_buttons_and_by_a_drop(client: Client, study: Study) -> None:
    rows = [asked(study, key=key) for key in ("one", "two", "three")]
    client.post(address("change_question", study, rows[0].pk, "down"))
    assert keys_of(study) == ["two", "one", "three"]
    client.post(address("change_question", study, rows[0].pk, "up"))
    client.post(address("change_question", study, rows[0].pk, "up"))
    assert keys_of(study) == ["one", "two", "three"]
    client.post(
        address("order_questions", study), {"asked": "main", "order": [rows[2].pk, rows[0].pk, rows[1].pk]}
    )
    assert keys_of(study) == ["three", "one", "two"]
    page = said(client, address("order_questions", study), asked="main", order=[rows[0].pk])
    assert "The questions changed in the meantime" in page
    assert keys_of(study) == ["three", "one", "two"]


def test_a_question_never_stands_above_what_it_depends_on(client: Client, study: Study) -> None:
    asked(study)
    second = asked(study, key="second", when=[{"criterion": "first", "is": [True]}])
    page = said(client, address("change_question", study, second.pk, "up"))
    assert "No earlier question has the key “first”" in page
    assert keys_of(study) == ["first", "second"]


def test_a_question_that_others_depend_on_stays(client: Client, study: Study) -> None:
    first = asked(study)
    second = asked(study, key="second", question="Why?", when=[{"criterion": "first", "is": [True]}])
    page = said(client, address("change_question", study, first.pk, "remove"))
    assert "“Why?” is asked only after certain answers to “Is it so?”" in page
    client.post(address("change_question", study, second.pk, "remove"))
    client.post(address("change_question", study, first.pk, "remove"))
    assert keys_of(study) == []


def test_an_answer_that_others_depend_on_stays(client: Client, study: Study) -> None:
    options = [{"value": value, "label": value} for value in ("a", "b", "c")]
    first = asked(study, kind="single_choice", options=options)
    asked(study, key="second", question="Why?", when=[{"criterion": "first", "is": ["c"]}])
    url = address("edit_question", study, first.pk)
    sent = filled(client.get(url).content.decode(), **{"option-2-value": "", "option-2-label": ""})
    response = client.post(url, sent)
    assert response.status_code == 422
    assert "“Why?”: &#x27;c&#x27; is no answer to “first”" in response.content.decode()


def test_a_copy_stands_below_with_a_name_of_its_own(client: Client, study: Study) -> None:
    rows = [asked(study, key=key) for key in ("one", "two")]
    client.post(address("change_question", study, rows[0].pk, "copy"))
    assert keys_of(study) == ["one", "one-2", "two"]


def test_conditions_and_endpoints_follow_a_new_short_name(client: Client, study: Study) -> None:
    first = asked(study)
    asked(study, key="second", when=[{"criterion": "first", "is": [True]}])
    endpoint = {"name": "Share", "statistic": "acceptable_share", "criterion": "first"}
    set_section(study=study, name="endpoints", content=[endpoint], by=study.created_by)
    url = address("edit_question", study, first.pk)
    client.post(url, filled(client.get(url).content.decode(), key="named"))
    assert keys_of(study) == ["named", "second"]
    assert Criterion.objects.of(study).last().when[0]["criterion"] == "named"
    assert Design.objects.of(study).section("endpoints")[0]["criterion"] == "named"


def test_a_question_goes_with_its_endpoint_only_where_both_are_wanted_gone(
    client: Client, study: Study
) -> None:
    row = asked(study)
    endpoint = {"name": "Share", "statistic": "acceptable_share", "criterion": "first"}
    set_section(study=study, name="endpoints", content=[endpoint], by=study.created_by)
    url = address("change_question", study, row.pk, "remove")
    assert "The endpoint “Share” is computed from “Is it so?”" in said(client, url)
    assert "Remove with endpoint" in client.get(address("questions", study)).content.decode()
    said(client, url, **{"with": "endpoints"})
    assert keys_of(study) == []
    assert Design.objects.of(study).section("endpoints") == []


def test_a_question_gets_another_kind_and_keeps_its_words(client: Client, study: Study) -> None:
    row = asked(study)
    url = address("edit_question", study, row.pk)
    assert (
        f"{url}?kind=likert" in client.get(address("add_question", study) + f"?of={row.pk}").content.decode()
    )
    client.post(f"{url}?kind=likert", filled(client.get(f"{url}?kind=likert").content.decode()))
    changed = Criterion.objects.of(study).get()
    assert (changed.pk, changed.kind, changed.question, len(changed.options)) == (
        row.pk,
        "likert",
        "Is it so?",
        5,
    )


def test_the_questions_of_a_locked_study_are_shown_and_stay(client: Client, study: Study) -> None:
    row = asked(study)
    sent = filled(client.get(address("edit_question", study, row.pk)).content.decode(), question="Else?")
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    listed = client.get(address("questions", study)).content.decode()
    assert "Is it so?" in listed
    assert "Remove" not in listed
    for url, told in (
        (address("edit_question", study, row.pk), sent),
        (address("new_question", study, "yes_no"), sent),
        (address("use_rubric", study, "ccc-single"), {}),
        (address("change_question", study, row.pk, "copy"), {}),
        (address("change_question", study, row.pk, "remove"), {}),
        (address("order_questions", study), {"order": [row.pk]}),
    ):
        client.post(url, told)
    assert [each.question for each in Criterion.objects.of(study)] == ["Is it so?"]


def test_only_coordinators_come_to_these_pages(study: Study) -> None:
    row = asked(study)
    pages = [
        address("questions", study),
        address("add_question", study),
        address("new_question", study, "likert"),
        address("edit_question", study, row.pk),
        address("rubrics", study),
        address("rubric", study, "ccc-single"),
    ]
    deeds = [
        address("use_rubric", study, "ccc-single"),
        address("order_questions", study),
        address("change_question", study, row.pk, "remove"),
    ]
    strangers = [factories.make_user(), factories.make_member(study, Role.READER).user]
    for user in strangers:
        browser = Client()
        browser.force_login(user)
        assert {browser.get(url).status_code for url in pages} <= {403, 404}
        assert {browser.post(url).status_code for url in (*pages, *deeds)} <= {403, 404, 405}
    assert Client().get(pages[0]).status_code == 302
    assert keys_of(study) == ["first"]


def test_two_texts_are_compared_only_where_a_plan_shows_two(study: Study) -> None:
    use_rubric(study=study, name="medpalm2-pairwise-9", by=study.created_by)
    sentence = "is about two texts, but the plan shows readers one at a time"
    assert any(sentence in line.text for line in blockers(study))
    pairs = {"plan": "crossed", "outputs": "pairs"}
    set_section(study=study, name="allocation", content=pairs, by=study.created_by)
    assert not any(sentence in line.text for line in blockers(study))


def test_what_a_pilot_answered_stays_when_its_question_goes() -> None:
    study = do(factories.make_ready_study(cases=4), Deed.BEGIN_PILOT, pilot_cases=2)
    rate_first(study)
    answered = Criterion.objects.of(study).get()
    study = do(study, Deed.END_PILOT)
    asked(study, key="other")
    same = Criterion.objects.of(study).get(key=answered.key)
    remove_criterion(study=study, criterion=same, by=study.created_by)
    assert keys_of(study) == ["other"]
    assert Criterion.objects.filter(pk=answered.pk).exists()
