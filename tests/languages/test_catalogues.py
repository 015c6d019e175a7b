"""German and Spanish say everything that the product says, Arabic everything that a reader meets."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings

from readerstudy.accounts.models import LANGUAGE_CODES
from tests.languages.catalogue import LANGUAGES, OF_READERS, compiled, missing, po_of, read
from tests.languages.extraction import messages

FILLED_IN = re.compile(r"%\(\w+\)[a-z]|%%|%[sdg]|\{\w+\}")


@pytest.fixture(scope="module")
def said() -> Catalog:
    return messages()


def sayings(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [str(message.string)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing(language: str, said: Catalog) -> None:
    assert [each.id for each in missing(read(language), said, language)] == [], "run: make words"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_words(language: str) -> None:
    assert po_of(language).with_suffix(".mo").read_bytes() == compiled(read(language)), "run: make words"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_a_guess_of_a_program(language: str) -> None:
    assert [each.id for each in read(language) if each.id and each.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_saying_has_the_same_words_to_fill_in(language: str) -> None:
    """A form for one, none or two may name the number in a word of its own."""
    wrong = [
        (each.id, saying)
        for each in read(language)
        if each.id and any(sayings(each))
        for saying in sayings(each)
        if not _fits(each, set(FILLED_IN.findall(saying)))
    ]
    assert wrong == []


def _fits(message: Message, found: set[str]) -> bool:
    forms = list(message.id) if isinstance(message.id, tuple | list) else [message.id]
    return found in [set(FILLED_IN.findall(form)) for form in forms]


@pytest.mark.parametrize("language", LANGUAGES)
def test_edges_of_sentences_are_kept(language: str) -> None:
    """A space at an edge joins two parts of a sentence."""
    for each in read(language):
        first = each.id[0] if isinstance(each.id, tuple | list) else each.id
        for saying in sayings(each):
            if saying and first:
                assert (saying[0].isspace(), saying[-1].isspace()) == (
                    first[0].isspace(),
                    first[-1].isspace(),
                )


def test_every_language_on_offer_has_a_catalogue() -> None:
    assert {"en", *LANGUAGES} == set(LANGUAGE_CODES)
    assert list(OF_READERS) == settings.LANGUAGES_OF_READERS


def test_what_has_no_translation_stays_english_and_never_becomes_empty() -> None:
    half = Catalog(locale="ar")
    half.add(("%(n)d case", "%(n)d cases"), ("",) * 6)
    half.add("Sign in", "")
    assert compiled(half).count(b"case") == 0
