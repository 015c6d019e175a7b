"""The section of the declared endpoints: what the protocol promised before the first rating, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.document import margins, words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.estimates.endpoints import BOXES_OF_MODEL
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content
from readerstudy.studies.protocol.endpoints import COMPARING

Badges = dict[str, tuple[str, ...]]
STATISTICS: Mapping[str, Any] = {
    "accuracy": gettext_lazy("share that agrees with the reference standard"),
    "sensitivity": gettext_lazy("sensitivity"),
    "specificity": gettext_lazy("specificity"),
    "auc": gettext_lazy("area under the ROC curve"),
    "acceptable_share": gettext_lazy("share acceptable"),
    "top_box_share": gettext_lazy("share in the best bin"),
    "mean_score": gettext_lazy("mean score"),
    "preference_share": gettext_lazy("share preferred, ties left out"),
    "win_rate": gettext_lazy("share won, a tie counts half"),
    "refusal_share": gettext_lazy("share refused"),
    "kappa": gettext_lazy("kappa (Light)"),
    "weighted_kappa": gettext_lazy("kappa with quadratic weights (Light)"),
    "alpha": gettext_lazy("Krippendorff’s alpha"),
    "ac1": gettext_lazy("Gwet’s AC1"),
    "ac2": gettext_lazy("Gwet’s AC2, quadratic weights"),
    "icc": gettext_lazy("intraclass correlation (2,1)"),
    "percent_agreement": gettext_lazy("percent agreement"),
    "iou": gettext_lazy("intersection over union with the other readers"),
    "hit_share": gettext_lazy("share with a mark inside the reference"),
    "mean_error": gettext_lazy("mean difference from the reference"),
    "limits_of_agreement": gettext_lazy("limits of agreement with the reference"),
    "d_prime": gettext_lazy("d′"),
    "kendall_tau": gettext_lazy("Kendall’s tau-b"),
    "rouge": gettext_lazy("ROUGE-L against the reference text"),
    "median_time": gettext_lazy("median seconds of a reading"),
    "edit_distance": gettext_lazy("share of words changed"),
    "blinding_index": gettext_lazy("blinding index"),
    "top_k": gettext_lazy("share with the right answer among the first k"),
}
LIMITS: Mapping[str, Any] = {
    "lower_limit": gettext_lazy("lower limit"),
    "bias": gettext_lazy("mean"),
    "upper_limit": gettext_lazy("upper limit"),
}

_FAMILIES: Mapping[str, Any] = {
    "holm": gettext_lazy(
        "Corrected by Holm's method, the comparisons of the primary endpoints and those of all others each by "
        "themselves."
    ),
    "benjamini-hochberg": gettext_lazy(
        "Corrected by Benjamini and Hochberg's method, the comparisons of the primary endpoints and those of all "
        "others each by themselves."
    ),
}


def section(content: Content, badges: Badges) -> Section | None:
    """All endpoints in one table, the primary ones marked; None where the protocol declares none."""
    declared = content.get("endpoints") or []
    if not declared:
        return None
    return Section(
        slug="endpoints",
        heading=_("Declared endpoints"),
        sentences=(_("What the protocol named before the first rating, in its order."),),
        points=margins.sentences(declared, level=content["inference"]["level"]),
        tables=(_table(declared, badges, words.correction_of(content)),),
    )


def _table(declared: list[Content], badges: Badges, correction: str) -> Table:
    rows = [row for each in declared for row in each["estimates"]]
    compared = any(_is_tested(each, row) for each in declared for row in each["estimates"])
    many = any(words.corrected_p(row) is not None for row in rows)
    tests = ((_("p"),) if compared else ()) + ((words.corrected_head(correction),) if many else ())
    return Table(
        caption=_("Declared endpoints"),
        head=(
            *words.heads(_("Of")),
            *words.number_heads(_("Value"), _("Interval"), *tests, _("Cases"), _("Readers"), _("Ratings")),
        ),
        groups=tuple(Group(_title(each), _rows(each, badges, len(tests))) for each in declared),
        methods=tuple(filter(None, _methods(rows, correction if many else "", compared=compared))),
        cautions=words.cautions([(_title(each), row) for each in declared for row in each["estimates"]]),
    )


def _is_tested(endpoint: Content, row: Content) -> bool:
    """Whether a row sets two arms beside each other, and so has a p-value that is printed."""
    return endpoint["statistic"] in COMPARING and row["p"] is not None


def _methods(rows: list[Content], correction: str, *, compared: bool) -> tuple[str, ...]:
    return (
        _("Intervals: %(methods)s.") % {"methods": words.methods_named(rows)} if rows else "",
        words.resampling(rows),
        _("p: two-sided t test that goes with the interval, of no difference between two arms.")
        if compared
        else "",
        str(_FAMILIES[correction]) if correction else "",
        _("Figures are conditional on what was shown and rated; repeats are left out."),
    )


def _title(endpoint: Content) -> str:
    told = {"name": endpoint["name"], "statistic": _statistic(endpoint)}
    title = _("%(name)s: %(statistic)s") % told
    if endpoint["margin"] is not None:
        title = _("%(title)s; margin %(margin)s") % {"title": title, "margin": f"{endpoint['margin']:g}"}
    return _("%(title)s (primary)") % {"title": title} if endpoint["is_primary"] else title


def _rows(endpoint: Content, badges: Badges, tests: int) -> tuple[Row, ...]:
    rows = endpoint["estimates"]
    if not rows:
        return ((Cell(_("No figure: nothing was rated that it could be computed from."), "why"),),)
    return tuple(
        (
            _of(row, badges),
            words.value_cell(row),
            words.interval_cell(row),
            *_tests(endpoint, row)[:tests],
            *words.rated(row),
        )
        for row in rows
    )


def _statistic(endpoint: Content) -> Any:
    """What is computed; overlap with the reference where there are reference marks."""
    if endpoint["statistic"] == "iou" and endpoint.get("against") == "reference":
        return _("intersection over union with the reference marks")
    return STATISTICS[endpoint["statistic"]]


def _tests(endpoint: Content, row: Content) -> tuple[Cell, Cell]:
    p = row["p"] if _is_tested(endpoint, row) else None
    return Cell(words.p_value(p), "number"), Cell(words.p_value(words.corrected_p(row)), "number")


def _top(row: Content) -> tuple[str, ...]:
    """Among how many places the right answer is, and how a refusal counts where that is not left out."""
    if row["estimator"] != "top_share":
        return ()
    first = _("among the first %(k)s") % {"k": row["category"]}
    return (first, _("a refusal names nothing")) if row["variant"] == AS_INTENDED else (first,)


def _of(row: Content, badges: Badges) -> Cell:
    """Whose figure it is: an arm's, a difference, a reader's, or that of all together."""
    if row["contrast"]:
        return Cell(words.contrast(row), "head")
    limit = LIMITS.get(row["variant"] or "")
    reader = _("its own boxes") if row["reader"] == BOXES_OF_MODEL else row["reader"] or ""
    named = [row["arm"] or "", reader, str(limit) if limit else ""]
    label = ", ".join(filter(None, [*named, *_top(row)])) or _("all together")
    return Cell(label, "head", badges.get(row["arm"] or "", ()))
