"""Every page that a person can open: whole, accessible and without a complaint, in light and dark, on desk and tablet.

The pictures stay in the run's folder; `make screenshots` copies them into the documentation.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image as Picture
from playwright.sync_api import Browser, expect

from readerstudy.demo.people import ADJUDICATOR, COORDINATOR, READER, RESEARCHER, SignIn
from readerstudy.imaging.phantoms import draw_fundus, encode_png
from tests.journeys.people import Person
from tests.journeys.site import Demo

STAFF = SignIn("staff", "staff@demo.example", "demo-site-staff", "Site staff")

# Name of the picture, name of the view, and what stands in its address after the key of the study.
STUDY_PAGES = (
    ("overview", "studies:detail"),
    ("settings", "studies:settings"),
    ("protocol-file", "studies:protocol"),
    ("arms", "studies:arms"),
    ("questions", "studies:questions"),
    ("rubrics", "studies:rubrics"),
    ("life", "studies:life"),
    ("ethics", "studies:ethics"),
    ("languages", "studies:languages"),
    ("amend", "studies:amend"),
    ("unblind-early", "studies:unblind_early"),
    ("copy", "studies:copy"),
    ("audit", "studies:audit"),
    ("images", "cases:images"),
    ("places", "cases:places"),
    ("files", "cases:fates"),
    ("labels", "cases:labels"),
    ("image-rules", "cases:rules"),
    ("tells", "cases:tells"),
    ("purposes", "cases:purposes"),
    ("terms", "cases:terms"),
    ("new-terms", "cases:add_terms"),
    ("reference-marks", "cases:marks"),
    ("prompts", "generation:prompts"),
    ("outputs", "generation:outputs"),
    ("costs", "generation:costs"),
    ("limits", "generation:limits"),
    ("calls", "generation:attempts"),
    ("texts", "generation:texts"),
    ("verdicts", "generation:verdicts"),
    ("verdicts-choice", "generation:choose_verdicts"),
    ("agreement", "generation:agreement"),
    ("leaks", "generation:leaks"),
    ("text-rules", "generation:text_rules"),
    ("freeze", "generation:freeze"),
    ("judging-model", "generation:judging"),
    ("readers", "reading:readers"),
    ("plan", "reading:plan"),
    ("allocation", "reading:allocation"),
    ("practice", "reading:practice"),
    ("disagreements", "reading:adjudications"),
    ("sample-size", "reading:sample_size"),
    ("report", "analysis:report"),
    ("take-away", "analysis:files"),
    ("report-part", "analysis:part"),
    ("report-cases", "analysis:cases"),
    ("tokens", "api:tokens"),
    ("departures", "generation:departures"),
    ("write-texts", "generation:write"),
)
DRAFT_PAGES = (
    "overview",
    "settings",
    "arms",
    "questions",
    "images",
    "places",
    "labels",
    "image-rules",
    "tells",
    "purposes",
    "terms",
    "reference-marks",
    "prompts",
    "outputs",
    "readers",
    "report",
)
OWN_PAGES = (
    ("studies", "studies:list"),
    ("new-study", "studies:create"),
    ("templates", "studies:gallery"),
    ("protocol-file-load", "studies:load"),
    ("analyse", "analyse"),
    ("account", "accounts:account"),
    ("signed-in", "accounts:signed_in"),
    ("profile", "accounts:profile"),
    ("password", "account_change_password"),
    ("second-factor", "mfa_index"),
    ("second-factor-setup", "mfa_activate_totp"),
    ("providers", "providers:cards"),
    ("sign-out", "account_logout"),
)
STRANGERS_PAGES = (
    ("sign-in", "account_login"),
    ("password-forgotten", "account_reset_password"),
    ("password-mail-sent", "account_reset_password_done"),
    ("sign-up", "account_signup"),
)
SEEN_ELSEWHERE = {
    "studies:template",
    "reading:preview",
    "studies:deed",
    "studies:language",  # in tests/languages/test_study_texts.py and seen in the reader's journey there
    "cases:look",
    "cases:edit_terms",  # the same form as the page of a new set
    "studies:edit_arm",
    "studies:add_arm",
    "studies:edit_question",
    "studies:add_question",
    "studies:new_question",
    "studies:rubric",
    "generation:attempt",
    "generation:import",
    "generation:write_case",
    "providers:edit_card",
    "generation:levelled",
    "generation:judge_again",
    "generation:new_prompt",
    "generation:edit_prompt",
    "generation:prompt",
    "generation:trial",
    "reading:start",
    "reading:replace",
    "reading:read",
    "reading:tutorial",
    "reading:pause",
    "reading:exit",
    "reading:background",  # this one and the next in tests/reading/test_path_browser.py
    "reading:feedback",
    "reading:practice_case",
    "analysis:case",
    "analysis:screen",
    "reading:adjudicate",
    "reading:adjudication",
    "accounts:accept_invitation",
    "home",  # leads to the studies
}
NO_PAGES = {  # answers to a form, parts of a page, downloads and pictures
    "studies:start_template", "studies:template_file", "studies:protocol_file", "reading:preview_image",
    "health", "accounts:theme", "accounts:language", "accounts:second_factor_picture",
    "generation:try_cases", "generation:set_budget", "generation:set_price",
    "generation:try", "studies:cross_arm", "studies:remove_arm",
    "studies:change_question", "studies:order_questions", "studies:use_rubric",
    "studies:look_at_amendment", "studies:sign_amendment",
    "cases:upload", "cases:report", "cases:erase_names", "cases:confirm", "cases:label_table",
    "cases:confirm_labels", "cases:thumbnail", "cases:take_back", "cases:start_looking", "cases:settle",
    "cases:attest", "cases:known", "cases:start_transfer", "cases:transfer", "cases:recipes",
    "cases:mask", "cases:retry_mask", "cases:masking", "cases:pixels",
    "generation:progress", "generation:start", "generation:retry", "generation:hold", "generation:release",
    "generation:judge", "generation:confirm_import",
    "generation:give_verdict", "generation:approve_arm", "generation:redact", "generation:freeze_now",
    "generation:frozen_manifest",
    "generation:judge_progress", "generation:switch_on_judge", "generation:switch_off_judge",
    "generation:departures_csv", "generation:departed_images",
    "generation:go_on_writing", "generation:keep_draft", "generation:finish_text", "generation:writing_image",
    "analysis:file",
    "analysis:outputs", "analysis:figure", "analysis:ratings", "analysis:codebook", "analysis:html", "analysis:json",
    "analysis:case_image",
    "reading:consent", "reading:resume", "reading:stop", "reading:rate", "reading:submit", "reading:image",
    "reading:screen", "reading:sign", "reading:certificate", "reading:practise_again", "reading:practice_table",
    "reading:practice_upload", "reading:grant_practice",
    "reading:adjudicate_next", "reading:stop_adjudicating", "reading:settle", "reading:finish_adjudication",
    "reading:adjudication_image", "reading:reassign_adjudication", "reading:close_adjudication", "reading:remind",
    "reading:plan_preview", "reading:join", "reading:release", "analysis:readers",
    "reading:board", "reading:show_link", "reading:remove", "api:revoke_token",
}  # fmt: skip
OF_LIBRARIES = ("admin", "account_", "mfa_", "api:")


@pytest.fixture
def draft(browser: Browser, demo: Demo) -> Iterator[str]:
    """The key of a study that was just made."""
    coordinator = Person.arrive(browser, demo.address)
    coordinator.sign_in(COORDINATOR)
    page = coordinator.page
    coordinator.open(reverse("studies:create"))
    page.get_by_label("Title").fill("Fundus photographs: second pilot")
    page.get_by_role("button", name="Make the study").click()
    yield page.url.rstrip("/").rsplit("/", 1)[1]
    coordinator.leave()


def test_a_stranger(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    stranger = arrive()
    for name, view in STRANGERS_PAGES:
        stranger.open(reverse(view))
        stranger.photograph(pictures, name)
    stranger.expect_refusal(404)
    stranger.expect_refusal(410)
    stranger.open("/nowhere/")
    stranger.photograph(pictures, "not-found")
    stranger.open(reverse("accounts:accept_invitation", args=[1, "not-a-token"]))
    stranger.photograph(pictures, "invitation-closed")


def test_a_coordinator(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    coordinator = arrive()
    coordinator.sign_in(COORDINATOR)
    coordinator.open(reverse("studies:template", args=["T01"]))
    coordinator.photograph(pictures, "template")
    coordinator.open(reverse("reading:preview", args=["T17", "study"]))
    coordinator.photograph(pictures, "template-screen")
    for name, view in OWN_PAGES:
        coordinator.open(reverse(view))
        if "reauthenticate" in coordinator.page.url:
            coordinator.photograph(pictures, "password-again")
            coordinator.page.get_by_label("Password").fill(COORDINATOR.password)
            coordinator.page.get_by_role("button", name="Confirm").click()
        coordinator.photograph(pictures, name)
    for name, view in STUDY_PAGES:
        coordinator.open(reverse(view, args=[demo.study]))
        coordinator.photograph(pictures, name)


def test_a_coordinator_who_begins(
    arrive: Callable[..., Person], draft: str, pictures: Path, tmp_path: Path
) -> None:
    coordinator = arrive()
    coordinator.sign_in(COORDINATOR)
    views = dict(STUDY_PAGES)
    for name in DRAFT_PAGES:
        coordinator.open(reverse(views[name], args=[draft]))
        coordinator.photograph(pictures, f"begun-{name}")
    coordinator.open(reverse("studies:deed", args=[draft, "lock"]))
    coordinator.photograph(pictures, "lock")
    coordinator.open(reverse("studies:add_arm", args=[draft]))
    coordinator.photograph(pictures, "new-arm")
    coordinator.page.locator("main button[type=submit].primary").click()
    coordinator.photograph(pictures, "new-arm-unfilled")
    photograph_questions(coordinator, draft, pictures)
    photograph_recorded_outputs(coordinator, draft, pictures, tmp_path)
    photograph_an_invitation(coordinator, draft, pictures, arrive)


def photograph_questions(coordinator: Person, draft: str, pictures: Path) -> None:
    """Every kind with its picture, a question that is not written yet, and a ready rubric."""
    coordinator.open(reverse("studies:add_question", args=[draft]))
    coordinator.photograph(pictures, "question-kinds")
    coordinator.open(reverse("studies:new_question", args=[draft, "likert"]))
    coordinator.photograph(pictures, "new-question")
    coordinator.expect_refusal(422)
    coordinator.page.locator("main button[type=submit].primary").click()
    coordinator.photograph(pictures, "new-question-unfilled")
    coordinator.open(reverse("studies:rubric", args=[draft, "radpref-grid"]))
    coordinator.photograph(pictures, "rubric")
    coordinator.page.get_by_role("button", name="Use this rubric").click()
    coordinator.photograph(pictures, "questions-of-a-rubric")


def photograph_recorded_outputs(coordinator: Person, draft: str, pictures: Path, folder: Path) -> None:
    """An arm whose outputs were made elsewhere, and a table that names cases which are not there."""
    page = coordinator.page
    upload_two_images(coordinator, draft, folder)
    coordinator.photograph(pictures, "images-rendered")
    photograph_a_look(coordinator, draft, pictures, folder)
    photograph_practice(coordinator, draft, pictures)
    photograph_places(coordinator, draft, pictures, folder)
    coordinator.open(reverse("studies:add_arm", args=[draft]))
    page.get_by_label("Name", exact=True).fill("Report of the day")
    page.get_by_label("Source").select_option("imported")
    page.get_by_role("button", name="Save the arm").click()
    page.get_by_role("link", name="Report of the day").click()
    coordinator.photograph(pictures, "arm-recorded-elsewhere")
    coordinator.open(reverse("generation:outputs", args=[draft]))
    page.get_by_role("link", name="Import outputs").first.click()
    coordinator.photograph(pictures, "import")
    table = folder / "outputs.csv"
    table.write_text("case,text\nno-such-case,Both lungs are clear.\n")
    coordinator.expect_refusal(422)
    page.set_input_files("input[type=file]", table)
    page.locator("main form button[type=submit].primary").click()
    expect(page.get_by_text("Line 2")).to_be_visible()
    coordinator.photograph(pictures, "import-refused")


def upload_two_images(coordinator: Person, draft: str, folder: Path) -> None:
    files = [folder / f"eye-{number}.png" for number in range(2)]
    for number, file in enumerate(files):
        file.write_bytes(encode_png(draw_fundus(seed=number, size=512)))
    upload_files(coordinator, draft, files, rendered=2)
    coordinator.open(reverse("cases:images", args=[draft]))


def upload_files(coordinator: Person, draft: str, files: list[Path], *, rendered: int) -> None:
    """Sends files and waits until the study has `rendered` of them."""
    page = coordinator.page
    coordinator.open(reverse("cases:images", args=[draft]))
    if page.get_by_label("I attest").count():
        page.get_by_label("I attest").check()
        page.get_by_role("button", name="Go on to the upload").click()
    if not page.locator("#files").is_visible():
        page.get_by_text("Add images").click()
    page.set_input_files("#files", files)
    expect(page.locator("#fates")).to_contain_text(f"{rendered} rendered", timeout=60_000)


def photograph_a_look(coordinator: Person, draft: str, pictures: Path, folder: Path) -> None:
    """One image at large, with a box drawn and burned in; and a stack of which one frame was seen."""
    page = coordinator.page
    coordinator.open(reverse("cases:start_looking", args=[draft]))
    expect(page.locator("rs-viewer .state")).to_contain_text("full")
    coordinator.photograph(pictures, "look", main=True)
    coordinator.press("m")
    for side, value in {"left": "0", "top": "0", "width": "200", "height": "48"}.items():
        page.get_by_label(f"Box 1: {side}").fill(value)
    page.get_by_label("Box 1: height").press("Tab")
    coordinator.photograph(pictures, "look-mask", main=True)
    page.get_by_role("button", name="Burn these boxes in").click()
    expect(page.get_by_text("1 box", exact=True)).to_be_visible(timeout=60_000)
    expect(page.locator("rs-viewer .state")).to_contain_text("full")
    coordinator.photograph(pictures, "look-masked")
    stack = folder / "stack.tif"
    frames = [Picture.open(io.BytesIO(encode_png(draw_fundus(seed=seed, size=256)))) for seed in range(4)]
    frames[0].save(stack, "TIFF", save_all=True, append_images=frames[1:])
    upload_files(coordinator, draft, [stack], rendered=3)
    coordinator.open(reverse("cases:images", args=[draft]))
    page.get_by_role("link", name="Image of case C003").click()
    expect(page.locator("#frames-seen")).to_contain_text("1 of 4")
    coordinator.press("y")
    expect(page.locator("#asked")).to_be_visible()
    coordinator.photograph(pictures, "look-stack")


def photograph_practice(coordinator: Person, draft: str, pictures: Path) -> None:
    """One case is for practice: its rules, and what is expected of it."""
    page = coordinator.page
    coordinator.open(reverse("cases:purposes", args=[draft]))
    page.get_by_role("checkbox", name="C003").check()
    page.get_by_label("The ticked cases are for").select_option("practice")
    page.get_by_role("button", name="Store").click()
    coordinator.open(reverse("reading:practice", args=[draft]))
    coordinator.photograph(pictures, "practice-rules")
    page.get_by_role("link", name="Expected answers of C003").click()
    coordinator.photograph(pictures, "practice-case")


def photograph_places(coordinator: Person, draft: str, pictures: Path, folder: Path) -> None:
    """A table of cases and slots that does not fit, and one that does."""
    page, table = coordinator.page, folder / "places.csv"
    for name, rows in (
        ("refused", "eye-0.png,Eye 7,!!\neye-0.png,Eye 7,\n"),
        ("stored", "eye-0.png,Eye 7,left\n"),
    ):
        table.write_text(f"file,case,slot\n{rows}eye-1.png,Eye 7,right\n")
        coordinator.expect_refusal(422)
        coordinator.open(reverse("cases:places", args=[draft]))
        page.set_input_files("input[type=file]", table)
        page.get_by_role("button", name="Place the images").click()
        if name == "stored":
            coordinator.open(reverse("cases:places", args=[draft]))
        coordinator.photograph(pictures, f"places-{name}")


def photograph_an_invitation(
    coordinator: Person, draft: str, pictures: Path, arrive: Callable[..., Person]
) -> None:
    page = coordinator.page
    coordinator.open(reverse("reading:readers", args=[draft]))
    page.get_by_label("E-mail addresses").fill("dr.long.name.of.a.department@hospital.example")
    page.get_by_role("button", name="Send invitations").click()
    coordinator.photograph(pictures, "readers-invited")
    page.get_by_role("button", name="New link").first.click()
    coordinator.photograph(pictures, "invitation-link")
    invited = arrive()
    invited.open(page.get_by_label("Link").input_value())
    invited.photograph(pictures, "invitation")
    invited.page.get_by_role("button", name="Accept the invitation").click()
    invited.photograph(pictures, "profile-first-time")


def test_a_reader(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    reader = arrive()
    page = reader.page
    reader.sign_in(READER)
    reader.photograph(pictures, "reader-studies")
    reader.open(reverse("reading:start", args=[demo.study]))
    if page.get_by_label("Specialty").count():
        page.get_by_label("Specialty").fill("Radiology")
        page.get_by_label("Years of experience").fill("9")
        page.get_by_role("button", name="Save and go on").click()
        reader.open(reverse("reading:start", args=[demo.study]))
    reader.photograph(pictures, "consent")
    page.get_by_role("button", name="I agree").click()
    reader.photograph(pictures, "before-reading")
    page.get_by_role("link", name="Try the screen without saving anything").click()
    reader.photograph(pictures, "tutorial")
    reader.open(reverse("reading:pause", args=[demo.study]))
    reader.photograph(pictures, "pause")
    reader.go_to_the_cases(demo.study)
    expect(page.locator(".criterion[data-active]")).to_be_visible()
    reader.press("4")
    expect(page.locator("rs-outbox")).to_contain_text("saved")
    reader.photograph(pictures, "reading", main=True, whole=False)
    photograph_the_reading_room(reader, pictures)


def photograph_the_reading_room(reader: Person, pictures: Path) -> None:
    page = reader.page
    reader.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    reader.photograph(pictures, "reading-keys", whole=False)
    reader.press("Escape")
    page.get_by_text("Theme", exact=True).click()
    page.get_by_role("button", name="Reading room").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "reading")
    reader.photograph(pictures, "reading-room", whole=False)


def test_a_researcher(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    researcher = arrive()
    researcher.sign_in(RESEARCHER)
    researcher.photograph(pictures, "researcher-studies")
    researcher.open(reverse("analysis:report", args=[demo.study]))
    expect(researcher.page.get_by_role("link", name="Ratings (CSV)")).to_be_visible()
    researcher.photograph(pictures, "researcher-report", main=True)
    researcher.page.get_by_role("link", name="Filter", exact=True).click()
    researcher.page.get_by_label("Readers").select_option(index=1)
    expect(researcher.page.get_by_text("This is not the report.")).to_be_visible()
    researcher.photograph(pictures, "researcher-part", main=True)
    researcher.open(reverse("analysis:cases", args=[demo.study]))
    researcher.photograph(pictures, "researcher-cases", main=True)
    researcher.page.locator("tbody th a").first.click()
    researcher.photograph(pictures, "researcher-case", main=True)
    researcher.page.get_by_role("link", name="Screen").first.click()
    expect(researcher.page.get_by_text("Nothing can be changed here.")).to_be_visible()
    researcher.photograph(pictures, "researcher-screen", whole=False)


def test_an_adjudicator(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    """The simulated readers of the demonstration disagree about some cases; the panel sees what each answered."""
    adjudicator = arrive()
    page = adjudicator.page
    adjudicator.sign_in(ADJUDICATOR)
    adjudicator.open(reverse("reading:adjudicate", args=[demo.study]))
    adjudicator.photograph(pictures, "disagreements-that-wait")
    page.locator("main button[type=submit].primary").click()
    page.wait_for_selector("#reading[data-ready]")
    expect(page.get_by_text("First reader").first).to_be_visible()
    adjudicator.photograph(pictures, "disagreement", main=True)


def test_site_staff(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    create = ("createsuperuser", "--noinput", "--email", STAFF.email)
    demo.manage(*create, DJANGO_SUPERUSER_PASSWORD=STAFF.password)
    staff = arrive()
    staff.sign_in(STAFF)
    for name in (
        "index",
        "studies_study_changelist",
        "reading_ratingevent_changelist",
        "audit_event_changelist",
    ):
        staff.open(reverse(f"admin:{name}"))
        staff.photograph(pictures, f"admin-{name.replace('_', '-')}", ours=False)
    staff.open(reverse("admin:studies_study_changelist"))
    staff.page.locator("#result_list a").last.click()
    staff.photograph(pictures, "admin-study", ours=False)


def test_no_page_is_left_out() -> None:
    """A new page must be photographed, or be named above as something that is no page."""
    seen = {view for _name, view in STUDY_PAGES + OWN_PAGES + STRANGERS_PAGES}
    ours = {name for name in named_views(get_resolver()) if not name.startswith(OF_LIBRARIES)}
    assert ours - {"api:tokens"} - SEEN_ELSEWHERE - NO_PAGES == {view for view in seen if view in ours} - {
        "api:tokens"
    }


def named_views(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{entry.namespace}:" if entry.namespace else ""
            yield from named_views(entry, prefix + space)
        elif isinstance(entry, URLPattern) and entry.name:
            yield prefix + entry.name
