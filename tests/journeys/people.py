"""People with a browser of their own; whatever the browser complains about fails the test."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from readerstudy.demo.people import SignIn

DESK, TABLET = {"width": 1366, "height": 768}, {"width": 768, "height": 1024}
PATIENCE = 20_000
PICTURES = bool(os.environ.get("READERSTUDY_PICTURES"))
RUN_AXE = """(rules) => axe.run({ ...rules, resultTypes: ["violations"] })"""
EVERY_RULE: dict[str, object] = {}
ALL_BUT_CONTRAST: dict[str, object] = {"rules": {"color-contrast": {"enabled": False}}}
CONTRAST: dict[str, object] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SEEN_AS = ((DESK, "light"), (TABLET, "dark"))
SEEN_WHOLLY_AS = (*SEEN_AS, (DESK, "dark"), (TABLET, "light"))
SETTLE = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.allSettled([...document.images].map((image) => image.decode()));
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}"""


@dataclass
class Person:
    """One browser context with one page."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    refusals: set[int] = field(default_factory=set)

    @classmethod
    def arrive(cls, browser: Browser, address: str, **options: object) -> Person:
        context = browser.new_context(**{"viewport": DESK, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        person = cls(context, context.new_page(), address)
        person._listen()
        return person

    def _listen(self) -> None:
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._note_response)
        self.page.on("requestfailed", self._note_failure)

    def close_tab(self) -> None:
        """Closes the page as it stands; the person goes on in an empty one of the same browser."""
        self.page.close()
        self.page = self.context.new_page()
        self._listen()

    def sign_in(self, who: SignIn) -> None:
        self.open("/accounts/login/")
        self.page.get_by_label("Email").fill(who.email)
        self.page.get_by_label("Password").fill(who.password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Your studies")).to_be_visible()

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.address + path)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def photograph(
        self, folder: Path, name: str, *, main: bool = False, whole: bool = True, ours: bool = True
    ) -> None:
        """Looks at the page as it stands: it must fit and, where it is `ours`, be accessible, on every look.

        A desk in light and a tablet in dark, and the `main` pages also the other way round. Pictures are only taken
        for the documentation.
        """
        page = self.page
        for number, (size, scheme) in enumerate(SEEN_WHOLLY_AS if main else SEEN_AS):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            too_wide = page.evaluate(SETTLE)
            if PICTURES:
                page.screenshot(path=folder / f"{name}-{size['width']}-{scheme}.png", full_page=whole)
            assert too_wide <= 0, f"{name} is {too_wide} pixels wider than {size}"
            rules = self._rules(name, number, main) if ours else None
            if rules is not None:
                found = self._look_with_axe(rules)
                assert found.violations_count == 0, f"{name}, {size}, {scheme}: {found.generate_report()}"
        page.set_viewport_size(DESK)  # type: ignore[arg-type]

    def _rules(self, name: str, number: int, main: bool) -> dict[str, object] | None:
        """Which rules of axe look at a page in its look of that number; None where none has to.

        Structure is the same in every scheme, and a narrow page has whatever a wide one has, so it is looked at on the
        tablet. Contrast is one of a scheme, whatever the size; it takes most of the time and comes from few colours of
        one stylesheet, so a page that is not `main` shows it in one scheme, its neighbour in the other.
        """
        has_contrast = number < len(SEEN_AS) and (main or number == crc32(name.encode()) % 2)
        if number == SEEN_WHOLLY_AS.index((TABLET, "dark")):
            return EVERY_RULE if has_contrast else ALL_BUT_CONTRAST
        return CONTRAST if has_contrast else None

    def _look_with_axe(self, rules: dict[str, object]) -> AxeResults:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        return AxeResults(self.page.evaluate(RUN_AXE, rules))

    def go_to_the_cases(self, study: str) -> None:
        """Opens the next case of a study, with profile and consent where they are still asked for."""
        page = self.page
        self.open(f"/read/{study}/")
        if page.get_by_label("Specialty").count():
            page.get_by_label("Specialty").fill("Radiology")
            page.get_by_label("Years of experience").fill("9")
            page.get_by_role("button", name="Save and go on").click()
            self.open(f"/read/{study}/")
        if page.get_by_role("button", name="I agree").count():
            page.get_by_role("button", name="I agree").click()
        page.locator("a.button.primary").click()
        expect(page.locator(".rd-foot .open")).not_to_be_empty()

    def forgive_an_outage(self) -> None:
        """Forgets the requests that found nobody; they were the point of the test."""
        self.complaints = [text for text in self.complaints if not text.startswith("net::ERR_")]

    def expect_refusal(self, status: int) -> None:
        """From here on an answer of this status is what the test is about, and no reason to complain."""
        self.refusals.add(status)

    def leave(self) -> None:
        self.context.close()
        assert not self.complaints, self.complaints

    def _note_message(self, message: ConsoleMessage) -> None:
        """Chromium repeats every refused request on the console; the response itself is noted below."""
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.complaints.append(f"{response.status} {response.url}")

    def _note_failure(self, request: Request) -> None:
        """A request that got no answer at all; those that the page itself gave up are its own affair."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure} {request.url}")
