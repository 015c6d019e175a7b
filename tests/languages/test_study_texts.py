"""A study's texts and questions reach a reader in their language; ratings, exports and order never depend on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from readerstudy.accounts.actions import choose_language
from readerstudy.analysis.document.words import decimal
from readerstudy.audit.models import Event
from readerstudy.reading.models import Rating, ReaderSignature
from readerstudy.reading.path.certificate import language_on_paper
from readerstudy.reading.path.signing import sign_consent
from readerstudy.reading.path.tutorial import finish_tutorial
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.actions import set_section
from readerstudy.studies.actions.design import DesignRefused
from readerstudy.studies.models import Design, Membership, Study
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.wording import Rows
from tests import factories
from tests.reading.path_worlds import make_draft, mine, read, start

pytestmark = pytest.mark.django_db

GERMAN = {
    "instructions": "Beurteilen Sie den Text.",
    "consent": "Ich nehme freiwillig teil.",
    "tutorial": ["Sehen Sie das Bild an.", "Drücken Sie eine Ziffer."],
    "questions": {
        "correctness": {
            "question": "Ist der Text richtig?",
            "help": "Am Bild gemessen.",
            "options": {"1": {"label": "Überwiegend falsch"}, "5": {"label": "Nichts falsch"}},
        }
    },
}


@pytest.fixture
def study() -> Study:
    return make_draft(practice=None, sections={"texts": {"en": {"consent": "I take part."}, "de": GERMAN}})


def in_language(study: Study, language: str) -> Any:
    with translation.override(language):
        return frozen_of(study)


def test_a_reader_gets_the_own_language(study: Study) -> None:
    german = in_language(study, "de")
    criterion = german.criteria[0]
    assert (criterion.question, criterion.help) == ("Ist der Text richtig?", "Am Bild gemessen.")
    assert criterion.options[0]["label"] == "Überwiegend falsch"
    assert (german.instructions, german.consent) == (GERMAN["instructions"], GERMAN["consent"])
    assert german.tutorial == tuple(GERMAN["tutorial"])


def test_a_language_that_is_not_translated_gets_the_study_s_own(study: Study) -> None:
    spanish = in_language(study, "es")
    assert spanish.criteria[0].question == "Correctness"
    assert spanish.consent == "I take part."
    assert spanish.tutorial == tuple(GERMAN["tutorial"]), "what one language alone says is used for all"


def test_values_never_depend_on_the_language(study: Study) -> None:
    seat = start(study)
    finish_tutorial(seat=seat, by=seat.user)
    for allocation, language in zip(mine(seat, practice=False), ("de", "en", "de", "en"), strict=True):
        with translation.override(language):
            read(seat, allocation, "4")
    assert set(Rating.objects.values_list("value", flat=True)) == {"4"}
    values = [
        [option["value"] for option in in_language(study, language).criteria[0].options]
        for language in ("de", "en", "ar")
    ]
    assert values[0] == values[1] == values[2]


def test_the_page_of_a_german_reader_is_german_throughout(study: Study) -> None:
    seat = start(study)
    finish_tutorial(seat=seat, by=seat.user)
    choose_language(user=seat.user, language="de")
    client = Client()
    client.force_login(seat.user)
    page = client.get(
        reverse("reading:read", args=[study.key, mine(seat, practice=False)[0].key])
    ).content.decode()
    assert '<html lang="de"' in page
    assert "Ist der Text richtig?" in page
    assert "Correctness" not in page
    assert "Fall 1 von 4" in page


def test_the_signature_says_in_which_language_the_consent_was_read(study: Study) -> None:
    seat = factories.make_member(study)
    with translation.override("de"):
        sign_consent(seat=seat, printed_name="A Reader", by=seat.user)
    signature = ReaderSignature.objects.get(seat=seat)
    assert (signature.language, signature.text) == ("de", GERMAN["consent"])
    assert signature.digest == signature.compute_digest()
    assert Event.objects.get(verb="reader.consent", subject=seat.pseudonym).data["language"] == "de"
    assert Membership.objects.get(pk=seat.pk).has_consented


def test_only_who_read_the_changed_language_is_asked_again(study: Study) -> None:
    german, english = factories.make_member(study), factories.make_member(study)
    for seat, language in ((german, "de"), (english, "en")):
        with translation.override(language):
            sign_consent(seat=seat, printed_name="A Reader", by=seat.user)
    texts = {"en": {"consent": "I take part."}, "de": {**GERMAN, "consent": "Ich nehme gern teil."}}
    set_section(study=study, name="texts", content=texts, by=study.created_by)
    assert not Membership.objects.get(pk=german.pk).has_consented
    assert Membership.objects.get(pk=english.pk).has_consented


def test_an_export_says_every_language_and_loads_again_without_loss(study: Study) -> None:
    told = data_of(study)
    assert told["texts"]["de"] == GERMAN
    set_section(study=study, name="allocation", content={"plan": "crossed"}, by=study.created_by)
    told = data_of(study)
    assert canonical(Document(told))["texts"] == told["texts"]


@pytest.mark.parametrize(
    ("questions", "sentence"),
    [
        ({"unknown": {"question": "?"}}, "No question has the key"),
        ({"correctness": {"options": {"9": {"label": "Neun"}}}}, "none of the options"),
    ],
)
def test_what_is_not_there_cannot_be_translated(
    study: Study, questions: dict[str, Any], sentence: str
) -> None:
    texts = {"de": {"questions": questions}}
    with pytest.raises(DesignRefused, match=sentence):
        set_section(study=study, name="texts", content=texts, by=study.created_by)


def test_an_amendment_may_mend_the_words_of_every_language(study: Study) -> None:
    rows = Rows(study)
    name = "texts.de.questions.correctness.question"
    place = next(each for each in rows.places() if each.name == name)
    place.write("Stimmt der Text?")
    rows.save({name})
    assert (
        Design.objects.of(study).document["texts"]["de"]["questions"]["correctness"]["question"]
        == "Stimmt der Text?"
    )


def test_a_coordinator_translates_on_a_page(study: Study) -> None:
    client = Client()
    client.force_login(study.created_by)
    assert "Deutsch" in client.get(reverse("studies:languages", args=[study.key])).content.decode()
    address = reverse("studies:language", args=[study.key, "es"])
    assert "Correctness" in client.get(address).content.decode()
    sent = {"consent": "Participo.", "questions|correctness|question": "¿Es correcto el texto?"}
    assert client.post(address, sent).status_code == 302
    told = Design.objects.of(study).section("texts")
    assert told["es"] == {
        "consent": "Participo.",
        "questions": {"correctness": {"question": "¿Es correcto el texto?"}},
    }
    assert told["de"] == GERMAN
    client.post(address, {})
    assert "es" not in Design.objects.of(study).section("texts")


def test_the_study_s_own_language_is_chosen_and_has_no_page_of_translations(study: Study) -> None:
    client = Client()
    client.force_login(study.created_by)
    client.post(reverse("studies:languages", args=[study.key]), {"language": "es"})
    design = Design.objects.of(study)
    assert design.language == "es"
    assert client.get(reverse("studies:language", args=[study.key, "es"])).status_code == 404
    assert client.get(reverse("studies:language", args=[study.key, "tlh"])).status_code == 404


@pytest.mark.parametrize(("language", "printed"), [("de", "de"), ("es", "es"), ("en", "en"), ("ar", "en")])
def test_the_certificate_is_printed_in_a_language_that_can_be_drawn(language: str, printed: str) -> None:
    with translation.override(language):
        assert language_on_paper() == printed


@pytest.mark.parametrize(("language", "written"), [("de", "0,500"), ("es", "0,500"), ("en", "0.500")])
def test_a_page_writes_numbers_as_its_language_does(language: str, written: str) -> None:
    with translation.override(language):
        assert decimal(0.5) == written
