"""The dry runs of all templates as a table for the documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from readerstudy.demo.dry_run.run import Run
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.library import FIRST_STAGE, templates

HEAD = (
    "| template | cases | readers | readings | ratings | promised statistics in the report |",
    "| --- | --- | --- | --- | --- | --- |",
)


def stages() -> Iterator[tuple[str, Document]]:
    """Every stage of every template under the name that the table gives it."""
    for found in templates():
        for name, document in found.stages.items():
            yield found.code if name == FIRST_STAGE else f"{found.code}, {name}", document


def line_of(name: str, run: Run) -> str:
    """One row of the table. What is not in the report stands behind it by its name."""
    there = Counter(each.statistic for each in run.promised if each.is_there)
    told = ", ".join(f"{statistic}{f' × {n}' if n > 1 else ''}" for statistic, n in there.items())
    missing = [each.statistic for each in run.promised if not each.is_there]
    found = f"{run.found} of {len(run.promised)}: {told}"
    if missing:
        found += f"; not there: {', '.join(missing)}"
    return f"| {name} | {run.cases} | {run.readers} | {run.readings} | {run.ratings} | {found} |"
