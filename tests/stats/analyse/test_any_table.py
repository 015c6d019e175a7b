"""Whatever a small table holds, it is refused in a sentence or analysed without NaN, gaps or doubled lines."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readerstudy.stats.analyse import AnalysisError
from readerstudy.stats.analyse.told import told
from readerstudy.stats.scale import Kind
from tests.stats.analyse.tables import Row, analysed

VALUES = {
    Kind.NOMINAL: ("a", "b", "c"),
    Kind.ORDINAL: (1, 2, 3, 4),
    Kind.INTERVAL: (1.5, 2.25, 3, -4),
    Kind.RATIO: (0, 1.5, 30),
    Kind.RANK: (1, 2, 3),
    Kind.BINARY: ("no", "yes"),
    Kind.CONFIDENCE: (1, 2, 3, 4, 5),
    Kind.PREFERENCE: ("left", "tie", "right"),
}
ARMS = {True: ("A|B", "B|A", "C|A"), False: ("A", "B", "C")}
LABELS = ("estimator", "variant", "arm", "contrast", "reader", "category")


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Row], str, str]:
    kind = draw(st.sampled_from(list(VALUES)))
    preference = kind == Kind.PREFERENCE
    readers = draw(
        st.lists(st.sampled_from(["R1", "R2", "R3", "model:m", "model:n"]), min_size=1, unique=True)
    )
    arms = draw(
        st.lists(st.sampled_from(ARMS[preference]), min_size=int(preference), max_size=3, unique=True)
    ) or [""]
    cases = [f"c{number}" for number in range(1, draw(st.integers(1, 6)) + 1)]
    cell = st.sampled_from((*VALUES[kind], "", "refused", None))
    rows = [
        {"reader": reader, "case": case, "criterion": "x", "arm": arm, "value": value, "side": side}
        for arm in arms
        for case in cases
        for reader in readers
        if (value := draw(cell)) is not None
        for side in [draw(st.sampled_from(["left", "both", ""])) if preference else ""]
    ]
    known = (
        "" if kind in (Kind.INTERVAL, Kind.RATIO) else f", categories: [{', '.join(map(str, VALUES[kind]))}]"
    )
    cut = ", acceptable: '>=3'" if kind in (Kind.ORDINAL, Kind.INTERVAL) else ""
    label = st.sampled_from(VALUES[kind] if kind != Kind.CONFIDENCE else ("0", "1"))
    reference = "".join(f"{case},{draw(label)}\n" for case in cases)
    return (
        rows,
        f"criteria: {{x: {{kind: {kind.value}{known}{cut}}}}}\nresamples: 100",
        f"case,label\n{reference}",
    )


@given(tables(), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_small_table_is_analysed_or_refused(
    tmp_path: Path, table: tuple[list[Row], str, str], planned: bool
) -> None:
    rows, plan, reference = table
    try:
        analysis = analysed(tmp_path, rows, plan=plan if planned else None, reference=reference)
    except AnalysisError:
        if planned:
            raise
        return  # what was guessed may not fit the reference, and that was said
    json.dumps(analysis.as_dict(), allow_nan=False)
    assert told(analysis)
    lines = Counter(tuple(getattr(estimate, name) for name in LABELS) for estimate in analysis.estimates)
    assert {labels: count for labels, count in lines.items() if count > 1} == {}
