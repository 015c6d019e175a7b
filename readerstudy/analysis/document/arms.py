"""The sections about the arms as a whole: refusals, and their own labels against the reference standard."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import both_readings, words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.document.words import decimal, listed, whole
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, Content
from readerstudy.analysis.labels import RULE
from readerstudy.generation.models import Verdict
from readerstudy.studies.models import RefusalPolicy

Badges = dict[str, tuple[str, ...]]
MEASURES = ("accuracy", "sensitivity", "specificity")


def refusals(content: Content, badges: Badges) -> Section:
    policy = RefusalPolicy(content["study"]["refusal_policy"])
    hidden = policy.hides and content["counts"]["outputs_hidden"]
    return Section(
        slug="refusals",
        heading=_("Refusals"),
        sentences=(refusal_line(content), _denominators(content)),
        notices=(_hidden_notice(content),) if hidden else (),
        tables=(
            _refusal_table(content["refusals"], badges),
            *both_readings.tables(content, badges),
            _verdict_table(content["refusals"]),
        ),
    )


def refusal_line(content: Content) -> str:
    """How often each arm refused, in one sentence."""
    return _("Refused: %(found)s.") % {"found": listed(_refused(arm) for arm in content["refusals"])}


def _refused(arm: Content) -> str:
    rate = arm["rate"]
    if rate["value"] is None:
        return f"{words.named(arm['arm'])} {words.not_estimable(rate).rstrip('.')}"
    said = {
        "arm": words.named(arm["arm"]),
        "share": decimal(rate["value"]),
        "interval": words.with_interval(rate),
        "n": whole(arm["declined"]),
        "outputs": whole(arm["responses"]),
    }
    return _("%(arm)s %(share)s (%(interval)s; %(n)s of %(outputs)s outputs)") % said


def _denominators(content: Content) -> str:
    """Both denominators of each arm: all cases, and cases with something to rate."""
    said = (
        _("%(arm)s %(rateable)s of %(cases)s cases")
        % {
            "arm": words.named(arm["arm"]),
            "rateable": whole(arm["rateable"]),
            "cases": whole(content["counts"]["cases"]),
        }
        for arm in content["refusals"]
    )
    return _("There is something to rate for %(found)s.") % {"found": listed(said)}


def _hidden_notice(content: Content) -> str:
    said = _(
        "Readers did not see refusals; each counts as not acceptable for every reader who has given ratings."
    )
    if content["study"]["refusal_policy"] == RefusalPolicy.WORST:
        said += " " + _worst(content["counts"]["scored_by_rule"])
    if content["is_interim"]:
        said += " " + _(
            "They count in full from a reader's first rating, so shares as intended are too low until all readers "
            "have finished."
        )
    return said


def _worst(count: int) -> str:
    return ngettext(
        "The protocol scores each as the worst of every scale that has a bad end: %(n)s value is set by this rule and "
        "by no reader. Agreement between readers leaves it out.",
        "The protocol scores each as the worst of every scale that has a bad end: %(n)s values are set by this rule "
        "and by no reader. Agreement between readers leaves them out.",
        count,
    ) % {"n": whole(count)}


def _refusal_table(arms: list[Content], badges: Badges) -> Table:
    outside = [(_("Failures"), "failures"), (_("Not made yet"), "waiting"), (_("Calls lost"), "calls_lost")]
    outside = [(name, key) for name, key in outside if key == "failures" or any(arm[key] for arm in arms)]
    names = (
        _("Outputs"),
        _("To rate"),
        _("Refused"),
        _("Rate"),
        words.interval_head([arm["rate"] for arm in arms]),
        *(name for name, _key in outside),
    )
    rows = tuple(
        (
            Cell(arm["arm"], "head", badges[arm["arm"]]),
            *(Cell(whole(arm[key]), "number") for key in ("responses", "rateable", "declined")),
            words.value_cell(arm["rate"]),
            words.interval_cell(arm["rate"]),
            *(Cell(whole(arm[key]), "number") for _name, key in outside),
        )
        for arm in arms
    )
    return Table(
        caption=_("Refusal rates"),
        head=(*words.heads(_("Arm")), *words.number_heads(*names)),
        groups=(Group("", rows),),
        methods=(
            _("Interval: %(method)s.") % {"method": words.methods_named(arm["rate"] for arm in arms)},
            _("Refusals, deferrals and blocks by the vendor count; a person's verdict wins over the rules'."),
            _("Failures of infrastructure are missing outputs, not refusals."),
            _(
                "To rate: answers, hedged answers and partial refusals; the rest hold nothing that could be judged."
            ),
        ),
    )


def _verdict_table(arms: list[Content]) -> Table:
    counts = [{row["verdict"]: row["count"] for row in arm["verdicts"]} for arm in arms]
    rows = tuple(
        (
            Cell(str(kind.label).capitalize(), "head"),
            *(Cell(whole(found.get(kind.value, 0)), "number") for found in counts),
        )
        for kind in Verdict
        if any(found.get(kind.value) for found in counts)
    )
    return Table(
        caption=_("Verdicts on all outputs"),
        head=(*words.heads(_("Verdict")), *words.number_heads(*(arm["arm"] for arm in arms))),
        groups=(Group("", rows),),
    )


def classification(content: Content, badges: Badges) -> Section | None:
    """The arms' labels against the reference; None where no case has one."""
    found = content["classification"]
    if found is None:
        return None
    return Section(
        slug="classification",
        heading=_("Classification against the reference"),
        sentences=(accuracy_line(found), _labels_line(found)),
        tables=(_classification_table(found, badges), *_mcnemar_table(found, words.correction_of(content))),
    )


def accuracy_line(found: Content) -> str:
    """How often each arm's own label was right, in one sentence: refusals as incorrect, then left out."""
    rows = {
        (row["arm"], row["refusals"]): row for row in found["estimates"] if row["estimator"] == "accuracy"
    }
    names = [arm["arm"] for arm in found["arms"]]
    said = {
        "all": listed(_accuracy(rows[name, AS_INTENDED]) for name in names),
        "answered": listed(_accuracy(rows[name, CONDITIONAL]) for name in names),
    }
    return (
        _("Accuracy of the arm's own label: %(all)s; without refusals and unlabelled texts %(answered)s.")
        % said
    )


def _accuracy(row: Content) -> str:
    if row["value"] is None:
        return f"{words.named(row['arm'])} {words.not_estimable(row).rstrip('.')}"
    cases = ngettext("%(n)s case", "%(n)s cases", row["n_cases"]) % {"n": whole(row["n_cases"])}
    return f"{words.named(row['arm'])} {decimal(row['value'])} ({words.with_interval(row)}; {cases})"


def _labels_line(found: Content) -> str:
    said = {
        "n": whole(found["n_references"]),
        "cases": whole(found["n_cases"]),
        "labels": ", ".join(found["labels"]),
    }
    sentence = _("%(n)s of %(cases)s cases have a reference label; the labels are %(labels)s.") % said
    if found["positive"]:
        sentence += " " + _("“%(label)s” counts as positive.") % {"label": found["positive"]}
    counts = (
        _("%(arm)s refused %(declined)s and left %(without_label)s without a label") % arm
        for arm in found["arms"]
    )
    return f"{sentence} " + _("Of their outputs, %(counts)s.") % {"counts": listed(counts)}


def _classification_table(found: Content, badges: Badges) -> Table:
    measures = [name for name in MEASURES if any(row["estimator"] == name for row in found["estimates"])]
    rows = {(row["arm"], row["refusals"], row["estimator"]): row for row in found["estimates"]}
    titles = {"accuracy": _("Accuracy"), "sensitivity": _("Sensitivity"), "specificity": _("Specificity")}

    def cells(row: Content) -> Row:
        arm = row["arm"]
        return (
            Cell(arm, "head", badges[arm]),
            *(words.both_cell(rows[arm, row["refusals"], name]) for name in measures),
            Cell(whole(row["n_cases"]), "number"),
        )

    return Table(
        caption=_("The arms' own labels"),
        head=(
            *words.heads(_("Arm")),
            *words.number_heads(*(titles[name] for name in measures), _("Cases")),
        ),
        groups=words.groups(
            [row for row in found["estimates"] if row["estimator"] == "accuracy"],
            title=lambda row: words.labels_words(row["refusals"]),
            cells=cells,
        ),
        methods=(
            _("In brackets the %(interval)s: %(method)s.")
            % {
                "interval": words.interval_head(found["estimates"]),
                "method": words.methods_named(found["estimates"]),
            },
            _(RULE),
        ),
    )


def _mcnemar_table(found: Content, correction: str) -> tuple[Table, ...]:
    rows = found["differences"]
    if not rows:
        return ()
    many = any(words.corrected_p(row) is not None for row in rows)
    adjusted = (words.corrected_head(correction),) if many else ()
    names = (_("Difference"), words.interval_head(rows), _("p"), *adjusted, _("Cases"))
    return (
        Table(
            caption=_("Differences in accuracy between arms"),
            head=(*words.heads(_("Arms")), *words.number_heads(*names)),
            groups=words.groups(
                rows,
                title=lambda row: words.labels_words(row["refusals"]),
                cells=lambda row: (
                    Cell(words.contrast(row), "head"),
                    words.value_cell(row),
                    words.interval_cell(row),
                    *words.p_cells(row, corrected=many),
                    Cell(whole(row["n_cases"]), "number"),
                ),
            ),
            methods=(
                _("p: McNemar's exact test on the cases that both arms have. Interval: %(method)s.")
                % {"method": words.methods_named(rows)},
            ),
        ),
    )
