"""Numbers and estimates as words: three decimals, an interval in words, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.utils.formats import get_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document.parts import Cell, Group, Row
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content

DASH = "—"
COUNTS = ("n_cases", "n_readers", "n_ratings", "n_missing")


def decimal(value: float | None) -> str:
    """Three decimals as the language writes them; a dash where there is no number."""
    if value is None:
        return DASH
    text = f"{value:.3f}"
    shown = text.removeprefix("-") if float(text) == 0 else text
    return shown.replace(".", str(get_format("DECIMAL_SEPARATOR")))


def whole(count: float | None) -> str:
    """A count with a thin space between thousands; a dash where there is none."""
    return DASH if count is None else f"{int(count):,}".replace(",", "\u202f")


def p_value(p: float | None) -> str:
    if p is None:
        return DASH
    return _("below 0.001") if p < 0.001 else decimal(p)


def correction_of(content: Content) -> str:
    """How the report corrects p-values of one family; reports of before this was told did so by Holm's method."""
    return str(content["inference"].get("correction", "holm"))


def corrected_head(correction: str) -> str:
    return _("p after Holm") if correction == "holm" else _("p after Benjamini–Hochberg")


def corrected_p(row: Content) -> float | None:
    """The corrected p of a comparison; None where there was nothing to correct."""
    found: float | None = row.get("p_adjusted", row.get("p_holm"))
    return found


def p_cells(row: Content, *, corrected: bool) -> Row:
    """The p of a comparison, and beside it the corrected one."""
    cells = (Cell(p_value(row["p"]), "number"), Cell(p_value(corrected_p(row)), "number"))
    return cells if corrected else cells[:1]


def interval_head(rows: Iterable[Content]) -> str:
    """“95 % interval”, by the level that these rows have."""
    level = next((row["level"] for row in rows if row["level"] is not None), None)
    return _("Interval") if level is None else _("%(level)s interval") % {"level": percent(level)}


def percent(level: float) -> str:
    return f"{100 * level:g}\u00a0%"


def interval(row: Content) -> str:
    """“0.602 to 0.826”, or why there is no interval."""
    if row["ci"]:
        low, high = (decimal(limit) for limit in row["ci"])
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    return not_estimable(row)


def not_estimable(row: Content) -> str:
    """“not estimable: …” with the reason as the statistics give it."""
    if not row["reason_sentence"]:
        return DASH
    return _("not estimable: %(reason)s") % {"reason": _(row["reason_sentence"])}


def with_interval(row: Content) -> str:
    """“95 % interval 0.602 to 0.826”, or that there is none."""
    if not row["ci"]:
        return _("no interval")
    return _("%(level)s interval %(limits)s") % {
        "level": percent(row["level"]),
        "limits": interval(row),
    }


def figures(rows: Sequence[Content], name: Callable[[Content], str]) -> str:
    """“Alpha 0.714 (95 % interval 0.602 to 0.826; n = 118) and Beta …; 24 cases, 5 readers”.

    Where the figures rest on different cases or readers each names its own.
    """
    alike = len({(row["n_cases"], row["n_readers"]) for row in rows}) == 1
    found = listed(_figure(row, name(row), "" if alike else f"; {basis(row)}") for row in rows)
    return f"{found}; {basis(rows[0])}" if alike else found


def _figure(row: Content, name: str, tail: str) -> str:
    if row["value"] is None:
        return f"{named(name)} {not_estimable(row).rstrip('.')}"
    n = whole(row["n_ratings"])
    return f"{named(name)} {decimal(row['value'])} ({with_interval(row)}; n\u00a0=\u00a0{n}{tail})"


def basis(row: Content) -> str:
    """“24 cases, 5 readers”."""
    counts = (
        ngettext("%(n)s case", "%(n)s cases", row["n_cases"] or 0) % {"n": whole(row["n_cases"])},
        ngettext("%(n)s reader", "%(n)s readers", row["n_readers"] or 0) % {"n": whole(row["n_readers"])},
    )
    return ", ".join(counts)


def heads(*names: str) -> Row:
    """Heads of columns of words."""
    return tuple(Cell(name) for name in names)


def number_heads(*names: str) -> Row:
    """Heads of columns of numbers."""
    return tuple(Cell(name, "number") for name in names)


def counted_heads() -> Row:
    return number_heads(_("Cases"), _("Readers"), _("Ratings"), _("Missing"))


def counted(row: Content) -> Row:
    """Cases, readers, ratings and missing ratings."""
    return tuple(Cell(whole(row[name]), "number") for name in COUNTS)


def rated_heads() -> Row:
    return counted_heads()[:3]


def rated(row: Content) -> Row:
    """Cases, readers and ratings."""
    return counted(row)[:3]


def paired_heads() -> Row:
    return number_heads(_("Cases"), _("Readers"), _("Pairs"))


def paired(row: Content) -> Row:
    """Cases, readers and pairs of ratings."""
    return rated(row)


def value_cell(row: Content) -> Cell:
    return Cell(decimal(row["value"]), "number")


def interval_cell(row: Content) -> Cell:
    return Cell(interval(row), "number" if row["ci"] else "why")


def both_cell(row: Content) -> Cell:
    """Value and interval in one cell: “0.400 (0.118 to 0.769)”."""
    if row["value"] is None or not row["ci"]:
        return Cell(f"{decimal(row['value'])} {not_estimable(row)}", "why")
    return Cell(f"{decimal(row['value'])} ({interval(row)})", "number")


def groups(
    rows: Sequence[Content], *, title: Callable[[Content], str], cells: Callable[[Content], Row]
) -> tuple[Group, ...]:
    """Rows under their titles, both in order of first appearance."""
    titles = dict.fromkeys(title(row) for row in rows)
    return tuple(Group(name, tuple(cells(row) for row in rows if title(row) == name)) for name in titles)


def overlap(found: Content | None) -> str:
    """How many outputs two readers share: “11 to 12”, one number where it is the same for all, else a dash."""
    if found is None or found["least"] is None:
        return DASH
    least, most = whole(found["least"]), whole(found["most"])
    return least if least == most else _("%(least)s to %(most)s") % {"least": least, "most": most}


def refusals_words(refusals: str) -> str:
    """How a figure reads refusals."""
    return _("refusals count as not acceptable") if refusals == AS_INTENDED else _("refusals left out")


def labels_words(refusals: str) -> str:
    """How a figure of the arms' own labels reads refusals and texts without a label."""
    if refusals == AS_INTENDED:
        return _("Refused or unlabelled counts as incorrect")
    return _("Refused and unlabelled left out")


def contrast(row: Content) -> str:
    return _("%(first)s minus %(second)s") % dict(zip(("first", "second"), row["contrast"], strict=True))


def named(name: str) -> str:
    """A name within a sentence, where its end must be seen."""
    return _("“%(name)s”") % {"name": name}


def listed(words: Iterable[str]) -> str:
    """“a, b and c”."""
    return get_text_list(list(words), _("and"))


def cautions(rows: Sequence[tuple[str, Content]]) -> tuple[str, ...]:
    """Each caution once, with the rows it is about where it is not about all; `rows` pairs a name with a figure."""
    sentences = dict.fromkeys(sentence for _name, row in rows for sentence in row["caution_sentences"])
    return tuple(_about(sentence, rows) for sentence in sentences)


def _about(sentence: str, rows: Sequence[tuple[str, Content]]) -> str:
    names = dict.fromkeys(name for name, row in rows if sentence in row["caution_sentences"])
    if len(names) == len({name for name, _row in rows}):
        return _(sentence)
    return f"{_(sentence)} ({listed(names)})"


def resampling(rows: Iterable[Content]) -> str:
    """“2 000 resamples of whole cases, seed 42.” where figures were resampled, else empty."""
    drawn = next((row for row in rows if row["seed"] is not None), None)
    if drawn is None:
        return ""
    numbers = {"n": whole(drawn["resamples"]), "seed": drawn["seed"]}
    return _("%(n)s resamples of whole cases, seed %(seed)s.") % numbers


def methods_named(rows: Iterable[Content]) -> str:
    """The interval methods that the rows name, each once."""
    named = dict.fromkeys(row["ci_method"] for row in rows if row["ci_method"])
    return "; ".join(method.removeprefix("these readers only: ") for method in named) or _(
        "none could be given"
    )
