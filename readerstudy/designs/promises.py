"""What a plan promises, counted from its rows: fresh ones, stored ones or those of a file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from readerstudy.designs.comparisons import pairs_of, rounds_in
from readerstudy.designs.extras import repeats_wanted
from readerstudy.designs.made_checks import kinds_of
from readerstudy.designs.plan import (
    EveryReader,
    IncompleteBlocks,
    OneArm,
    OneAtATime,
    Overlap,
    Pairs,
    Plan,
    SplitPlot,
    Together,
)
from readerstudy.designs.rows import CheckKind, Presentation, RowKind


@dataclass(frozen=True, slots=True)
class Promise:
    """One margin: what it is, the most or least that was promised, and what the rows show."""

    name: str
    promised: str
    found: str
    kept: bool


def promises(
    plan: Plan,
    rows: Sequence[Presentation],
    *,
    readers: Sequence[int],
    cases: Sequence[str],
    arms: Sequence[str],
) -> list[Promise]:
    """The promises for `readers` of the first cohort over the `cases` of one batch."""
    wanted = set(readers)
    there = [row for row in rows if row.reader in wanted]
    main = [row for row in there if row.kind == RowKind.MAIN]
    found = [*_coverage(plan, main, readers, cases), *_comparison(plan, main, readers, cases, arms)]
    found += [*_sides(plan, main), *_distance(plan, main, readers, cases)]
    return [
        *found,
        *_repeats(plan, there, readers),
        *_checks(plan, there, readers),
        *_made_checks(plan, there),
    ]


def _at_most(name: str, promised: int, found: int) -> Promise:
    return Promise(name, f"at most {promised}", str(found), found <= promised)


def _exactly(name: str, promised: int, counts: Iterable[int]) -> Promise:
    wrong = sorted({count for count in counts if count != promised})
    return Promise(name, str(promised), ", ".join(map(str, wrong)) or str(promised), not wrong)


def _gap(counts: Iterable[int]) -> int:
    values = list(counts)
    return max(values) - min(values) if values else 0


def _coverage(
    plan: Plan, main: Sequence[Presentation], readers: Sequence[int], cases: Sequence[str]
) -> Iterator[Promise]:
    pairs = {(row.reader, row.case) for row in main}
    per_case = Counter(case for _reader, case in pairs)
    per_reader = Counter(reader for reader, _case in pairs)
    loads = [per_reader[reader] for reader in readers]
    coverage = plan.coverage
    if isinstance(coverage, EveryReader):
        yield _exactly("readers of each case", len(readers), (per_case[case] for case in cases))
    elif isinstance(coverage, SplitPlot):
        yield _at_most("difference between cases in readers", 1, _gap(per_case[case] for case in cases))
        yield _at_most("difference between readers in cases", 1, _gap(loads))
    else:
        least = min(per_case[case] for case in cases)
        wanted = coverage.readers_per_case
        yield Promise("readers of each case", f"at least {wanted}", str(least), least >= wanted)
        yield _at_most("difference between readers in cases", 1, _gap(loads))
    if isinstance(coverage, Overlap):
        by_all = sum(per_case[case] == len(readers) for case in cases)
        share = round(coverage.share * len(cases) + 1e-9)
        yield Promise("cases read by all", f"at least {share}", str(by_all), by_all >= share)
    if isinstance(coverage, IncompleteBlocks):
        yield _at_most(
            "difference between pairs of readers in shared cases", 0, _gap(_shared(pairs, readers))
        )


def _shared(pairs: set[tuple[int, str]], readers: Sequence[int]) -> Iterator[int]:
    cases = defaultdict(set)
    for reader, case in pairs:
        cases[reader].add(case)
    for one, other in combinations(readers, 2):
        yield len(cases[one] & cases[other])


def _comparison(
    plan: Plan,
    main: Sequence[Presentation],
    readers: Sequence[int],
    cases: Sequence[str],
    arms: Sequence[str],
) -> Iterator[Promise]:
    by_reader = _grouped(main)
    if isinstance(plan.comparison, OneAtATime):
        yield _exactly(
            "times a reader sees each arm of a case",
            1,
            Counter((r.reader, r.case, r.arms) for r in main).values(),
        )
        yield _at_most("difference between arms within a round", 1, _in_rounds(by_reader, arms))
    if isinstance(plan.comparison, Together):
        yield _exactly("arms in each presentation", len(arms), (len(set(row.arms)) for row in main))
        yield _at_most("difference between arms in each place", 1, _in_places(by_reader, arms))
    if isinstance(plan.comparison, OneArm):
        yield _exactly(
            "presentations of a case to a reader", 1, Counter((r.reader, r.case) for r in main).values()
        )
        yield _at_most("difference between arms within a reader", 1, _of_arms(by_reader.values(), arms))
        yield _at_most("difference between arms within a case", 1, _of_arms(_by_case(main).values(), arms))
    if isinstance(plan.comparison, Pairs):
        each = rounds_in(plan.comparison, len(arms))
        yield _exactly(
            "pairs of a case for a reader", each, Counter((r.reader, r.case) for r in main).values()
        )
        yield _at_most(
            "times a reader sees one pair of a case",
            1,
            max(Counter((r.reader, r.case, frozenset(r.arms)) for r in main).values(), default=0),
        )
        yield _at_most("difference between pairs within a reader", 1, _of_pairs(by_reader, len(arms), arms))


def _grouped(rows: Iterable[Presentation]) -> dict[int, list[Presentation]]:
    found: dict[int, list[Presentation]] = defaultdict(list)
    for row in sorted(rows, key=lambda each: (each.reader, each.position)):
        found[row.reader].append(row)
    return found


def _by_case(rows: Iterable[Presentation]) -> dict[str, list[Presentation]]:
    found: dict[str, list[Presentation]] = defaultdict(list)
    for row in rows:
        found[row.case].append(row)
    return found


def _in_rounds(by_reader: dict[int, list[Presentation]], arms: Sequence[str]) -> int:
    worst = 0
    for rows in by_reader.values():
        length = len(rows) // len(arms)
        for start in range(0, len(rows), max(length, 1)):
            worst = max(worst, _of_arms([rows[start : start + length]], arms))
    return worst


def _in_places(by_reader: dict[int, list[Presentation]], arms: Sequence[str]) -> int:
    places = range(len(arms))
    return max(
        (
            _gap(sum(row.arms[place] == arm for row in rows) for arm in arms)
            for rows in by_reader.values()
            for place in places
        ),
        default=0,
    )


def _of_arms(groups: Iterable[Sequence[Presentation]], arms: Sequence[str]) -> int:
    return max((_gap(sum(arm in row.arms for row in rows) for arm in arms) for rows in groups), default=0)


def _of_pairs(by_reader: dict[int, list[Presentation]], count: int, arms: Sequence[str]) -> int:
    every = [frozenset((arms[one], arms[other])) for one, other in pairs_of(count)]
    return max(
        (
            _gap(sum(frozenset(row.arms) == pair for row in rows) for pair in every)
            for rows in by_reader.values()
        ),
        default=0,
    )


def _sides(plan: Plan, main: Sequence[Presentation]) -> Iterator[Promise]:
    left: Counter[tuple[int, frozenset[str]]] = Counter()
    seen: Counter[tuple[int, frozenset[str]]] = Counter()
    for row in main:
        if len(row.arms) == 2:
            pair = (row.reader, frozenset(row.arms))
            seen[pair] += 1
            left[pair] += row.arms[0] == min(row.arms)
    if seen:
        worst = max(abs(2 * left[pair] - total) for pair, total in seen.items())
        yield _at_most("difference between sides within reader and pair", 1, worst)


def _distance(
    plan: Plan, main: Sequence[Presentation], readers: Sequence[int], cases: Sequence[str]
) -> Iterator[Promise]:
    if isinstance(plan.comparison, OneArm | Together):
        return
    by_reader = _grouped(main)
    found = [distance for rows in by_reader.values() for distance in _distances(rows, plan.crossover)]
    if plan.crossover:
        yield _at_most("presentations of a case within a period", 1, 2 if found else 1)
    elif found:
        half = min(len({row.case for row in rows}) for rows in by_reader.values()) // 2
        yield Promise(
            "presentations from one to the next of a case",
            f"at least {half}",
            str(min(found)),
            min(found) >= half,
        )


def _distances(rows: Sequence[Presentation], within_period: bool) -> Iterator[int]:
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        places[row.case, row.period if within_period else 0].append(number)
    for positions in places.values():
        yield from (later - earlier for earlier, later in pairwise(positions))


def _repeats(plan: Plan, rows: Sequence[Presentation], readers: Sequence[int]) -> Iterator[Promise]:
    if plan.repeats is None:
        return
    counts, gaps, same_side = [], [], 0
    for within in _by_period(rows):
        main = {(row.case, frozenset(row.arms)): row for row in within if row.kind == RowKind.MAIN}
        again = [row for row in within if row.kind == RowKind.REPEAT]
        counts.append(len(again) - repeats_wanted(plan.repeats, len(main)))
        for row in again:
            before = main.get((row.case, frozenset(row.arms)))
            gaps.append(row.position - before.position if before else 0)
            same_side += before is not None and len(row.arms) > 1 and row.arms == before.arms
    yield Promise("repeats missing", "0", str(-min(counts, default=0)), min(counts, default=0) >= 0)
    least = min(gaps, default=plan.repeats.distance)
    yield Promise(
        "presentations until a repeat",
        f"at least {plan.repeats.distance}",
        str(least),
        least >= plan.repeats.distance,
    )
    yield _at_most("repeats on the same side", 0, same_side)


def _made_checks(plan: Plan, rows: Sequence[Presentation]) -> Iterator[Promise]:
    """That each kind comes as often as it was promised, after its case was read, and is what it is called."""
    if plan.checks is None or not kinds_of(plan.checks):
        return
    wanted, wrong, early, not_bad, not_alike = Counter(kinds_of(plan.checks)), 0, 0, 0, 0
    for read in _by_period(rows):
        made = [row for row in read if row.check not in (None, CheckKind.CASE)]
        wrong += sum(abs(wanted[kind] - n) for kind, n in _counts(made, wanted))
        first = {row.case: row.position for row in reversed(read) if row.kind == RowKind.MAIN}
        early += sum(first.get(row.case, row.position) >= row.position for row in made)
        not_bad += sum(row.check == CheckKind.KNOWN_BAD and not _is_bad(plan, row) for row in made)
        not_alike += sum(row.check == CheckKind.IDENTICAL and len(set(row.arms)) > 1 for row in made)
    yield _at_most("made attention checks too many or too few", 0, wrong)
    yield _at_most("made attention checks before their case was read", 0, early)
    yield _at_most("known-bad outputs of a case with the same label", 0, not_bad)
    yield _at_most("identical pairs of different texts", 0, not_alike)


def _by_period(rows: Sequence[Presentation]) -> Iterator[list[Presentation]]:
    for read in _grouped(rows).values():
        for period in sorted({row.period for row in read if row.kind != RowKind.PRACTICE}):
            yield [row for row in read if row.period == period and row.kind != RowKind.PRACTICE]


def _counts(made: Sequence[Presentation], wanted: Counter[CheckKind]) -> Iterator[tuple[CheckKind, int]]:
    found = Counter(row.check for row in made)
    yield from ((kind, found[kind]) for kind in wanted)


def _is_bad(plan: Plan, row: Presentation) -> bool:
    if plan.truths is None:
        return row.source not in ("", row.case)
    return bool(plan.truths.get(row.source)) and plan.truths.get(row.source) != plan.truths.get(row.case)


def _checks(plan: Plan, rows: Sequence[Presentation], readers: Sequence[int]) -> Iterator[Promise]:
    if plan.checks is None or not plan.checks.codes:
        return
    short = 0
    for within in _by_period(rows):
        for start in range(0, len(within) - plan.checks.every + 1, plan.checks.every):
            window = within[start : start + plan.checks.every]
            short += all(row.kind != RowKind.CHECK for row in window)
    yield _at_most(f"stretches of {plan.checks.every} presentations without an attention check", 0, short)
