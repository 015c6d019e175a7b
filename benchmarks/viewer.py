"""Time to the first image on the reader's page, against the bare preview in the same browser.

Starts PostgreSQL and gunicorn as `make demo` does, and makes a study of radiographs of 1841 x 1955 pixels at 16 bits.
Cold: an empty cache, 10 Mbit/s and 40 ms; from navigation until the preview is drawn, and until the full range is; the
baseline opens the preview's own address. Warm: the next case is prefetched; from the key press until its first image
is drawn. Prints JSON. Run: python -m benchmarks.viewer [--cases 6]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.folder import use_folder_of_its_own

WIDTH, HEIGHT = 1841, 1955
BYTES_A_SECOND = 10_000_000 / 8
LATENCY_MS = 40
COLD_RUNS = 3
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--no-sandbox"]

WATCH = """
window.drawn = {};
const look = () => {
  const viewer = document.querySelector("rs-viewer");
  const image = document.images[0];
  const full = viewer?.size && viewer.isFull && viewer.waiting === null;
  if (full || (image?.complete && image.naturalWidth)) window.drawn.first ??= performance.now();
  if (full) window.drawn.full = performance.now();
  if (!window.drawn.full) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
WARM = """() => {
  const before = document.querySelector("rs-viewer");
  window.warm = null;
  let pressed;
  addEventListener("keydown", (event) => { pressed ??= event.timeStamp; }, { capture: true, once: true });
  const look = () => {
    const viewer = document.querySelector("rs-viewer");
    const drawn = viewer !== before && viewer?.size && viewer.waiting === null && (viewer.preview || viewer.isFull);
    const [asked] = performance.getEntriesByType("resource").filter((entry) => entry.startTime >= pressed);
    if (drawn) window.warm = { image: performance.now() - pressed, answer: asked.responseEnd - pressed };
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
PREFETCHED = """async () => {
  const urls = document.querySelector("#reading").dataset.prefetch.split(" ").filter(Boolean);
  await customElements.get("rs-viewer").prefetch(urls);
  return urls.length;
}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=6)
    chosen = options.parse_args()
    use_folder_of_its_own()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs beside Django's database
    print(json.dumps(measure(cases=chosen.cases), indent=1))


def measure(*, cases: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded
    from readerstudy.demo.processes import Processes, answers, free_port, wait_until, web_command

    database = embedded.hold(settings.VAR).url if settings.EMBEDDED_DATABASE else settings.DATABASE_URL
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    session, path = make_study(cases)
    port = free_port()
    shared = {"DATABASE_URL": database, "READERSTUDY_VAR": str(settings.VAR)}
    processes = Processes(shared, Path(settings.VAR) / "log")
    processes.start("web", *web_command(port))
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(f"{address}/health/"), seconds=60, what="The web server's start")
        return look(address, session, path, cases)
    finally:
        processes.stop()


def radiograph(seed: int) -> bytes:
    """A PNG of (HEIGHT, WIDTH) uint16: smooth shades with the noise of a detector."""
    import numpy as np

    from readerstudy.imaging.products import encode_png

    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shades = 20_000 + 12_000 * np.sin(columns / 300 + seed) * np.cos(rows / 400)
    noise = np.random.default_rng(seed).normal(0, 40, (HEIGHT, WIDTH))
    return encode_png((shades + noise).astype(np.uint16))


def make_study(cases: int) -> tuple[str, str]:
    """A running study with one reader; returns the reader's session and the address of the first case."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.urls import reverse

    from readerstudy.cases.actions import confirm_images
    from readerstudy.cases.models import Case, Image
    from readerstudy.cases.rendering import render_uploads
    from readerstudy.reading.actions import start_study
    from readerstudy.reading.models import Allocation
    from tests import factories
    from tests.cases.files import receive

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    study = factories.make_study(title="Benchmark")
    arm = factories.make_arm(study)
    factories.make_criterion(study)
    uploads = [receive(study, radiograph(number)).pk for number in range(cases)]
    list(render_uploads(uploads))
    confirm_images(images=Image.objects.of(study), by=study.created_by)
    for case in Case.objects.of(study):
        factories.make_output(arm, case, text="The lungs are clear. " * 12)
    seat = factories.make_reader(study)
    factories.freeze(study)
    study = start_study(study=study, by=study.created_by)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(seat.user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = seat.user.get_session_auth_hash()
    session.create()
    first = Allocation.objects.of(seat)[0]
    return session.session_key, reverse("reading:read", args=[study.key, first.key])


def look(address: str, session: str, path: str, cases: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    from tests.prerequisites import find_chromium

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        cold = [open_cold(chromium, address, session, path) for _run in range(COLD_RUNS)]
        bare = [open_cold(chromium, address, session, cold[0]["preview"]) for _run in range(COLD_RUNS)]
        warm = read_on(chromium, address, session, path, cases)
        chromium.close()
    first, baseline = median(run["first"] for run in cold), median(run["first"] for run in bare)
    return {
        "pixels": f"{WIDTH}x{HEIGHT}, 16 bits",
        "network": "10 Mbit/s, 40 ms",
        "cold_preview_ms": round(first),
        "cold_full_range_ms": round(median(run["full"] for run in cold)),
        "bare_preview_ms": round(baseline),
        "ratio_to_bare": round(first / baseline, 2),
        "warm_cases": len(warm),
        "warm_answer_ms": spread([run["answer"] for run in warm]),
        "warm_first_image_ms": spread([run["image"] for run in warm]),
        "target": "cold preview at most 1000 ms, warm first image at most 150 ms",
    }


def spread(values: list[float]) -> dict[str, int]:
    return {"median": round(median(values)), "worst": round(max(values))}


def visit(chromium: Any, address: str, session: str) -> Any:
    """A page of a fresh browser context, signed in."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
    return context.new_page()


def open_cold(chromium: Any, address: str, session: str, path: str) -> dict[str, Any]:
    page = visit(chromium, address, session)
    network = page.context.new_cdp_session(page)
    rates = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **rates})
    page.add_init_script(WATCH)
    page.goto(address + path, wait_until="commit")
    if page.evaluate("() => document.contentType").startswith("image/"):
        page.wait_for_function("() => window.drawn.first")
        drawn: dict[str, Any] = page.evaluate("() => window.drawn")
    else:
        page.wait_for_function("() => window.drawn.full")
        drawn = page.evaluate("() => window.drawn")
        drawn["preview"] = page.locator("rs-viewer").first.get_attribute("data-preview")
    page.context.close()
    return drawn


def read_on(chromium: Any, address: str, session: str, path: str, cases: int) -> list[dict[str, float]]:
    """Milliseconds from Enter to the server's answer and to the first image, for every case after the first."""
    page = visit(chromium, address, session)
    page.goto(address + path)
    page.wait_for_function("() => document.querySelector('#reading').reading")
    found = []
    for _case in range(cases - 1):
        page.evaluate(PREFETCHED)
        page.keyboard.press("4")
        page.wait_for_function("() => document.querySelector('rs-outbox').dataset.state === 'saved'")
        page.evaluate(WARM)
        page.keyboard.press("Enter")
        page.wait_for_function("() => window.warm")
        found.append(page.evaluate("() => window.warm"))
    page.context.close()
    return found


if __name__ == "__main__":
    main()
