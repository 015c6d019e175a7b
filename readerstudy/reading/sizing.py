"""The questions of the sample-size page: a form for each, and the figures that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from readerstudy.stats import power
from readerstudy.stats.power import Planned, PowerError

Told = Mapping[str, Any]
MOST_READERS, MOST_CASES = 200, 20_000


def _share(
    label: Any, usual: float | None, help_text: Any = "", *, low: float = 0.001, high: float = 0.999
) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": "any", "size": 6})
    return forms.FloatField(
        label=label, initial=usual, min_value=low, max_value=high, help_text=help_text, widget=widget
    )


def _count(label: Any, usual: int, *, least: int = 1, most: int = MOST_READERS) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=usual, min_value=least, max_value=most)


class AgreementForm(forms.Form):
    value = _share(_("Expected coefficient"), 0.6, _("Kappa, AC1 or alpha, from 0 to 1."), low=0)
    prevalence = _share(_("Share of “yes” among the answers"), 0.3)
    readers = _count(_("Readers of each case"), 2, least=2)
    half_width = _share(_("Wanted half-width of the interval"), 0.1, low=0.01, high=0.5)
    level = _share(_("Level of the interval"), 0.95, low=0.5)


class ShareForm(forms.Form):
    share = _share(_("Expected share"), 0.8)
    half_width = _share(_("Wanted half-width of the interval"), 0.05, low=0.01, high=0.5)
    level = _share(_("Level of the interval"), 0.95, low=0.5)


class PairedForm(forms.Form):
    first_only = _share(_("Share of cases that only the first arm gets right"), 0.2, low=0.01)
    second_only = _share(_("Share of cases that only the second arm gets right"), 0.1, low=0)
    power = _share(_("Wanted power"), 0.8, low=0.5, high=0.99)
    alpha = _share(_("Two-sided alpha"), 0.05, high=0.5)


class PreferenceForm(forms.Form):
    share = _share(
        _("Share that prefers the first arm, of those with a preference"), 0.6, low=0.51, high=0.999
    )
    ties = _share(_("Share without a preference"), 0.2, low=0, high=0.95)
    power = _share(_("Wanted power"), 0.8, low=0.5, high=0.99)
    alpha = _share(_("Two-sided alpha"), 0.05, high=0.5)


class MrmcForm(forms.Form):
    difference = _share(_("Difference between two arms that is to be found"), 0.05, low=0.005, high=0.5)
    expected = _share(_("Expected area under the curve"), 0.8, low=0.51)
    abnormal = _share(_("Share of abnormal cases"), 0.5, low=0.05, high=0.95)
    readers = _count(_("Most readers"), 12, least=3)
    cases = _count(_("Most cases"), 200, least=20, most=MOST_CASES)
    alpha = _share(_("Two-sided alpha"), 0.05, high=0.5)


@dataclass(frozen=True)
class Answer:
    """Figures with formula and source, and where there is one a table of power."""

    figures: Sequence[Planned] = ()
    head: Sequence[Any] = ()
    lines: Sequence[Sequence[Any]] = ()


@dataclass(frozen=True)
class Asking:
    """What a topic asks for and how it is answered."""

    key: str
    title: str | Promise
    says: str | Promise
    form: type[forms.Form]
    answer: Callable[[Told], Answer]


@dataclass
class Topic:
    """One question on the page; `answer` is there once its form was sent and is right."""

    asking: Asking
    form: forms.Form
    answer: Answer | None = None
    problem: str = ""
    figures: list[Figure] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """A figure as the page shows it."""

    name: str
    value: str
    formula: str
    source: str
    notes: tuple[str, ...]


def topics(sent: Mapping[str, Any]) -> list[Topic]:
    """Every question; the one whose form was sent with its answer, or with the reason why there is none."""
    return [_topic(asking, sent) for asking in ASKINGS]


def shown(figure: Planned) -> Figure:
    """A figure with its value and unit in words."""
    return Figure(figure.name, _value(figure), figure.formula, figure.source, figure.notes)


def _topic(asking: Asking, sent: Mapping[str, Any]) -> Topic:
    if sent.get("topic") != asking.key:
        return Topic(asking, asking.form(prefix=asking.key))
    form = asking.form(sent, prefix=asking.key)
    if not form.is_valid():
        return Topic(asking, form)
    try:
        answer = asking.answer(form.cleaned_data)
    except PowerError as error:
        return Topic(asking, form, problem=str(error))
    return Topic(asking, form, answer, figures=[shown(figure) for figure in answer.figures])


def _agreement(told: Told) -> Answer:
    shares = (told["prevalence"], 1.0 - told["prevalence"])
    fitting: list[power.Coefficient] = [
        name for name in power.COEFFICIENTS if name != "cohen_kappa" or told["readers"] == 2
    ]
    expected = [
        power.Agreement(coefficient=name, value=told["value"], shares=shares, readers=told["readers"])
        for name in fitting
    ]
    given = {"half_width": told["half_width"], "level": told["level"]}
    return Answer([power.cases_for(each, **given) for each in expected])


def _single(told: Told) -> Answer:
    return Answer([power.share_cases(told["share"], half_width=told["half_width"], level=told["level"])])


def _paired(told: Told) -> Answer:
    first, second, rest = (
        told["first_only"],
        told["second_only"],
        {"power": told["power"], "alpha": told["alpha"]},
    )
    return Answer([power.mcnemar_cases(first, second, test=test, **rest) for test in power.MCNEMAR_TESTS])


def _preference(told: Told) -> Answer:
    rest = {"power": told["power"], "ties": told["ties"], "alpha": told["alpha"]}
    exact = power.preference_judgements(told["share"], **rest)
    return Answer([exact, power.preference_judgements_normal(told["share"], **rest)])


def _mrmc(told: Told) -> Answer:
    components = power.expected_components(
        told["expected"],
        cases=told["cases"],
        abnormal=told["abnormal"],
        correlations=(0.43, 0.43, 0.3),
        arm_reader_sd=0.014,
    )
    readers, cases, alpha = _steps(told["readers"], 3), _steps(told["cases"], 20), told["alpha"]
    rows = power.mrmc_grid(components, told["difference"], readers=readers, cases=cases, alpha=alpha)
    found = {(row.readers, row.cases): row.power for row in rows}
    lines = [[count, *(f"{found[count, number]:.2f}" for number in cases)] for count in readers]
    figure = power.mrmc_cases(components, told["difference"], readers=told["readers"], power=0.8, alpha=alpha)
    return Answer([figure], [_("readers"), *cases], lines)


def _steps(most: int, least: int) -> list[int]:
    """Five numbers up to the largest, at about equal distances."""
    return sorted({max(least, round(most * part / 5)) for part in range(1, 6)})


def _value(figure: Planned) -> str:
    if figure.value is None:
        return str(_("not reached"))
    number = f"{figure.value:,.4g}" if isinstance(figure.value, float) else f"{figure.value:,}"
    return {"half-width": f"± {number}", "power": number}.get(figure.unit, f"{number} {figure.unit}")


ASKINGS = (
    Asking(
        "agreement",
        _("Agreement between readers"),
        _("Cases until the interval of kappa, AC1 and alpha is as narrow as wanted."),
        AgreementForm,
        _agreement,
    ),
    Asking(
        "share",
        _("One share"),
        _("Cases until the interval of a share is as narrow as wanted."),
        ShareForm,
        _single,
    ),
    Asking(
        "paired",
        _("Two arms, right or wrong"),
        _("Cases until a difference between two arms on the same cases is found."),
        PairedForm,
        _paired,
    ),
    Asking(
        "preference",
        _("Preference"),
        _("Judgements until a preference is found, ties allowed."),
        PreferenceForm,
        _preference,
    ),
    Asking(
        "mrmc",
        _("Several readers and cases (MRMC)"),
        _(
            "Power over a grid of readers and cases, from the variance components that published studies show: "
            "correlations 0.43, 0.43 and 0.30, and 0.014 for what an arm changes from reader to reader."
        ),
        MrmcForm,
        _mrmc,
    ),
)
