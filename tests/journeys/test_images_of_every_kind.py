"""A prior/current pair with an overlay, a CT stack and a radiograph with a name in it, from upload to reader."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from readerstudy.demo.people import COORDINATOR
from readerstudy.imaging.phantoms import draw_chest, encode_dicom
from tests.journeys.people import Person
from tests.journeys.site import Demo
from tests.journeys.test_a_whole_study import (
    accept,
    ask,
    compare,
    freeze_outputs,
    make_a_study,
    make_outputs,
    start,
)

SLOW = 60_000
SLICES, SIDE = 24, 192
NAME = "SMITH JOHN 1957"


def radiograph(*, seed: int, date: str, name: str = "") -> bytes:
    """A drawn chest with a study date; `name` is written into its upper left corner, as old machines do."""
    chest = draw_chest(seed=seed, lesion="pleural effusion" if seed == 1 else "none")
    dataset = dcmread(io.BytesIO(encode_dicom(chest)))
    dataset.StudyDate = date
    if name:
        canvas = Image.fromarray(np.zeros(chest.pixels.shape, np.uint8))
        ImageDraw.Draw(canvas).text((20, 16), name, fill=255, font_size=36)
        written = np.where(np.asarray(canvas) > 127, 4095, dataset.pixel_array)
        dataset.PixelData = written.astype(np.uint16).tobytes()
        dataset.BurnedInAnnotation = "YES"
    return saved(dataset)


def slice_of(number: int) -> bytes:
    """One slice of a drawn body with a ball in its middle, in Hounsfield units."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    depth = (number - SLICES / 2) * 6
    units = np.where((columns / 80) ** 2 + (rows / 60) ** 2 < 1, 40, -1000)
    units = np.where((columns - 30) ** 2 + rows**2 + depth**2 < 900, 400, units)
    units = np.where((columns + 30) ** 2 + (rows / 1.5) ** 2 + (depth / 2) ** 2 < 700, -800, units)
    noise = np.random.default_rng(number).integers(-20, 20, units.shape)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["slice", str(number)])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    dataset.Modality, dataset.PatientName, dataset.InstanceNumber = "CT", "SMITH^JOHN", SLICES - number
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 2.5 * number], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.BurnedInAnnotation = [1.5, 1.5], "NO"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = SIDE, SIDE, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    dataset.WindowCenterWidthExplanation = ["SOFT TISSUE", "LUNG"]
    dataset.PixelData = np.clip(units + noise + 1024, 0, 4095).astype(np.uint16).tobytes()
    return saved(dataset)


def saved(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def heat() -> bytes:
    """What a detection program might lay over the current image."""
    rows, columns = np.mgrid[:512, :512]
    warmth = np.exp(-(((rows - 350) / 60) ** 2 + ((columns - 150) / 50) ** 2))
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([255 * warmth, 90 * warmth, 0 * warmth]).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def zip_of_everything(folder: Path) -> Path:
    path, order = folder / "from the archive.zip", list(range(SLICES))
    random.Random(3).shuffle(order)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SMITH/current.dcm", radiograph(seed=1, date="20240301"))
        archive.writestr("SMITH/prior.dcm", radiograph(seed=2, date="20231201"))
        archive.writestr("SMITH/current-overlay.png", heat())
        archive.writestr("portable.dcm", radiograph(seed=3, date="20240105", name=NAME))
        for place, number in enumerate(order):
            archive.writestr(f"CT/IM{place:04}.dcm", slice_of(number))
    return path


def test_images_of_every_kind(
    arrive: Callable[..., Person], demo: Demo, tmp_path: Path, pictures: Path
) -> None:
    coordinator = arrive()
    coordinator.sign_in(COORDINATOR)
    key = make_a_study(coordinator, "Images of every kind")
    upload(coordinator, key, zip_of_everything(tmp_path), pictures)
    burn_the_name_in(coordinator, key, pictures)
    confirm_the_rest(coordinator, key, pictures)
    ask(coordinator, key)
    compare(coordinator, key)
    make_outputs(coordinator, key, 6)
    freeze_outputs(coordinator, key, ("Journey One", "Journey Two"), 6)
    invite(coordinator, key)
    start(coordinator, key)
    read_all(arrive, demo, pictures)


def upload(coordinator: Person, key: str, archive: Path, pictures: Path) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/images/")
    coordinator.photograph(pictures, "images-attest")
    page.get_by_label("I attest").check()
    page.get_by_role("button", name="Go on to the upload").click()
    page.set_input_files("#files", archive)
    expect(page.locator("#fates")).to_contain_text(f"{SLICES + 4} rendered", timeout=SLOW)
    coordinator.photograph(pictures, "images-uploaded", main=True)
    coordinator.open(f"/studies/{key}/images/")
    expect(page.get_by_text("3 cases")).to_be_visible()
    coordinator.photograph(pictures, "sheet", main=True)


def burn_the_name_in(coordinator: Person, key: str, pictures: Path) -> None:
    """The riskiest image comes first: the one whose file says that text is burned in."""
    page = coordinator.page
    coordinator.open(f"/studies/{key}/images/look/")
    expect(page.get_by_text("The file says that text is burned into the picture.")).to_be_visible()
    expect(page.locator("rs-viewer .state")).to_contain_text("full")
    coordinator.photograph(pictures, "look-name", main=True)
    coordinator.press("m")
    for side, value in {"left": "0", "top": "0", "width": "420", "height": "72"}.items():
        page.get_by_label(f"Box 1: {side}").fill(value)
    page.get_by_label("Box 1: height").press("Tab")
    page.get_by_role("button", name="Burn these boxes in").click()
    expect(page.get_by_text("1 box", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.locator("rs-viewer .state")).to_contain_text("full")
    coordinator.photograph(pictures, "look-name-gone")
    coordinator.press("y")
    expect(page.get_by_text(": confirmed.")).to_be_visible()


def confirm_the_rest(coordinator: Person, key: str, pictures: Path) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/images/")
    page.get_by_label("I have looked at these").check()
    page.get_by_role("button", name=re.compile(r"Confirm all 4 images")).click()
    expect(page.get_by_text("Every image on this page is confirmed.")).to_be_visible()


def invite(coordinator: Person, key: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/readers/")
    page.get_by_label("E-mail addresses").fill("images@journey.example")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_text("1 person is invited.")).to_be_visible()


def read_all(arrive: Callable[..., Person], demo: Demo, pictures: Path) -> None:
    """Six presentations of three cases; the first of each kind is looked at."""
    reader = accept(arrive, demo, "images@journey.example")
    page = reader.page
    page.get_by_role("link", name="Images of every kind").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("link", name="Begin with the first case").click()
    looks, seen = {"pair": look_at_the_pair, "stack": look_at_the_stack, "single": look_at_windows}, set()
    for number in range(1, 7):
        expect(page.get_by_role("heading", name=f"Case {number} of 6")).to_be_visible()
        expect(page.locator("rs-viewer .state").first).to_contain_text("full")
        assert "SMITH" not in page.content()
        kind = kind_of(page)
        if kind not in seen:
            looks[kind](reader, pictures)
        seen.add(kind)
        reader.press("4")
        expect(page.locator("rs-outbox")).to_contain_text("saved")
        reader.press("Enter")
    expect(page.get_by_role("heading", name="All cases are done")).to_be_visible()
    assert seen == set(looks)


def kind_of(page: Page) -> str:
    if page.locator("rs-viewer").count() == 2:
        return "pair"
    return "stack" if page.locator("rs-viewer[data-stack]").count() else "single"


def look_at_the_pair(reader: Person, pictures: Path) -> None:
    page = reader.page
    labels = page.locator("rs-viewer").evaluate_all("all => all.map((one) => one.dataset.label)")
    assert labels == ["Current", "Prior, 91 days before"]
    expect(page.locator("rs-viewer .state").nth(1)).to_contain_text("full")
    reader.photograph(pictures, "reading-pair", main=True)
    page.locator("rs-viewer .stage").first.focus()
    reader.press("+", "+", "o")
    zooms = page.locator("rs-viewer").evaluate_all("all => all.map((one) => one.shown.zoom)")
    assert zooms[0] == zooms[1]
    reader.photograph(pictures, "reading-pair-zoomed")
    reader.press("o", "0")
    page.locator(".criterion").first.focus()


def look_at_the_stack(reader: Person, pictures: Path) -> None:
    page = reader.page
    shown = "one => one.shown.frame"
    assert page.locator("rs-viewer").evaluate(shown) == SLICES // 2
    reader.photograph(pictures, "reading-stack", main=True)
    page.get_by_label("Window presets").select_option(label="LUNG")
    page.locator("rs-viewer .stage").focus()
    reader.press("PageUp", "PageUp", "PageUp")
    expect(page.locator("rs-viewer .state")).to_contain_text("full")
    assert page.locator("rs-viewer").evaluate(shown) == SLICES // 2 - 3
    reader.photograph(pictures, "reading-stack-lung")
    page.locator(".criterion").first.focus()


def look_at_windows(reader: Person, pictures: Path) -> None:
    """The same radiograph at its own window, a narrow and a wide one."""
    page = reader.page
    reader.photograph(pictures, "reading-window-own")
    page.locator("rs-viewer .stage").focus()
    for name, key in (("narrow", "Shift+ArrowLeft"), ("wide", "Shift+ArrowRight")):
        before = page.locator("rs-viewer").evaluate("one => one.shown.width")
        reader.press(*[key] * (12 if name == "narrow" else 48))
        after = page.locator("rs-viewer").evaluate("one => one.shown.width")
        assert (after < before) == (name == "narrow")
        reader.photograph(pictures, f"reading-window-{name}")
    page.locator(".criterion").first.focus()
