"""What readers are told in another language: one field for each text, beside it the words of the study's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.studies.models import Criterion, Design, Study
from readerstudy.studies.rubrics.values import as_text

LONGEST = {"question": 300, "help": 1000}
LISTS = ("questions", "last_questions")


class OwnLanguageForm(forms.Form):
    """The language in which the study's own texts and questions are written."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language of the study’s own texts"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("Readers whose language is not translated get these texts."),
    )


class SpokenForm(forms.Form):
    """The texts of a study in one language; what stays empty is read in the study's own words."""

    def __init__(self, *args: Any, design: Design, language: str, **kwargs: Any) -> None:
        self.told: Mapping[str, Any] = design.section("texts").get(language, {})
        super().__init__(*args, **kwargs)
        for name, label, own, said, longest in _places(design, self.told):
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                initial=said,
                max_length=longest,
                help_text=own,
                widget=forms.Textarea(
                    attrs={
                        "rows": 4 if longest is None else 1 + longest // 800,
                        "lang": language,
                        "dir": "auto",
                    }
                ),
            )

    def section(self) -> dict[str, Any]:
        """The texts in the form of a protocol file, without those that are empty."""
        said: dict[str, Any] = {}
        for name, text in self.cleaned_data.items():
            if text:
                _put(said, name.split("|"), text.splitlines() if name == "tutorial" else text)
        return said


def _places(design: Design, told: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, int | None]]:
    """Name, label, own words, translation and greatest length of each text."""
    own = design.section("texts").get(design.language, {})
    labels = {
        "instructions": _("Instructions to readers"),
        "consent": _("Consent text"),
        "tutorial": _("Tutorial"),
    }
    for name, label in labels.items():
        if own.get(name):
            yield name, label, _plain(own[name]), _plain(told.get(name, "")), None
    for name, found in zip(LISTS, _questions(design.study), strict=True):
        for criterion in found:
            for path, label, words in _of_question(criterion):
                yield (
                    "|".join((name, *path)),
                    label,
                    words,
                    _at(told, (name, *path)),
                    LONGEST.get(path[-1], 300),
                )


def _questions(study: Study) -> tuple[list[Criterion], list[Criterion]]:
    return list(Criterion.objects.of(study)), list(Criterion.objects.exit(study))


def _of_question(criterion: Criterion) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where each text of a question stands, how people call it, and what it says."""
    key, of = criterion.key, {"key": criterion.key}
    yield (key, "question"), _("Question “%(key)s”") % of, criterion.question
    if criterion.help:
        yield (key, "help"), _("Explanation of “%(key)s”") % of, criterion.help
    if criterion.kind == "yes_no":
        return
    for option in criterion.options:
        value = as_text(option["value"])
        named = {**of, "value": value}
        yield (key, "options", value, "label"), _("Option %(value)s of “%(key)s”") % named, option["label"]
        if option.get("help"):
            label = _("Anchor of option %(value)s of “%(key)s”") % named
            yield (key, "options", value, "help"), label, str(option["help"])


def _plain(said: str | list[str]) -> str:
    return "\n".join(said) if isinstance(said, list) else said


def _at(told: Mapping[str, Any], path: tuple[str, ...]) -> str:
    found: Any = told
    for name in path:
        found = found.get(name, {})
    return found if isinstance(found, str) else ""


def _put(said: dict[str, Any], path: list[str], text: str | list[str]) -> None:
    for name in path[:-1]:
        said = said.setdefault(name, {})
    said[path[-1]] = text
