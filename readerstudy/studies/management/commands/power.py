"""`manage.py power`: how many cases and readers, and what they cost in minutes; no database, no study."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.plan import PlanError
from readerstudy.stats import power as plans
from readerstudy.stats.agreement import METRICS, WEIGHTS
from readerstudy.stats.mrmc import VARIANTS
from readerstudy.stats.power import Planned, PowerError
from readerstudy.stats.scale import ScaleError
from readerstudy.studies.protocol import ProtocolError, loads, read
from readerstudy.studies.protocol.allocating import arms_of, cases_of, plan_of_document

Options = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Figures for some numbers of readers, and lines of a table under its head."""

    readers: tuple[int, ...]
    figures: Sequence[Planned]
    head: tuple[str, ...] = ()
    lines: Sequence[dict[str, Any]] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        return {
            "readers": list(self.readers),
            "readers_sentence": plans.READERS_SENTENCE,
            "figures": [figure.as_dict() for figure in self.figures],
            "table": list(self.lines),
        }


class Command(BaseCommand):
    help = "Prints how many cases and readers a study needs, each with formula and source. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        topics = parser.add_subparsers(dest="topic", required=True, metavar="TOPIC")
        for name, (told, add, _answer) in _TOPICS.items():
            topic = topics.add_parser(name, help=told, description=told)
            topic.add_argument("--json", action="store_true", help="print JSON")
            add(topic)

    def handle(self, *, topic: str, **options: Any) -> None:
        try:
            answer = _TOPICS[topic][2](options)
        except (PowerError, ScaleError, PlanError) as error:
            raise CommandError(str(error)) from None
        except ProtocolError as error:
            raise CommandError(
                "\n".join(f"{options['protocol']}, {each}" for each in error.problems)
            ) from None
        told = {"topic": topic, **answer.as_dict()}
        self.stdout.write(
            json.dumps(told, ensure_ascii=False, indent=2) if options["json"] else _text(answer)
        )


def _add_agreement(parser: ArgumentParser) -> None:
    parser.add_argument("--value", type=float, required=True, help="the coefficient that is expected")
    shares = parser.add_mutually_exclusive_group(required=True)
    shares.add_argument("--prevalence", type=float, help="the share of yes among yes and no")
    shares.add_argument("--shares", type=float, nargs="+", help="the shares of all categories, in order")
    parser.add_argument(
        "--other-prevalence", type=float, help="the second reader's share of yes (Cohen's kappa)"
    )
    parser.add_argument("--coefficient", choices=plans.COEFFICIENTS, help="one of them; else all that fit")
    parser.add_argument("--readers", type=int, default=2, help="readers of each case (2)")
    parser.add_argument(
        "--weights", choices=WEIGHTS, default="unweighted", help="of kappa and AC (unweighted)"
    )
    parser.add_argument("--metric", choices=METRICS, default="nominal", help="of alpha (nominal)")
    _add_precision(parser)


def _add_proportions(parser: ArgumentParser) -> None:
    parser.add_argument("--share", type=float, help="a single share that is expected")
    _add_precision(parser)
    parser.add_argument(
        "--first-only", type=float, help="the share of cases that only the first arm gets right"
    )
    parser.add_argument(
        "--second-only", type=float, help="the share of cases that only the second arm gets right"
    )
    parser.add_argument(
        "--margin", type=float, help="the first is to be no worse than this; one-sided alpha/2"
    )
    _add_test(parser)
    _add_crossing(parser)


def _add_preference(parser: ArgumentParser) -> None:
    parser.add_argument("--share", type=float, required=True, help="the share of preferences among non-ties")
    parser.add_argument("--ties", type=float, default=0.0, help="the share of ties (0)")
    parser.add_argument(
        "--judgements", type=int, help="give the power of so many instead of the number needed"
    )
    parser.add_argument("--cases", type=int, help="with readers: give the power of so many cases each")
    _add_test(parser)
    _add_crossing(parser)


def _add_mrmc(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--difference", type=float, required=True, help="of the two arms, averaged over readers"
    )
    parser.add_argument("--readers", type=int, nargs="+", required=True, help="numbers of readers")
    parser.add_argument(
        "--cases", type=int, nargs="+", default=[], help="numbers of cases: prints a grid of power"
    )
    parser.add_argument(
        "--figure", choices=("auc", "sensitivity", "specificity"), default="auc", help="(auc)"
    )
    parser.add_argument(
        "--variant", choices=VARIANTS, default="rrrc", help="what is random: r or f, readers, cases"
    )
    parser.add_argument("--pilot", type=Path, help="a CSV file with reader,case,arm,truth,value")
    parser.add_argument(
        "--components",
        type=float,
        nargs=5,
        metavar=("VAR_TR", "VAR", "COV1", "COV2", "COV3"),
        help="Obuchowski-Rockette components, found with --component-cases cases",
    )
    parser.add_argument(
        "--component-cases", type=int, help="the cases behind the components or the expected value"
    )
    parser.add_argument(
        "--expected", type=float, help="without pilot or components: the figure's expected value"
    )
    parser.add_argument(
        "--abnormal", type=float, default=0.5, help="with --expected: share of abnormal cases (0.5)"
    )
    parser.add_argument(
        "--correlations",
        type=float,
        nargs=3,
        metavar=("R1", "R2", "R3"),
        default=[0.43, 0.43, 0.3],
        help="with --expected: same reader, same arm, neither (0.43 0.43 0.3)",
    )
    parser.add_argument("--arm-reader-sd", type=float, default=0.014, help="with --expected (0.014)")
    parser.add_argument(
        "--simulate", type=int, metavar="STUDIES", help="also simulate so many studies for the grid"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulation (0)")
    _add_test(parser)


def _add_burden(parser: ArgumentParser) -> None:
    parser.add_argument("protocol", type=Path, help="a protocol file (study.yaml)")
    parser.add_argument("--readers", type=int, help="how many readers; else what the file says")
    parser.add_argument("--cases", type=int, help="how many cases, where the file does not list them")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="looking and reading for a presentation (60)"
    )
    parser.add_argument(
        "--presses", type=int, help="key presses for a presentation; else counted from the questions"
    )
    parser.add_argument(
        "--parts", type=int, default=loads.DEFAULT_PARTS, help="findings, sentences or steps of an output (6)"
    )


def _add_precision(parser: ArgumentParser) -> None:
    parser.add_argument("--half-width", type=float, help="half the length of the interval: gives the cases")
    parser.add_argument("--cases", type=int, help="a number of cases: gives the half-width, or the power")
    parser.add_argument("--level", type=float, default=0.95, help="of the interval (0.95)")


def _add_test(parser: ArgumentParser) -> None:
    parser.add_argument("--power", type=float, nargs="+", default=[0.8, 0.9], help="wanted (0.8 0.9)")
    parser.add_argument("--alpha", type=float, default=0.05, help="two-sided (0.05)")


def _add_crossing(parser: ArgumentParser) -> None:
    parser.add_argument("--readers", type=int, default=1, help="readers of every case (1)")
    parser.add_argument(
        "--case-correlation", type=float, help="share of a judgement's variance that is the case's"
    )
    parser.add_argument("--reader-correlation", type=float, help="share of it that is the reader's")


def _agreement(options: Options) -> Answer:
    names = [options["coefficient"]] if options["coefficient"] else _fitting(options)
    figures: list[Planned] = []
    for name in names:
        expected = _expected_agreement(name, options)
        if options["half_width"] is not None:
            width = options["half_width"]
            figures.append(plans.cases_for(expected, half_width=width, level=options["level"]))
        if options["cases"] is not None:
            figures.append(plans.half_width(expected, cases=options["cases"], level=options["level"]))
    return Answer(readers=(options["readers"],), figures=_some(figures, _("Add --half-width or --cases.")))


def _fitting(options: Options) -> list[plans.Coefficient]:
    if options["other_prevalence"] is not None:
        return ["cohen_kappa"]
    return [name for name in plans.COEFFICIENTS if name != "cohen_kappa" or options["readers"] == 2]


def _expected_agreement(name: plans.Coefficient, options: Options) -> plans.Agreement:
    shares = options["shares"] or [options["prevalence"], 1.0 - options["prevalence"]]
    other = options["other_prevalence"]
    return plans.Agreement(
        coefficient=name,
        value=options["value"],
        shares=tuple(shares),
        readers=options["readers"],
        weights=options["weights"],
        metric=options["metric"],
        other_shares=None if other is None else (other, 1.0 - other),
    )


def _proportions(options: Options) -> Answer:
    figures = [] if options["share"] is None else _single_share(options)
    if (options["first_only"] is None) != (options["second_only"] is None):
        raise CommandError(_("Two shares on the same cases need both --first-only and --second-only."))
    if options["first_only"] is not None:
        figures += _paired_shares(options)
    wanted = _("Add --share with --half-width or --cases, or --first-only and --second-only.")
    return Answer(readers=(options["readers"],), figures=_some(figures, wanted))


def _single_share(options: Options) -> list[Planned]:
    share, width, cases, level = (options[name] for name in ("share", "half_width", "cases", "level"))
    crossing, readers = _crossing(options), options["readers"]
    if crossing is None:
        wanted = [plans.share_cases(share, half_width=width, level=level)] if width is not None else []
        given = [plans.share_half_width(share, cases=cases, level=level)] if cases is not None else []
        return wanted + given
    figures: list[Planned] = []
    if width is not None:
        figures.append(
            plans.crossed_share_cases(share, crossing, readers=readers, half_width=width, level=level)
        )
    if cases is not None:
        figures.append(plans.design_effect(crossing, readers=readers, cases=cases))
        figures.append(plans.crossed_half_width(share, crossing, readers=readers, cases=cases, level=level))
    return figures


def _paired_shares(options: Options) -> list[Planned]:
    first, second, alpha, cases = (options[name] for name in ("first_only", "second_only", "alpha", "cases"))
    margin, wanted = options["margin"], options["power"]
    crossing = _crossing(options)
    if crossing is not None:
        return _crossed_pairs(options, crossing)
    if margin is not None and cases is not None:
        return [plans.noninferiority_power(first, second, margin=margin, cases=cases, alpha=alpha / 2)]
    if margin is not None:
        return [
            plans.noninferiority_cases(first, second, margin=margin, power=power, alpha=alpha / 2)
            for power in wanted
        ]
    if cases is not None:
        return [
            plans.mcnemar_power(first, second, cases=cases, alpha=alpha, test=test)
            for test in plans.MCNEMAR_TESTS
        ]
    return [
        plans.mcnemar_cases(first, second, power=power, alpha=alpha, test=test)
        for power in wanted
        for test in plans.MCNEMAR_TESTS
    ]


def _crossed_pairs(options: Options, crossing: plans.Crossing) -> list[Planned]:
    first, second, cases, readers = (
        options[name] for name in ("first_only", "second_only", "cases", "readers")
    )
    rest = {"margin": options["margin"] or 0.0, "alpha": options["alpha"]}
    if cases is not None:
        return [plans.difference_power(first, second, crossing, readers=readers, cases=cases, **rest)]
    return [
        plans.difference_cases(first, second, crossing, readers=readers, power=power, **rest)
        for power in options["power"]
    ]


def _preference(options: Options) -> Answer:
    crossing = _crossing(options)
    figures = _sign_test(options) if crossing is None else _win_rate(options, crossing)
    return Answer(readers=(options["readers"],), figures=figures)


def _sign_test(options: Options) -> list[Planned]:
    share, ties, alpha = options["share"], options["ties"], options["alpha"]
    count = options["judgements"] if options["judgements"] is not None else options["cases"]
    if count is not None:
        return [plans.preference_power(share, judgements=count, ties=ties, alpha=alpha)]
    asked = (plans.preference_judgements, plans.preference_judgements_normal)
    return [
        number(share, power=power, ties=ties, alpha=alpha) for power in options["power"] for number in asked
    ]


def _win_rate(options: Options, crossing: plans.Crossing) -> list[Planned]:
    share, cases, readers = options["share"], options["cases"], options["readers"]
    rest = {"ties": options["ties"], "alpha": options["alpha"]}
    if cases is not None:
        return [
            plans.design_effect(crossing, readers=readers, cases=cases),
            plans.win_rate_power(share, crossing, readers=readers, cases=cases, **rest),
        ]
    return [
        plans.win_rate_cases(share, crossing, readers=readers, power=power, **rest)
        for power in options["power"]
    ]


def _crossing(options: Options) -> plans.Crossing | None:
    case, reader = options["case_correlation"], options["reader_correlation"]
    if options["readers"] == 1 and case is None and reader is None:
        return None
    if case is None or reader is None or options["readers"] < 2:
        raise CommandError(
            _(
                "Several readers of the same cases need --readers above 1, --case-correlation and "
                "--reader-correlation. For one reader leave all three out."
            )
        )
    return plans.Crossing(case_correlation=case, reader_correlation=reader)


def _mrmc(options: Options) -> Answer:
    components, difference = _components(options), options["difference"]
    rest = {"alpha": options["alpha"], "variant": options["variant"]}
    if options["simulate"] is not None and (options["variant"] != "rrrc" or not options["cases"]):
        raise CommandError(
            _("A simulation is of random readers and cases, over a grid. Add --cases, leave --variant.")
        )
    figures = [
        plans.mrmc_cases(components, difference, readers=readers, power=power, **rest)
        for readers in options["readers"]
        for power in options["power"]
    ]
    grid = plans.mrmc_grid(components, difference, readers=options["readers"], cases=options["cases"], **rest)
    lines: list[dict[str, Any]] = [
        {"readers": row.readers, "cases": row.cases, "power": row.power} for row in grid
    ]
    if options["simulate"] is not None:
        simulated = [_simulated(components, line, options) for line in lines]
        lines = [line | {"simulated": each.value} for line, each in zip(lines, simulated, strict=True)]
        figures += simulated
    head = tuple(lines[0]) if lines else ()
    return Answer(readers=tuple(options["readers"]), figures=figures, head=head, lines=lines)


def _simulated(components: plans.Components, line: dict[str, Any], options: Options) -> Planned:
    return plans.simulated_power(
        components,
        options["difference"],
        readers=line["readers"],
        cases=line["cases"],
        alpha=options["alpha"],
        studies=options["simulate"],
        seed=options["seed"],
    )


def _components(options: Options) -> plans.Components:
    given = [name for name in ("pilot", "components", "expected") if options[name] is not None]
    if len(given) != 1:
        raise CommandError(
            _("Say where the components come from: one of --pilot, --components and --expected.")
        )
    if options["pilot"] is not None:
        return plans.pilot_components(
            plans.read_pilot(_read_text(options["pilot"])), figure=options["figure"]
        )
    if options["component_cases"] is None:
        raise CommandError(_("Add --component-cases, the cases that the components belong to."))
    if options["components"] is None:
        return plans.expected_components(
            options["expected"],
            figure=options["figure"],
            cases=options["component_cases"],
            abnormal=options["abnormal"],
            correlations=tuple(options["correlations"]),
            arm_reader_sd=options["arm_reader_sd"],
        )
    own, variance, cov1, cov2, cov3 = options["components"]
    return plans.Components(
        cases=options["component_cases"], arm_reader=own, variance=variance, cov1=cov1, cov2=cov2, cov3=cov3
    )


def _burden(options: Options) -> Answer:
    document = read(_read_bytes(options["protocol"]))
    count = options["readers"]
    if count is None:
        count = document.data.get("readers", {}).get("count")
    if count is None:
        raise CommandError(_("The file does not say how many readers there are. Add --readers."))
    rows = allocate(
        plan_of_document(document),
        seed=int(document.data["allocation"].get("seed", 0)),
        people=People(tuple(range(1, count + 1))),
        batches=[cases_of(document, options["cases"])],
        arms=arms_of(document),
    )
    own = loads.loads_of(document, rows, presses=options["presses"], parts=options["parts"])
    pace = loads.pace_of(document, seconds=options["seconds"])
    found = plans.burden(own, pace, washout_days=loads.washout_of(document))
    head = ("reader", "presentations", "presses", "minutes", "sittings")
    return Answer(readers=(count,), figures=found.figures(), head=head, lines=found.as_rows())


def _some(figures: list[Planned], wanted: str) -> list[Planned]:
    if not figures:
        raise CommandError(wanted)
    return figures


def _read_text(path: Path) -> str:
    try:
        return _read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(_("“%(path)s” is not UTF-8 text. Save it as UTF-8.") % {"path": path}) from None


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        told = {"path": path, "why": error.strerror}
        raise CommandError(_("“%(path)s” cannot be read: %(why)s.") % told) from None


def _text(answer: Answer) -> str:
    readers = ", ".join(map(str, answer.readers))
    sentence = _("Readers: %(readers)s. %(sentence)s") % {
        "readers": readers,
        "sentence": plans.READERS_SENTENCE,
    }
    parts = [sentence, *map(_figure_text, answer.figures)]
    if answer.head:
        parts.append(_table_text(answer))
    return "\n\n".join(parts)


def _figure_text(figure: Planned) -> str:
    given = ", ".join(
        f"{name} {_shown(number)}" for name, number in figure.given.items() if number is not None
    )
    lines = [
        f"{figure.name}: {_value_text(figure)}",
        "  " + _("given: %(given)s") % {"given": given},
        "  " + _("formula: %(formula)s") % {"formula": figure.formula},
        "  " + _("source: %(source)s") % {"source": figure.source},
        *(f"  {note}" for note in figure.notes),
    ]
    return "\n".join(lines)


def _value_text(figure: Planned) -> str:
    if figure.value is None:
        return _("not reached")
    forms = {"half-width": "± {value}", "power": "{value}"}
    return forms.get(figure.unit, "{value} {unit}").format(value=_shown(figure.value), unit=figure.unit)


def _table_text(answer: Answer) -> str:
    lines = [list(answer.head), *([_shown(line[name]) for name in answer.head] for line in answer.lines)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(answer.head))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def _shown(value: float | int | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


_TOPICS: dict[str, tuple[str, Callable[[ArgumentParser], None], Callable[[Options], Answer]]] = {
    "agreement": ("precision of kappa, AC and alpha", _add_agreement, _agreement),
    "proportions": ("one share, or two shares of the same cases", _add_proportions, _proportions),
    "preference": ("share of preferences, with ties", _add_preference, _preference),
    "mrmc": ("two arms, several readers and cases", _add_mrmc, _mrmc),
    "burden": ("minutes and sittings that a protocol file asks for", _add_burden, _burden),
}
