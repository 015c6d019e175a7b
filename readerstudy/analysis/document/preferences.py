"""The sections of comparisons: which of two outputs was better, for how many readers of a case, and by which side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Line, Picture, Row, Section, Table
from readerstudy.analysis.document.words import decimal, whole
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content

OUTCOMES: Mapping[str, Any] = {
    "win": gettext_lazy("Won"),
    "tie": gettext_lazy("Tied"),
    "loss": gettext_lazy("Lost"),
}


def sections(content: Content) -> list[Section]:
    """One section a question that compares two outputs."""
    correction = words.correction_of(content)
    return [_section(entry, correction) for entry in content.get("preferences") or []]


def lines(content: Content) -> list[Line]:
    """The headline of each comparison."""
    return [
        Line(f"preference-{entry['key']}", entry["question"], headline(entry))
        for entry in content.get("preferences") or []
    ]


def headline(entry: Content) -> str:
    """Won, tied and lost of the first two arms in one sentence, refusals as the protocol reads them."""
    pair = entry["pairs"][0]
    shares = {row["category"]: decimal(row["value"]) for row in pair["outcomes"]}
    rate = pair["win_rate"]
    said = {
        "pair": _against(pair),
        **shares,
        "rate": decimal(rate["value"]),
        "interval": words.with_interval(rate),
        "basis": words.basis(rate),
        "n": whole(rate["n_ratings"]),
    }
    return (
        _(
            "%(pair)s: won %(win)s, tied %(tie)s, lost %(loss)s; win rate with a tie as half %(rate)s (%(interval)s; "
            "n\u00a0=\u00a0%(n)s; %(basis)s)."
        )
        % said
    )


def _against(pair: Content) -> str:
    first, second = pair["contrast"]
    return _("%(first)s against %(second)s") % {"first": words.named(first), "second": words.named(second)}


def _section(entry: Content, correction: str) -> Section:
    tables = (
        _outcomes(entry, correction),
        _panel(entry),
        *_abilities(entry),
    )
    return Section(
        slug=f"preference-{entry['key']}",
        heading=entry["question"],
        sentences=(headline(entry), _side(entry["left"])),
        pictures=(_picture(entry),),
        tables=tables,
    )


def _picture(entry: Content) -> Picture:
    said = [
        f"{_title(pair)}: "
        + ", ".join(f"{OUTCOMES[row['category']]} {decimal(row['value'])}" for row in pair["outcomes"])
        for pair in entry["pairs"]
    ]
    alt = " ".join([f"{entry['question']}.", *(f"{each}." for each in said)])
    return Picture(f"preference-{entry['key']}", alt, _("The first arm's wins stand left, its losses right."))


def _title(pair: Content) -> str:
    reading = _("refusals lose") if pair["refusals"] == AS_INTENDED else _("refusals left out")
    return f"{_against(pair)}, {reading}"


def _outcomes(entry: Content, correction: str) -> Table:
    rows = entry["pairs"]
    rates = [pair["win_rate"] for pair in rows]
    many = any(words.corrected_p(rate) is not None for rate in rates)
    adjusted = (words.corrected_head(correction),) if many else ()
    names = (_("Won"), _("Tied"), _("Lost"), _("Win rate"), words.interval_head(rates), _("p"), *adjusted)
    return Table(
        caption=_("Won, tied and lost"),
        head=(*words.heads(_("Arms")), *words.number_heads(*names, _("Cases"), _("Readers"), _("Ratings"))),
        groups=words.groups(
            rows,
            title=lambda pair: (
                _("Refusals lose") if pair["refusals"] == AS_INTENDED else _("Refusals left out")
            ),
            cells=lambda pair: (
                Cell(_against(pair), "head"),
                *(words.value_cell(row) for row in pair["outcomes"]),
                words.value_cell(pair["win_rate"]),
                words.interval_cell(pair["win_rate"]),
                *words.p_cells(pair["win_rate"], corrected=many),
                *words.counted(pair["win_rate"])[:3],
            ),
        ),
        methods=(
            _("Win rate: a tie counts half. Interval: %(method)s.") % {"method": words.methods_named(rates)},
            _("p: two-sided t test that goes with the interval, of a win rate of one half."),
            _("Where refusals lose, a refusal loses to an answer and two refusals tie, whatever was rated."),
        ),
        cautions=words.cautions([(_title(pair), pair["win_rate"]) for pair in rows]),
    )


def _panel(entry: Content) -> Table:
    """For every k the share of cases where at least k of the m readers prefer or equate the arm."""
    shown = [row for pair in entry["pairs"] for row in pair["at_least"] if row["value"] is not None]
    groups = tuple(Group(_title(pair), _by_number(pair)) for pair in entry["pairs"])
    heading = words.interval_head(shown)
    return Table(
        caption=_("Cases where at least k readers prefer an output or find both equal"),
        head=(
            *words.heads(_("Readers")),
            *words.number_heads(_("First arm"), heading, _("Second arm"), heading, _("Cases")),
        ),
        groups=groups,
        methods=(_("Interval: %(method)s.") % {"method": words.methods_named(shown)},),
        cautions=words.cautions([(_title(pair), row) for pair in entry["pairs"] for row in pair["at_least"]]),
    )


def _by_number(pair: Content) -> tuple[Row, ...]:
    both = zip(pair["at_least"], pair["other_at_least"], strict=True)
    found = [(first, second) for first, second in both if first["value"] is not None]
    if not found:
        return ((Cell(_("No case has ratings that could be counted."), "why"),),)
    m = len(found)
    return tuple(
        (
            Cell(_("at least %(k)s of %(m)s") % {"k": first["category"], "m": m}, "head"),
            words.value_cell(first),
            words.interval_cell(first),
            words.value_cell(second),
            words.interval_cell(second),
            Cell(whole(first["n_cases"]), "number"),
        )
        for first, second in found
    )


def _abilities(entry: Content) -> tuple[Table, ...]:
    rows = entry["abilities"]
    if not rows:
        return ()
    extras = {"tie": _("ties (logarithm)"), "position": _("advantage of the first side (logarithm)")}
    return (
        Table(
            caption=_("All arms together: log-abilities by Davidson's model"),
            head=(*words.heads(_("Arm")), *words.number_heads(_("Value"), words.interval_head(rows))),
            groups=(
                Group(
                    "",
                    tuple(
                        (
                            Cell(row["arm"] or extras.get(row["variant"] or "", ""), "head"),
                            words.value_cell(row),
                            words.interval_cell(row),
                        )
                        for row in rows
                    ),
                ),
            ),
            methods=(
                _("The first arm is 0. Interval: %(method)s.") % {"method": words.methods_named(rows)},
                *filter(None, (words.resampling(rows),)),
            ),
        ),
    )


def _side(row: Content) -> str:
    """How often the output that stood first won, whichever it was."""
    if row["value"] is None:
        return _("Whether the side mattered: %(why)s") % {"why": words.not_estimable(row)}
    p = "" if row["p"] is None else f"; p {words.p_value(row['p'])}"
    said = {"value": decimal(row["value"]), "interval": words.with_interval(row), "p": p}
    return (
        _("The output that stood first won %(value)s, a tie as half (%(interval)s%(p)s); 0.5 is no effect.")
        % said
    )
