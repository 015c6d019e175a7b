"""What of a locked protocol an amendment may mend: its wording, and the facts of its ethics approval.

Everything is a flat table from the name of a place to its text, so that page, difference and audit speak of the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from readerstudy.studies.models import Criterion, Design, Rubric, Study
from readerstudy.studies.policies import StudyError

Write = Callable[[str], None]
LONG = frozenset({"instructions", "consent", "consent_text", "tutorial", "help", "data_use"})
ETHICS = ("registration", "board", "decision", "expires", "data_use")
LINES = "\n"


@dataclass(frozen=True)
class Place:
    """One text of the protocol: its name, how people call it, what it says, and how it is written into `Rows`.

    `group` is the question that it belongs to, and `within` how it is called there.
    """

    name: str
    label: str
    text: str
    write: Write
    is_long: bool = False
    is_needed: bool = False
    group: str = ""
    within: str = ""


class Rows:
    """The rows of a protocol that hold wording; `save` stores what was written into them."""

    def __init__(self, study: Study) -> None:
        self.study = study
        newest = Rubric.objects.filter(study=study).order_by("-version").values("pk")[:1]
        self.criteria = list(Criterion.objects.filter(rubric__in=newest).order_by("position"))
        self.design = Design.objects.of(study)

    def places(self) -> list[Place]:
        """Every text that may be mended, in the order in which readers meet them."""
        return [*self._study(), *self._questions(), *self._languages(), *self._ethics()]

    def save(self, changed: set[str]) -> None:
        """Stores the rows behind the places with these names."""
        for criterion in self.criteria:
            if any(name.startswith(f"question.{criterion.key}.") for name in changed):
                _check_lengths(criterion)
                criterion.save(update_fields=["question", "help", "options"])
        if any(name.startswith(("texts.", "ethics.")) for name in changed):
            self.design.save()

    def _study(self) -> list[Place]:
        return [
            self._column("instructions", _("Instructions to readers")),
            self._column("consent_text", _("Consent text"), is_needed=True),
        ]

    def _column(self, name: str, label: str, *, is_needed: bool = False) -> Place:
        def write(text: str) -> None:
            setattr(self.study, name, text)

        return Place(name, label, getattr(self.study, name), write, is_long=True, is_needed=is_needed)

    def _questions(self) -> list[Place]:
        return [
            replace(place, group=criterion.question)
            for criterion in self.criteria
            for place in _places_of(criterion)
        ]

    def _languages(self) -> list[Place]:
        texts = self.design.document.get("texts", {})
        return [
            place
            for language, section in sorted(texts.items())
            for place in self._texts((language,), section)
        ]

    def _texts(self, path: tuple[str, ...], section: dict[str, Any]) -> Iterator[Place]:
        for name, said in sorted(section.items()):
            if isinstance(said, dict):
                yield from self._texts((*path, name), said)
            else:
                yield self._text((*path, name), section, said)

    def _text(self, path: tuple[str, ...], section: dict[str, Any], said: str | list[str]) -> Place:
        def write(text: str) -> None:
            section[path[-1]] = text.splitlines() if isinstance(said, list) else text

        label = _("%(name)s in the language %(language)s") % {
            "name": " · ".join(path[1:]),
            "language": path[0],
        }
        shown = LINES.join(said) if isinstance(said, list) else said
        return Place(".".join(("texts", *path)), label, shown, write, is_long=True)

    def _ethics(self) -> list[Place]:
        return [self._fact(name) for name in ETHICS]

    def _fact(self, name: str) -> Place:
        def write(text: str) -> None:
            section = self.design.document.setdefault("ethics", {})
            section.pop(name, None)
            if text:
                section[name] = text

        said: dict[str, Any] = self.design.document.get("ethics", {})
        return Place(f"ethics.{name}", _ethics_labels()[name], said.get(name, ""), write, name in LONG)


def _check_lengths(criterion: Criterion) -> None:
    try:
        criterion.clean_fields(
            exclude={field.name for field in Criterion._meta.fields} - {"question", "help"}
        )
    except ValidationError as error:
        raise StudyError(" ".join(error.messages)) from error


def _places_of(criterion: Criterion) -> list[Place]:
    key, of = f"question.{criterion.key}", {"key": criterion.key}

    def write_to(field: str) -> Write:
        return lambda text: setattr(criterion, field, text)

    places = [
        Place(
            f"{key}.question",
            _("Question “%(key)s”") % of,
            criterion.question,
            write_to("question"),
            is_needed=True,
            within=_("Question"),
        ),
        Place(
            f"{key}.help",
            _("Explanation of “%(key)s”") % of,
            criterion.help,
            write_to("help"),
            is_long=True,
            within=_("Explanation"),
        ),
    ]
    for number in range(len(criterion.options)):
        places += _places_of_option(criterion, number)
    return places


def _places_of_option(criterion: Criterion, number: int) -> Iterator[Place]:
    key, option = f"question.{criterion.key}", criterion.options[number]
    of = {"key": criterion.key, "value": option["value"]}
    yield Place(
        f"{key}.option.{number}",
        _("Option %(value)s of “%(key)s”") % of,
        option["label"],
        _option(criterion, number, "label"),
        is_needed=True,
        within=_("Option %(value)s") % of,
    )
    if option.get("help"):
        yield Place(
            f"{key}.anchor.{number}",
            _("Anchor of option %(value)s of “%(key)s”") % of,
            str(option["help"]),
            _option(criterion, number, "help"),
            within=_("Sentence that anchors option %(value)s") % of,
        )


def _option(criterion: Criterion, number: int, field: str) -> Write:
    def write(text: str) -> None:
        criterion.options[number] = {**criterion.options[number], field: text}

    return write


def _ethics_labels() -> Mapping[str, str]:
    return {
        "registration": _("Registration of the study"),
        "board": _("Ethics board and its number"),
        "decision": _("Decision of the ethics board"),
        "expires": _("Last day of the approval"),
        "data_use": _("Terms under which the images may be used"),
    }
