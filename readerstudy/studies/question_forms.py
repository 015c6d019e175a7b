"""The editor of one question: fields that its kind takes, options and conditions as rows, and its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Direction, Kind
from readerstudy.studies.models.criterion import Phase, Scope, Stage
from readerstudy.studies.question_rows import rows_in
from readerstudy.studies.rubrics.documents import KEY_LENGTH
from readerstudy.studies.rubrics.kinds import CASE, TAKES, Need, bins_of
from readerstudy.studies.rubrics.renaming import free_key
from readerstudy.studies.rubrics.rules import can_decide, offered
from readerstudy.studies.rubrics.values import as_text, read_number
from readerstudy.studies.rubrics.words import answers_of

Question = Mapping[str, Any]
Path = tuple[str | int, ...]
ASK_AGAIN = {"hx-post": "", "hx-trigger": "change", "hx-target": "#editing", "hx-vals": '{"deed":"show"}'}
"""A choice that decides what else the form holds has it drawn anew; without a script a button does."""
KEY = RegexValidator(
    r"^[a-z][a-z0-9_-]*$", _("Begin with a small letter; then small letters, digits, - and _ may follow.")
)
FIELD_OF = {"acceptable": "acceptable_from", "high_quality": "high_quality_from", "required": "is_required"}
"""The field of the form where it is not called as in a protocol file."""


@dataclass(frozen=True)
class Around:
    """Where a question stands: its phase, the questions above it, the strata, the short names that are taken."""

    phase: Phase = Phase.MAIN
    earlier: tuple[Question, ...] = ()
    strata: Mapping[str, Sequence[str]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()


class QuestionForm(forms.Form):
    """The fields of a question that stand alone; those that its kind does not take are left out."""

    question = forms.CharField(label=_("Question"), max_length=300)
    help = forms.CharField(
        label=_("Explanation"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("More words for those who hesitate; readers open it by a click."),
    )
    applies_to = forms.ChoiceField(label=_("Asked about"), choices=Scope.choices)
    stage = forms.ChoiceField(
        label=_("When"),
        choices=Stage.choices,
        required=False,
        help_text=_("Only for studies that reveal the text after an answer of the reader’s own."),
    )
    minimum = forms.FloatField(label=_("Lowest value"), required=False)
    maximum = forms.FloatField(label=_("Highest value"), required=False)
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False)
    shuffled = forms.BooleanField(
        label=_("Give each reader the options in an order of their own"), required=False
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    acceptable_from = forms.FloatField(
        label=_("Acceptable from"), required=False, help_text=_("Where lower is better: up to this value.")
    )
    high_quality_from = forms.FloatField(
        label=_("Best from"),
        required=False,
        help_text=_("Reported as the best bin; up to it where lower is better."),
    )
    cannot_judge = forms.ChoiceField(
        label=_("“Cannot judge”"),
        choices=[
            ("yes", _("Offered")),
            ("with_reason", _("Offered, and a reason is asked")),
            ("no", _("Not offered")),
        ],
    )
    is_required = forms.BooleanField(label=_("Must be answered"), required=False)
    key = forms.CharField(
        label=_("Short name"),
        max_length=KEY_LENGTH,
        required=False,
        validators=[KEY],
        help_text=_("Names the column in exports. Left empty, it is made from the question."),
    )

    def __init__(self, *args: Any, kind: str, around: Around, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _left_out(kind, around):
            del self.fields[name]
        if "applies_to" in self.fields:
            about = TAKES[kind].about
            self.fields["applies_to"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
                (scope, label) for scope, label in Scope.choices if scope in about
            ]


def _left_out(kind: str, around: Around) -> set[str]:
    takes = TAKES[kind]
    is_number = takes.bins == "number" or kind == Kind.CONFIDENCE
    needed = {
        "applies_to": len(takes.about) > 1 and around.phase == Phase.MAIN,
        "stage": around.phase == Phase.MAIN,
        "minimum": takes.bounds,
        "maximum": takes.bounds,
        "unit": takes.unit,
        "shuffled": takes.shuffled,
        "direction": takes.bins != "none",
        "acceptable_from": is_number,
        "high_quality_from": is_number,
    }
    return {name for name, is_needed in needed.items() if not is_needed}


class OptionForm(forms.Form):
    """One row of the options. Rows of yes and no cannot be written, only chosen."""

    value = forms.CharField(label=_("Value"), max_length=60, required=False)
    label = forms.CharField(label=_("What readers see"), max_length=200, required=False)
    help = forms.CharField(label=_("Sentence that anchors it"), max_length=300, required=False)
    significance = forms.CharField(label=_("Counts as"), max_length=40, required=False)
    acceptable = forms.BooleanField(label=_("Acceptable"), required=False)
    high_quality = forms.BooleanField(label=_("Best"), required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takes = TAKES[kind]
        if not takes.significance:
            del self.fields["significance"]
        if takes.bins != "options":
            del self.fields["acceptable"], self.fields["high_quality"]
        if kind == Kind.YES_NO:
            for name in ("help", "label"):
                del self.fields[name]
            self.fields["value"].widget = forms.HiddenInput()

    @property
    def is_blank(self) -> bool:
        said = self.cleaned_data
        return not (said.get("value") or said.get("label"))


class ConditionForm(forms.Form):
    """One condition: an earlier question or a stratum, and the answers for which this question is asked."""

    about = forms.ChoiceField(
        label=_("Asked only where"), required=False, widget=forms.Select(attrs=ASK_AGAIN)
    )
    values = forms.MultipleChoiceField(
        label=_("is one of"), required=False, widget=forms.CheckboxSelectMultiple
    )
    numbers = forms.CharField(
        label=_("is one of these numbers"), required=False, help_text=_("With commas between them.")
    )

    def __init__(self, *args: Any, around: Around, question: Question, chosen: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {each["key"]: each for each in around.earlier if can_decide(each, question)}
        self.strata = around.strata if around.phase == Phase.MAIN else {}
        questions = [(f"criterion:{key}", each["question"]) for key, each in self.known.items()]
        strata = [(f"stratum:{name}", name) for name in self.strata]
        groups = [(_t("Questions above"), questions), (_t("Strata of the case"), strata)]
        choices = [("", "—"), *((name, found) for name, found in groups if found)]
        self.fields["about"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        self._offer(chosen)

    def _offer(self, chosen: str) -> None:
        """Leaves the one field in which the answers of the chosen question or stratum are given."""
        answers = self._answers(chosen)
        self.fields["values"].choices = answers  # type: ignore[attr-defined]  # a MultipleChoiceField
        if not answers:
            del self.fields["values"]
        if answers or not chosen:
            del self.fields["numbers"]

    def _answers(self, chosen: str) -> list[tuple[str, str]]:
        sort, _colon, name = chosen.partition(":")
        if sort == "stratum":
            return [(level, level) for level in self.strata.get(name, [])]
        return answers_of(self.known[name]) if name in self.known else []

    def document(self) -> dict[str, Any] | None:
        """The condition as a file has it; None where none is chosen."""
        sort, _colon, name = self.cleaned_data.get("about", "").partition(":")
        if not name:
            return None
        if sort == "stratum":
            return {"stratum": name, "is": self.cleaned_data.get("values", [])}
        typed = {as_text(value): value for value in offered(self.known[name])}
        said = self.cleaned_data.get("values") or _parts(self.cleaned_data.get("numbers", ""))
        return {"criterion": name, "is": [typed.get(text, _number(text)) for text in said]}


class Editor:
    """A question while it is written: its form, its rows, what is wrong with it, and its document.

    `sent` is what the browser sent, or `sent_from` of what is stored. Nothing is checked before `is_valid`.
    """

    def __init__(
        self, kind: str, around: Around, sent: QueryDict, was: Question, *, is_checked: bool
    ) -> None:
        self.kind, self.around, self.sent, self.was = kind, around, sent, was
        self.head = QuestionForm(sent if is_checked else None, initial=_flat(sent), kind=kind, around=around)
        self.options = [
            OptionForm(sent if is_checked else None, initial=_row(row), prefix=f"option-{place}", kind=kind)
            for place, row in enumerate(rows_in(sent, "option"))
        ]
        self.option_problems: list[str] = []
        self.conditions = [
            self._condition(place, row, is_checked) for place, row in enumerate(self._condition_rows())
        ]

    def _condition_rows(self) -> list[dict[str, list[str]]]:
        rows = [row for row in rows_in(self.sent, "when") if row.get("about", [""])[0]]
        return [*rows, {}] if self.around.earlier or self.around.strata else rows

    def _condition(self, place: int, row: Mapping[str, list[str]], is_checked: bool) -> ConditionForm:
        data = {f"when-{place}-{name}": values for name, values in row.items()}
        bound = QueryDict(mutable=True)
        for name, values in data.items():
            bound.setlist(name, values)
        question = {"kind": self.kind, "applies_to": self._scope(), "stage": self.sent.get("stage", "")}
        initial = {name: values if name == "values" else values[0] for name, values in row.items()}
        return ConditionForm(
            bound if is_checked else None,
            initial=initial,
            prefix=f"when-{place}",
            around=self.around,
            question=question,
            chosen=row.get("about", [""])[0],
        )

    def _scope(self) -> str:
        if self.around.phase == Phase.EXIT:
            return CASE
        about = TAKES[self.kind].about
        said = self.sent.get("applies_to", "")
        return said if said in about else about[0]

    @property
    def takes(self) -> Any:
        return TAKES[self.kind]

    @property
    def has_rows(self) -> bool:
        return self.takes.options is not Need.NEVER or self.kind == Kind.YES_NO

    @property
    def has_errors(self) -> bool:
        forms_ = (self.head, *self.options, *self.conditions)
        return bool(self.option_problems) or any(each.is_bound and each.errors for each in forms_)

    def is_valid(self) -> bool:
        """Whether each field by itself is in order; how they fit, the rules say when the question is saved."""
        checked = [each.is_valid() for each in (self.head, *self.options, *self.conditions)]
        for condition in self.conditions:
            told = condition.document() if condition.is_valid() else None
            if told is not None and not told["is"]:
                name = "values" if "values" in condition.fields else "numbers"
                condition.add_error(name, _t("Say for which answers this question is asked."))
                return False
        return all(checked)

    def document(self) -> dict[str, Any]:
        """The question in the form of a protocol file, with whatever was in order."""
        said = self.head.cleaned_data
        told = {
            "key": said.get("key") or self._own_key(said.get("question", "")),
            "kind": self.kind,
            "question": said.get("question", ""),
            "help": said.get("help", ""),
            "applies_to": self._scope(),
            "stage": said.get("stage", ""),
            "options": [] if self.kind == Kind.YES_NO else self._options(),
            "shuffled": said.get("shuffled", False),
            "minimum": said.get("minimum"),
            "maximum": said.get("maximum"),
            "unit": said.get("unit", ""),
            "direction": said.get("direction") or self.was.get("direction", Direction.NONE.value),
            **self._bins(),
            "cannot_judge": said.get("cannot_judge", "yes"),
            "required": said.get("is_required", False),
            "when": [each for condition in self.conditions if (each := condition.document()) is not None],
        }
        told["shuffled"] = bool(told["shuffled"] and told["options"])
        return {name: value for name, value in told.items() if name == "question" or not _is_unsaid(value)}

    def put(self, problems: Iterable[tuple[Path, str]]) -> None:
        """Shows problems at the fields that they belong to."""
        for path, sentence in problems:
            name = str(path[0]) if path else ""
            if name == "options" and len(path) > 1:
                _add(self._kept()[int(path[1])], str(path[2]) if len(path) > 2 else "value", sentence)
            elif name == "when" and len(path) > 1:
                _add(self._asked()[int(path[1])], "values" if path[-1] == "is" else "about", sentence)
            elif name == "options" or (name in FIELD_OF and FIELD_OF[name] not in self.head.fields):
                self.option_problems.append(sentence)
            else:
                _add(self.head, FIELD_OF.get(name, name), sentence)

    def _own_key(self, question: str) -> str:
        made = slugify(question)[:KEY_LENGTH].strip("-_").lstrip("-_0123456789")
        return str(self.was.get("key") or free_key(made or self.kind, self.around.taken))

    def _kept(self) -> list[OptionForm]:
        return [row for row in self.options if not row.is_blank]

    def _asked(self) -> list[ConditionForm]:
        return [row for row in self.conditions if row.document() is not None]

    def _options(self) -> list[dict[str, Any]]:
        numeric = {
            as_text(each["value"])
            for each in self.was.get("options", [])
            if not isinstance(each["value"], str)
        }
        values: list[str] = []
        told = []
        for row in self._kept():
            said = row.cleaned_data
            value = said.get("value") or self._own_value(said.get("label", ""), values)
            values.append(value)
            number = read_number(value) if self.takes.numbers != "free" or value in numeric else None
            texts = {name: said[name] for name in ("help", "significance") if said.get(name)}
            told.append(
                {"value": value if number is None else number, "label": said.get("label", ""), **texts}
            )
        return told

    def _own_value(self, label: str, values: Sequence[str]) -> str:
        """A value made from the label; a number is never made up."""
        if self.takes.numbers != "free":
            return ""
        return free_key(slugify(label).replace("-", "_")[:30] or "option", values)

    def _bins(self) -> dict[str, list[Any]]:
        if bins_of(self.kind, bool(self._kept())) == "number":
            said = self.head.cleaned_data
            return {
                name: [] if said.get(FIELD_OF[name]) is None else [said[FIELD_OF[name]]]
                for name in ("acceptable", "high_quality")
            }
        values = [option["value"] for option in self._options()]
        known = (
            [row.cleaned_data.get("value") == "1" for row in self._kept()]
            if self.kind == Kind.YES_NO
            else values
        )
        return {
            name: [
                value for value, row in zip(known, self._kept(), strict=True) if row.cleaned_data.get(name)
            ]
            for name in ("acceptable", "high_quality")
        }


def sent_from(question: Question) -> QueryDict:
    """What a browser would send for a question that was not touched."""
    sent = QueryDict(mutable=True)
    for name in ("question", "help", "applies_to", "stage", "unit", "direction", "key"):
        sent[name] = str(question.get(name, ""))
    for name in ("minimum", "maximum"):
        sent[name] = as_text(question[name]) if name in question else ""
    sent["cannot_judge"] = question.get("cannot_judge", "yes")
    _tick(sent, "shuffled", question.get("shuffled", False))
    _tick(sent, "is_required", question.get("required", True))
    _send_options(sent, question)
    for place, condition in enumerate(question.get("when", [])):
        _send_condition(sent, place, condition)
    return sent


def _send_options(sent: QueryDict, question: Question) -> None:
    is_number = bins_of(question["kind"], bool(question.get("options"))) == "number"
    for name in ("acceptable", "high_quality"):
        if is_number and question.get(name):
            sent[FIELD_OF.get(name, name)] = as_text(question[name][0])
    options = question.get("options") or (
        [{"value": "1", "label": ""}, {"value": "0", "label": ""}] if question["kind"] == "yes_no" else []
    )
    for place, option in enumerate(options):
        value = as_text(option["value"])
        sent[f"option-{place}-value"] = value
        for name in ("label", "help", "significance"):
            sent[f"option-{place}-{name}"] = option.get(name, "")
        for name in ("acceptable", "high_quality"):
            _tick(sent, f"option-{place}-{name}", value in map(as_text, question.get(name, [])))


def _send_condition(sent: QueryDict, place: int, condition: Question) -> None:
    sort = "criterion" if "criterion" in condition else "stratum"
    values = [as_text(value) for value in condition["is"]]
    sent[f"when-{place}-about"] = f"{sort}:{condition[sort]}"
    sent.setlist(f"when-{place}-values", values)
    sent[f"when-{place}-numbers"] = ", ".join(values)


def _tick(sent: QueryDict, name: str, is_ticked: bool) -> None:
    if is_ticked:
        sent[name] = "on"


def _flat(sent: QueryDict) -> dict[str, str]:
    return {name: str(sent[name]) for name in sent if "-" not in name}


def _row(row: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in row.items()}


def _parts(text: str) -> list[str]:
    return [part for part in text.replace(";", ",").replace(",", " ").split() if part]


def _number(text: str) -> int | float | str:
    number = read_number(text)
    return text if number is None else number


def _add(form: forms.Form, name: str, sentence: str) -> None:
    form.add_error(name if name in form.fields else None, sentence)


def _is_unsaid(value: Any) -> bool:
    return value is None or value in ("", [])
