"""People with a browser of their own; whatever the browser complains about fails the test."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from readerstudy.demo.people import SignIn

DESK, TABLET = {"width": 1366, "height": 768}, {"width": 768, "height": 1024}
PATIENCE = 20_000


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
        person.page.on("console", person._note_message)
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        person.page.on("response", person._note_response)
        person.page.on("requestfailed", person._note_failure)
        return person

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
