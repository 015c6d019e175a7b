"""Model calls a second through queue, worker, adapter and database, against the bound and against the bare SDK.

For 8 and 32 calls at once and a vendor that takes 0.2 s and 1 s, one worker process with half more threads makes the
outputs of a study; the bound is calls at once ÷ latency, and the baseline is a loop over the vendor's own SDK in as
many threads as calls at once, in the same run. The simulated vendor counts the calls. Prints JSON.
Run: python -m benchmarks.generation [--seconds 15]
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.folder import use_folder_of_its_own

AT_ONCE, LATENCIES, CASES, MOST_CALLS = (8, 32), (0.2, 1.0), 80, 2000
PROMPT = "Describe the findings and give an impression."


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=15, help="how long each run takes at the bound")
    chosen = options.parse_args()
    use_folder_of_its_own()
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    print(json.dumps(measure(chosen.seconds), indent=1))


def measure(seconds: float) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded

    database = embedded.hold(settings.VAR).url if settings.EMBEDDED_DATABASE else settings.DATABASE_URL
    call_command("migrate", interactive=False, verbosity=0)
    found: dict[str, Any] = {
        "broker": "redis" if settings.REDIS_URL else "files",
        "target": "at least 0.95 of the bound",
    }
    for at_once in AT_ONCE:
        for latency in LATENCIES:
            name = f"{at_once} at once, {latency:g} s"
            found[name] = measure_one(database, at_once=at_once, latency=latency, seconds=seconds)
    return found


def measure_one(database: str, *, at_once: int, latency: float, seconds: float) -> dict[str, Any]:
    from readerstudy.generation.actions import set_limits

    bound, threads = at_once / latency, at_once * 3 // 2
    calls = min(MOST_CALLS, int(bound * seconds))
    limits = {"requests_per_minute": None, "tokens_per_minute": None, "calls_at_once": at_once}
    with processes(database, threads=threads, latency=latency) as vendor:
        bare = through_the_sdk(vendor, threads=at_once, calls=calls)
        set_limits(connection="simulated-openai", **limits, by=a_study(1).created_by)
        before = stats(vendor)
        made = through_the_queue(calls, warm_up=threads)
        after = stats(vendor)
    return {
        "calls": calls,
        "threads": threads,
        "bound_per_second": bound,
        "per_second": round(made["per_second"], 2),
        "ratio_to_bound": round(made["per_second"] / bound, 3),
        "sdk_per_second": round(bare, 2),
        "ratio_to_sdk": round(made["per_second"] / bare, 3),
        "duplicates": int(after["received"]) - int(before["received"]) - calls - threads,
        "most_calls_at_once": after["max_in_flight"],
        "failed": made["failed"],
        "median_seconds_of_a_call": made["median_seconds"],
    }


@contextmanager
def processes(database: str, *, threads: int, latency: float) -> Iterator[str]:
    """The simulated vendor, a worker and a beat; yields the vendor's address."""
    from django.conf import settings

    from readerstudy.demo.processes import Processes, answers, free_port, wait_until

    port = free_port()
    address = f"http://127.0.0.1:{port}"
    shared = {
        "DATABASE_URL": database,
        "READERSTUDY_VAR": str(settings.VAR),
        "SIMULATED_VENDOR_URL": address,
        "WORKER_THREADS": str(threads),
    }
    running = Processes(shared, Path(settings.VAR) / "log")
    running.start(
        "vendor", "-m", "readerstudy.providers.simulated", "--port", str(port), "--latency", str(latency)
    )  # fmt: skip
    celery = ("-m", "celery", "-A", "readerstudy.celery", "--quiet")
    running.start("worker", *celery, "worker", "--without-gossip", "--without-mingle")
    running.start("beat", *celery, "beat")
    settings.CELERY_WORKER_CONCURRENCY = threads
    settings.CONNECTIONS = connections(address)
    try:
        wait_until(lambda: answers(f"{address}/__health"), seconds=60, what="The simulated vendor's start")
        yield address
    finally:
        running.stop()


def connections(address: str) -> dict[str, Any]:
    from readerstudy.providers.connections import read_connections

    return read_connections({"SIMULATED_VENDOR_URL": address}.get)  # type: ignore[arg-type]  # missing names are None


def through_the_queue(calls: int, *, warm_up: int) -> dict[str, Any]:
    """Outputs a second from the moment they are asked for, once the worker is warm."""
    from django.db.models import Count, Max, Q

    from readerstudy.demo.processes import wait_until
    from readerstudy.generation.actions import queue_generations
    from readerstudy.generation.models import Attempt, Generation

    def make(study: Any) -> float:
        started = time.time()
        queue_generations(study=study, by=study.created_by)
        rows = Generation.objects.filter(arm__study=study)
        wait_until(lambda: not rows.exclude(stage__in=("done", "failed")).exists(), seconds=900, what="A run")
        last = rows.aggregate(last=Max("finished_at"))["last"]
        return float(last.timestamp() - started)

    make(a_study(warm_up))
    study = a_study(calls)
    seconds = make(study)
    rows = Generation.objects.filter(arm__study=study)
    count = rows.aggregate(failed=Count("pk", filter=Q(stage="failed")))
    took = list(Attempt.objects.filter(generation__in=rows, seconds__gt=0).values_list("seconds", flat=True))
    return {
        "per_second": calls / seconds,
        "failed": count["failed"],
        "median_seconds": round(statistics.median(took), 3),
    }


def a_study(calls: int) -> Any:
    """A study that wants exactly so many outputs: some cases, and as many arms as that takes."""
    from tests import factories

    study = factories.make_study(title="Benchmark")
    cases = next(number for number in range(min(CASES, calls), 0, -1) if calls % number == 0)
    for _case in range(cases):
        factories.make_case(study)
    for number in range(calls // cases):
        factories.make_arm(study, name=f"Arm {number}", prompt=f"{PROMPT} Version {number}.")
    return study


def through_the_sdk(address: str, *, threads: int, calls: int) -> float:
    """Calls a second of the OpenAI SDK alone, one client in as many threads."""
    import openai

    client = openai.OpenAI(api_key="simulated", base_url=f"{address}/v1", max_retries=0)
    url = f"data:image/png;base64,{base64.b64encode(a_picture()).decode()}"
    content: Any = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": PROMPT}]

    def call(_number: int) -> None:
        client.chat.completions.create(model="sim-alpha", messages=[{"role": "user", "content": content}])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(call, range(threads)))
        started = time.perf_counter()
        list(pool.map(call, range(calls)))
        return calls / (time.perf_counter() - started)


def a_picture() -> bytes:
    from readerstudy.cases.models import Case
    from readerstudy.cases.pixels import images_for_vendor

    case = Case.objects.first() or a_study(1).cases.get()
    return images_for_vendor(case)[0][2]


def stats(address: str, *, attempts: bool = False) -> dict[str, Any]:
    """The vendor's own books, with each attempt's account where that is asked for."""
    import urllib.request

    with urllib.request.urlopen(f"{address}/__stats?attempts={int(attempts)}", timeout=30) as reply:
        return dict(json.load(reply))


if __name__ == "__main__":
    main()
