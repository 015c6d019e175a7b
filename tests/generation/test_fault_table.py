"""The fault table: every scenario through the real queue, with the calls that the vendor's own books show.

`docs/reference/fault-table.md` is what this test found. Where it finds something else it writes the new page under
`READERSTUDY_VAR`; read the difference, and copy it if it is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import timezone

from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Generation, RefusalVerdict, Stage, VendorPause
from readerstudy.providers.connections import simulated_offers
from readerstudy.providers.simulated import ANSWERS, ERRORS, SIGNALS, TRANSPORT, SimulatedVendor, start
from readerstudy.studies.models import Arm, Study
from tests.factories import make_arm, make_case, make_study
from tests.generation.conftest import only

pytestmark = pytest.mark.django_db

PAGE = Path("docs/reference/fault-table.md")
TRIES = 2
BY_STATUS = (
    "400",
    "401",
    "402",
    "403",
    "404",
    "408",
    "413",
    "422",
    "429:7",
    "429:silent",
    "500",
    "503",
    "504",
    "529",
)
BY_WORD = ("quota", "policy_error", "azure_filter")
ON_EVERY_WIRE = (*sorted(ANSWERS), *sorted(SIGNALS), *sorted(TRANSPORT), *BY_WORD)
THE_SAME = (*sorted(ERRORS - set(BY_WORD)), *BY_STATUS)
ENDLESS = ("hang", "drip")
HEAD = f"""# Fault table

What becomes of an output when the vendor does what the first column says, by wire format. A test plays every scenario
of the simulated vendor through the real queue and the real adapters, with at most {TRIES} tries, and writes this page
from the database and from the vendor's own counters.

Each cell: the state of the output, the [outcome](models.md) of the call and the [verdict](refusals.md) on it, or the
code of the failure, and the calls that the vendor counted; “paid?” marks calls that may have been paid for without an
output.

"""
BETWEEN = """
What is told by the HTTP status ends the same on every wire; the contract tests hold every adapter to it.

"""
TAIL = """
Every scenario above that is tried again was also played on the first wire with a vendor that recovers: the output is
then done after two calls.
"""


@pytest.fixture(scope="module")
def vendor() -> Iterator[SimulatedVendor]:
    with start(refusal_rate=0, hedge_rate=0, slow=0.05, drip=0.05, retry_after=0) as running:
        yield running


def test_every_scenario_ends_as_the_page_says_on_every_wire(
    vendor: SimulatedVendor, settings: Any, work: Callable[[], int]
) -> None:
    settings.MAX_ATTEMPTS = TRIES
    settings.CONNECTIONS = {offer.connection.name: offer for offer in simulated_offers(vendor.url)}
    first = next(iter(settings.CONNECTIONS))
    columns = {name: column(vendor, settings, work, name, ON_EVERY_WIRE) for name in settings.CONNECTIONS}
    by_status = column(vendor, settings, work, first, THE_SAME)
    tables = HEAD + as_table(ON_EVERY_WIRE, columns) + BETWEEN + as_table(THE_SAME, {"every wire": by_status})
    tried_again = [name for name, cell in {**columns[first], **by_status}.items() if f", {TRIES}" in cell]
    a_vendor_that_recovers_is_no_loss(vendor, settings, work, first, tried_again)
    is_as_written(tables + TAIL)


def is_as_written(found: str) -> None:
    written = Path(configured.BASE_DIR, PAGE).read_text()
    if found != written:
        Path(configured.VAR, PAGE.name).write_text(found)
    assert found == written


def column(
    vendor: SimulatedVendor, settings: Any, work: Callable[[], int], connection: str, scenarios: Sequence[str]
) -> dict[str, str]:
    """What every scenario came to on one connection."""
    arms = worked_through(vendor, settings, work, connection, scenarios)
    return {scenario: ending(vendor, Generation.objects.get(arm=arm)) for scenario, arm in arms.items()}


def a_vendor_that_recovers_is_no_loss(
    vendor: SimulatedVendor, settings: Any, work: Callable[[], int], connection: str, scenarios: Sequence[str]
) -> None:
    assert len(scenarios) > 15
    for arm in worked_through(
        vendor, settings, work, connection, [f"{name}*1" for name in scenarios]
    ).values():
        row = Generation.objects.get(arm=arm)
        assert (row.stage, row.attempts.count()) == (Stage.DONE, 2)
        assert row.interpretation.text


def worked_through(
    vendor: SimulatedVendor, settings: Any, work: Callable[[], int], connection: str, scenarios: Sequence[str]
) -> dict[str, Arm]:
    """An arm for each scenario, whose one output has been worked on until nothing is left; what hangs comes last."""
    vendor.reset()
    study = make_study()
    make_case(study)
    arms = {name: make_arm(study, connection=connection, prompt=mark(name)) for name in scenarios}
    actions.queue_generations(study=study, by=study.created_by)
    endless = {arm.pk for name, arm in arms.items() if name.startswith(ENDLESS)}
    work_off(settings, work, {arm.pk for arm in arms.values()} - endless, seconds=60)
    work_off(settings, work, endless, seconds=0.5)
    account_for_every_call(vendor, study)
    return arms


def mark(scenario: str) -> str:
    return f"Describe. [[simulated:{scenario}]]"


def work_off(settings: Any, work: Callable[[], int], arms: set[int], *, seconds: float) -> None:
    settings.CALL_DEADLINE_SECONDS = seconds
    while Generation.objects.filter(stage=Stage.QUEUED, arm__in=arms).exists():
        only(arm__in=arms)
        VendorPause.objects.update(until=timezone.now() - timedelta(seconds=1))
        assert work()


def ending(vendor: SimulatedVendor, row: Generation) -> str:
    """One cell: state, outcome and verdict or the code of the failure, calls counted by the server."""
    attempts = list(row.attempts.order_by("number"))
    books = vendor.stats()["by_attempt"]
    calls = sum(books[attempt.key]["received"] for attempt in attempts)
    assert calls == len(attempts)
    if row.stage == Stage.DONE:
        verdict = RefusalVerdict.objects.get(interpretation__generation=row).verdict
        what = f"{attempts[-1].outcome}, {verdict}"
    else:
        (what,) = {attempt.error_code for attempt in attempts}
        assert row.failure.endswith(".")
    paid = ", paid?" if any(attempt.is_possibly_paid for attempt in attempts) else ""
    return f"{row.stage}, {what}, {calls}{paid}"


def account_for_every_call(vendor: SimulatedVendor, study: Study) -> None:
    """The vendor saw each of our attempts once, and nothing else."""
    keys = set(Attempt.objects.filter(generation__arm__study=study).values_list("key", flat=True))
    stats = vendor.stats()
    assert set(stats["by_attempt"]) == keys
    assert stats["received"] == len(keys)
    assert (stats["unauthorised"], stats["rejected"], stats["without_attempt_id"]) == (0, 0, 0)
    assert stats["answered_more_than_once"] == []


def as_table(scenarios: Sequence[str], columns: dict[str, dict[str, str]]) -> str:
    names = [name.removeprefix("simulated-") for name in columns]
    lines = [f"| scenario | {' | '.join(names)} |", "|" + " --- |" * (len(names) + 1)]
    for scenario in scenarios:
        cells = " | ".join(column[scenario] for column in columns.values())
        lines.append(f"| `{scenario}` | {cells} |")
    return "\n".join(lines) + "\n"
