"""Model calls a second under limits that workers share, against the bound min(rate limit, calls at once ÷ latency).

Workers have half more threads than calls may be out at once, because a call's place is free again as soon as its reply
is there: the other threads prepare and store meanwhile. One worker process alone, one with a limit of calls a minute,
and two in network namespaces of their own that share limits through PostgreSQL; where the machine allows no namespaces,
two processes, and the result says so. The simulated vendor counts in a sliding window and answers 429 to what is above
the limit. Prints JSON. Run: python -m benchmarks.limits [--calls 2000]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks import relay
from benchmarks.folder import use_folder_of_its_own
from benchmarks.generation import a_study, connections, stats, through_the_queue

LATENCY, AT_ONCE, THREADS, PER_MINUTE = 1.0, 32, 48, 1200
BECOME = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
CELERY = ("-A", "readerstudy.celery", "--quiet")
RUNS: dict[str, dict[str, Any]] = {
    "one worker": {"workers": 1, "at_once": AT_ONCE, "per_minute": None},
    "one worker, calls a minute limited": {"workers": 1, "at_once": None, "per_minute": PER_MINUTE},
    "two workers, calls a minute limited": {"workers": 2, "at_once": AT_ONCE, "per_minute": PER_MINUTE},
    "two workers, calls at once limited": {"workers": 2, "at_once": AT_ONCE, "per_minute": None},
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=2000)
    options.add_argument("--only", default="", help="a part of the name of the runs to make")
    chosen = options.parse_args()
    use_folder_of_its_own()
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    print(json.dumps(measure(chosen.calls, chosen.only), indent=1))


def measure(calls: int, only: str) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded

    database = embedded.hold(settings.VAR).url if settings.EMBEDDED_DATABASE else settings.DATABASE_URL
    call_command("migrate", interactive=False, verbosity=0)
    runs = {name: run for name, run in RUNS.items() if only in name}
    found: dict[str, Any] = {"target": "0.95 to 1 of the bound, and no call above a limit"}
    apart = relay.is_possible()
    found["network"] = (
        "a namespace for each worker" if apart else "one namespace: the machine allows no other"
    )
    for name, run in runs.items():
        found[name] = measure_one(database, apart=apart, calls=calls, **run)
    return found


def measure_one(
    database: str, *, apart: bool, calls: int, workers: int, at_once: int | None, per_minute: int | None
) -> dict[str, Any]:
    from readerstudy.generation.actions import set_limits

    bound = min((at_once or THREADS) / LATENCY, (per_minute or 10**9) / 60)
    with processes(database, apart=apart and workers > 1, workers=workers, per_minute=per_minute) as house:
        vendor, running = house
        set_limits(
            connection="simulated-openai",
            requests_per_minute=per_minute,
            tokens_per_minute=None,
            calls_at_once=at_once,
            by=a_study(1).created_by,
        )
        before, spent = stats(vendor), cpu_seconds(running, "worker")
        made = through_the_queue(calls, warm_up=AT_ONCE)
        after, spent = stats(vendor), cpu_seconds(running, "worker") - spent
    return {
        "calls": calls,
        "threads_of_all_workers": THREADS,
        "calls_at_once_allowed": at_once,
        "bound_per_second": bound,
        "per_second": round(made["per_second"], 2),
        "ratio_to_bound": round(made["per_second"] / bound, 3),
        "duplicates": after["received"] - before["received"] - calls - AT_ONCE,
        "above_the_calls_a_minute": after["by_status"].get("429", 0),
        "most_calls_at_once": after["max_in_flight"],
        "failed": made["failed"],
        "median_seconds_of_a_call": made["median_seconds"],
        "cpu_ms_of_the_workers_a_call": round(1000 * spent / (calls + AT_ONCE), 1),
    }


@contextmanager
def processes(
    database: str, *, apart: bool, workers: int, per_minute: int | None
) -> Iterator[tuple[str, Any]]:
    """The vendor and beat here, and the workers here or each in a namespace; yields the vendor's address and all."""
    from django.conf import settings

    from readerstudy.demo.processes import Processes, answers, free_port, wait_until

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    logs = Path(settings.VAR) / "log"
    here = Processes(
        {
            "DATABASE_URL": database,
            "READERSTUDY_VAR": str(settings.VAR),
            "WORKER_THREADS": str(THREADS // workers),
            "SIMULATED_VENDOR_URL": address,
        },
        logs,
    )
    limit = ("--requests-per-minute", str(per_minute)) if per_minute else ()
    here.start(
        "vendor",
        "-m",
        "readerstudy.providers.simulated",
        "--port",
        str(port),
        "--latency",
        str(LATENCY),
        *limit,
    )
    socket = str(Path(settings.VAR) / "relay.sock")
    if apart:
        here.start("relay", "-m", "benchmarks.relay", "here", socket, str(port))
    inside = (
        "-c",
        BECOME,
        "unshare",
        "--net",
        sys.executable,
        "-m",
        "benchmarks.relay",
        "inside",
        socket,
        str(port),
        "--",
    )
    for number in range(1, workers + 1):
        worker = ("worker", "--without-gossip", "--without-mingle", "-n", f"worker{number}@%h")
        here.start(f"worker-{number}", *(inside if apart else ()), "-m", "celery", *CELERY, *worker)
    here.start("beat", "-m", "celery", *CELERY, "beat")
    settings.CELERY_WORKER_CONCURRENCY = THREADS
    settings.CONNECTIONS = connections(address)
    try:
        wait_until(lambda: answers(f"{address}/__health"), seconds=60, what="The simulated vendor's start")
        yield address, here
    finally:
        here.stop()


def cpu_seconds(running: Any, name: str) -> float:
    """What the processes whose name begins so have used since their start, with those they started."""
    sessions = {child.pid for each, child in running.children.items() if each.startswith(name)}
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) in sessions:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
