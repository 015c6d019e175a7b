"""The section of one question: headline, estimates, differences, distribution, agreement."""

from __future__ import annotations

from itertools import combinations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Picture, Section, Table
from readerstudy.analysis.document.words import decimal, listed, whole
from readerstudy.analysis.estimates.alignment import SHARE
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content
from readerstudy.analysis.figures import distribution
from readerstudy.studies.models import Kind

Badges = dict[str, tuple[str, ...]]

COEFFICIENTS = {
    ("percent_agreement", "unweighted"): "Percent agreement",
    ("krippendorff_alpha", "nominal"): "Krippendorff's alpha, nominal",
    ("krippendorff_alpha", "ordinal"): "Krippendorff's alpha, ordinal",
    ("krippendorff_alpha", "interval"): "Krippendorff's alpha, interval",
    ("gwet_ac", "unweighted"): "Gwet's AC1",
    ("gwet_ac", "quadratic"): "Gwet's AC2, quadratic weights",
    ("light_kappa", "unweighted"): "Kappa, mean of reader pairs (Light)",
    ("light_kappa", "quadratic"): "Kappa, quadratic weights, mean of reader pairs (Light)",
}
OUTSIDE = ("n_refused", "n_cannot_judge", "n_missing")


def section(criterion: Content, badges: Badges, correction: str, *, kappa: Content | None = None) -> Section:
    """The section; `badges` maps an arm's name to its labels, `correction` names that of p-values.

    `kappa` holds the question's kappas where it has some.
    """
    inner = (_differences(criterion, correction), _distribution(criterion), _agreement(criterion, kappa))
    sentences = (headline(criterion), _difference(criterion), _given(criterion))
    return Section(
        slug=f"question-{criterion['key']}",
        heading=criterion["question"],
        sentences=tuple(filter(None, sentences)),
        pictures=_forest(criterion),
        tables=_estimates(criterion, badges),
        inner=tuple(filter(None, inner)),
    )


def headline(criterion: Content) -> str:
    """The question's answer in one sentence; empty for questions without a score."""
    rows = _primary(criterion, "estimates")
    if not rows:
        return ""
    found = words.figures(rows, lambda row: str(row["arm"]))
    if rows[0]["estimator"] != SHARE:
        return _("%(figure)s: %(found)s.") % {"figure": _measure_words(criterion, rows[0]), "found": found}
    return _("Share acceptable (%(rule)s): %(found)s.") % {"rule": rule(criterion), "found": found}


def rule(criterion: Content) -> str:
    """The declared cut: “4 or more”, or “yes”."""
    if criterion["kind"] == Kind.YES_NO and criterion["acceptable_from"] == 1:
        return _("“yes”")
    return str(criterion["acceptable_rule"])


def _difference(criterion: Content) -> str:
    """The difference in words where there are two arms; more pairs stand in the table alone."""
    rows = _primary(criterion, "differences")
    if len(rows) != 1 or rows[0]["value"] is None:
        return ""
    row = rows[0]
    p = (
        ""
        if row["p"] is None
        else f"; p {words.p_value(row['p'])}"
        if row["p"] < 0.001
        else f"; p = {decimal(row['p'])}"
    )
    said = {
        "contrast": words.contrast(row),
        "value": decimal(row["value"]),
        "interval": f"{words.with_interval(row)}{p}; {words.basis(row)}",
    }
    return _("%(contrast)s: %(value)s (%(interval)s).") % said


def _given(criterion: Content) -> str:
    """What was planned for this question and what came of it."""
    counts = criterion["counts"]
    outside = [
        (_("“cannot judge”"), counts["cannot_judge"]),
        (_("taken back"), counts["withdrawn"]),
        (_("not given"), counts["not_given"]),
    ]
    rest = listed(f"{whole(count)} {name}" for name, count in outside if count)
    numbers = {"rated": whole(counts["rated"]), "planned": whole(counts["planned"])}
    said = _("%(rated)s of %(planned)s planned ratings were given") % numbers
    said = f"{said}; {rest}." if rest else f"{said}."
    return f"{said} {_scored_by_rule(counts['scored_by_rule'])}".rstrip()


def _scored_by_rule(count: int) -> str:
    """How many values no reader gave; empty where there are none."""
    if not count:
        return ""
    return ngettext(
        "%(n)s value more was set by the protocol: a refusal that readers did not see, scored as the worst of the "
        "scale.",
        "%(n)s values more were set by the protocol: refusals that readers did not see, scored as the worst of the "
        "scale.",
        count,
    ) % {"n": whole(count)}


def _primary(criterion: Content, name: str) -> list[Content]:
    """The rows of the question's first measure, for other readers too."""
    rows: list[Content] = [row for row in criterion[name] if row["variant"] == "rrrc"]
    return [row for row in rows if _measure(row) == _measure(rows[0])]


def _measure(row: Content) -> tuple[str, str]:
    return row["estimator"], row["refusals"]


def _measure_words(criterion: Content, row: Content) -> str:
    """What a row measures and how it reads refusals."""
    if row["estimator"] == SHARE:
        figure = _("Share acceptable (%(rule)s)") % {"rule": rule(criterion)}
    elif criterion["kind"] == Kind.YES_NO:
        figure = _("Share of “yes”")
    else:
        figure = (
            _("Mean score in %(unit)s") % {"unit": criterion["unit"]}
            if criterion["unit"]
            else _("Mean score")
        )
    if row["estimator"] != SHARE and row["refusals"] == AS_INTENDED:
        return f"{figure}, {_('refusals scored as the worst of the scale')}"
    return f"{figure}, {words.refusals_words(row['refusals'])}"


def _forest(criterion: Content) -> tuple[Picture, ...]:
    rows = [row for row in criterion["estimates"] if row["variant"] == "rrrc"]
    if not rows:
        return ()
    measures = dict.fromkeys(_measure_words(criterion, row) for row in rows)
    by_measure = {name: [row for row in rows if _measure_words(criterion, row) == name] for name in measures}
    said = [
        f"{name}: {words.figures(found, lambda row: str(row['arm']))}." for name, found in by_measure.items()
    ]
    caption = (
        _("Filled marks count refusals as the protocol says, open marks leave them out.")
        if rows[0]["refusals"] == AS_INTENDED
        else _("Refusals are left out.")
    )
    return (Picture(f"forest-{criterion['key']}", " ".join([f"{criterion['question']}.", *said]), caption),)


def _estimates(criterion: Content, badges: Badges) -> tuple[Table, ...]:
    rows = criterion["estimates"]
    if not rows:
        return ()
    narrow = {(row["arm"], *_measure(row)): row for row in rows if row["variant"] == "frrc"}
    wide = [row for row in rows if row["variant"] == "rrrc"]
    return (
        Table(
            caption=_("Estimates"),
            head=(*words.heads(_("Arm")), *_interval_heads(wide), *words.counted_heads()),
            groups=words.groups(
                wide,
                title=lambda row: _measure_words(criterion, row),
                cells=lambda row: (
                    Cell(row["arm"], "head", badges[row["arm"]]),
                    words.value_cell(row),
                    words.interval_cell(row),
                    words.interval_cell(narrow[row["arm"], *_measure(row)]),
                    *words.counted(row),
                ),
            ),
            methods=(*_crossed_methods(wide, list(narrow.values())), _("“Cannot judge” counts as missing.")),
            cautions=words.cautions([(row["arm"], row) for row in rows]),
        ),
    )


def _interval_heads(rows: list[Content]) -> tuple[Cell, ...]:
    return words.number_heads(_("Value"), words.interval_head(rows), _("These readers only"))


def _crossed_methods(wide: list[Content], narrow: list[Content]) -> tuple[str, ...]:
    return (
        _("Interval for other readers and other cases of the same kind: %(method)s.")
        % {"method": words.methods_named(wide)},
        _("These readers only, for other cases: %(method)s.") % {"method": words.methods_named(narrow)},
    )


def _differences(criterion: Content, correction: str) -> Section | None:
    rows = criterion["differences"]
    if not rows:
        return None
    narrow = {(*row["contrast"], *_measure(row)): row for row in rows if row["variant"] == "frrc"}
    wide = [row for row in rows if row["variant"] == "rrrc"]
    many = any(words.corrected_p(row) is not None for row in wide)
    adjusted = (words.corrected_head(correction),) if many else ()
    heading = _("Differences between arms")
    table = Table(
        caption=heading,
        head=(
            *words.heads(_("Arms")),
            *_interval_heads(wide),
            *words.number_heads(_("p"), *adjusted),
            *words.paired_heads(),
        ),
        groups=words.groups(
            wide,
            title=lambda row: _measure_words(criterion, row),
            cells=lambda row: (
                Cell(words.contrast(row), "head"),
                words.value_cell(row),
                words.interval_cell(row),
                words.interval_cell(narrow[(*row["contrast"], *_measure(row))]),
                *words.p_cells(row, corrected=many),
                *words.paired(row),
            ),
        ),
        methods=(
            _(
                "Paired: the same reader and case in both arms. p: two-sided t test that goes with the interval."
            ),
            *_crossed_methods(wide, list(narrow.values())),
        ),
        cautions=words.cautions([(words.contrast(row), row) for row in rows]),
    )
    return Section(f"differences-{criterion['key']}", heading, tables=(table,))


def _distribution(criterion: Content) -> Section | None:
    arms = criterion["distribution"]
    if not arms:
        return None
    heading = _("Distribution")
    options = [_option(option) for option in arms[0]["options"]]
    outside = zip((_("Refused"), _("Not judged"), _("Missing")), OUTSIDE, strict=True)
    table = Table(
        caption=heading,
        head=(*words.heads(_("Rating")), *words.number_heads(*(arm["arm"] for arm in arms))),
        groups=(
            Group(
                _("Ratings of answered outputs, with their share"),
                tuple(
                    (Cell(name, "head"), *(Cell(_count(arm["options"][place]), "number") for arm in arms))
                    for place, name in enumerate(options)
                ),
            ),
            Group(
                _("Beside the shares"),
                tuple(
                    (Cell(name, "head"), *(Cell(whole(arm[key]), "number") for arm in arms))
                    for name, key in outside
                ),
            ),
        ),
    )
    alt = f"{criterion['question']}. {_distribution_alt(arms)}"
    picture = Picture(f"distribution-{criterion['key']}", alt, " · ".join(options))
    return Section(f"distribution-{criterion['key']}", heading, pictures=(picture,), tables=(table,))


def _option(option: Content) -> str:
    value, label = option["value"], option["label"]
    return f"{value} {label}" if label and value.lstrip("-").isdigit() else label or value


def _count(option: Content) -> str:
    return (
        whole(option["count"])
        if option["share"] is None
        else f"{whole(option['count'])} ({decimal(option['share'])})"
    )


def _distribution_alt(arms: list[Content]) -> str:
    return " ".join(
        f"{arm['arm']}: {', '.join(f'{_option(option)} {_count(option)}' for option in arm['options'])}; "
        f"{', '.join(distribution.beside(arm))}."
        for arm in arms
    )


def _agreement(criterion: Content, kappa: Content | None) -> Section | None:
    rows = [*criterion["agreement"], *(kappa["estimates"] if kappa else ())]
    if not rows:
        return None
    heading = _("Agreement between readers")
    table = Table(
        caption=heading,
        head=(
            *words.heads(_("Coefficient")),
            *words.number_heads(_("Value"), words.interval_head(rows)),
            *words.counted_heads(),
        ),
        groups=words.groups(
            rows,
            title=_sample,
            cells=lambda row: (
                Cell(coefficient(row), "head"),
                words.value_cell(row),
                words.interval_cell(row),
                *words.counted(row),
            ),
        ),
        methods=tuple(
            filter(None, (_agreement_method(criterion), _intervals_by(rows), words.resampling(rows)))
        ),
        cautions=words.cautions([(f"{coefficient(row)}, {_sampled(row)}", row) for row in rows]),
    )
    notices = (_prevalence(criterion["prevalence"]),) if criterion["prevalence"] else ()
    pictures = _pairs(kappa) if kappa else ()
    return Section(
        f"agreement-{criterion['key']}", heading, pictures=pictures, tables=(table,), notices=notices
    )


def _pairs(kappa: Content) -> tuple[Picture, ...]:
    """The matrix of reader pairs, where there are more than one."""
    readers, pairs = kappa["pairs"]["readers"], kappa["pairs"]
    if len(readers) < 3:
        return ()
    told = "; ".join(
        _("%(first)s and %(second)s %(kappa)s (n = %(n)s)")
        % {
            "first": readers[row],
            "second": readers[column],
            "kappa": decimal(pairs["kappa"][row][column]),
            "n": pairs["shared"][row][column],
        }
        for row, column in combinations(range(len(readers)), 2)
    )
    alt = _("Kappa of reader pairs: %(told)s.") % {"told": told}
    caption = _("Cohen's kappa of every two readers, over the outputs of all arms.")
    return (Picture(f"pairs-{kappa['criterion']}", alt, caption),)


def _sample(row: Content) -> str:
    return str(row["arm"] or _("All arms together"))


def _sampled(row: Content) -> str:
    """The same within a sentence."""
    return str(row["arm"] or _("all arms together"))


def coefficient(row: Content) -> str:
    """How a coefficient is printed."""
    return COEFFICIENTS[row["estimator"], row["variant"]]


def _intervals_by(rows: list[Content]) -> str:
    """Which interval belongs to which coefficient, by arm and over all of them."""
    named: dict[str, list[str]] = {}
    for row in rows:
        name = coefficient(row) if row["arm"] else _("all arms together")
        if row["ci_method"] and name not in named.setdefault(row["ci_method"], []):
            named[row["ci_method"]].append(name)
    if not named:
        return ""
    found = "; ".join(f"{method} ({listed(names)})" for method, names in named.items())
    return _("Intervals: %(found)s.") % {"found": found}


def _agreement_method(criterion: Content) -> str:
    overlap = criterion["overlap"]
    said = _("All rated outputs, rated refusals included; cases are random, readers fixed.")
    if overlap["least"] is None:
        return said
    return f"{said} " + _("Two readers have rated %(n)s outputs in common.") % {"n": words.overlap(overlap)}


def _prevalence(found: Content) -> str:
    said = {"option": _option(found), "share": decimal(found["share"])}
    return (
        _(
            "One answer (%(option)s) holds %(share)s of all ratings. At such a prevalence alpha and kappa can be low "
            "although readers nearly always agree, and their intervals are too short; look at Gwet's coefficient "
            "beside them."
        )
        % said
    )
