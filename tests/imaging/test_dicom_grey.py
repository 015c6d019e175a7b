"""Grey DICOM images: stored values, rescale, windows, tables, depth, inversion and functional groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, RLELossless

from tests.imaging.conftest import RenderBytes
from tests.imaging.make import (
    dicom,
    dicom_bytes,
    dicom_dataset,
    display,
    element,
    full,
    gradient,
    notes,
    part_10,
    refusal_code,
    rendered,
    values,
)

SIGNED = np.linspace(-2000, 2000, 768).astype(np.int16).reshape(24, 32)


def table(descriptor: list[int], data: list[int] | bytes) -> Dataset:
    part = Dataset()
    part.LUTDescriptor = descriptor
    if isinstance(data, bytes):
        part.add_new(0x00283006, "OW", data)
    else:
        part.add_new(0x00283006, "US", data)
    return part


@pytest.mark.parametrize("pixels", [gradient(), gradient(top=250).astype(np.uint8), SIGNED, SIGNED // 16])
def test_stored_values_come_back_exactly(render_bytes: RenderBytes, pixels: Any) -> None:
    outcome = render_bytes(dicom(pixels))
    assert np.array_equal(values(outcome), pixels)
    assert rendered(outcome).meta["kind"] == "grey16"


def test_rescale_goes_into_scale_and_offset_and_loses_nothing(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(dicom(SIGNED, RescaleSlope="0.5", RescaleIntercept="-1024"))
    assert np.array_equal(values(outcome), SIGNED * 0.5 - 1024)
    assert rendered(outcome).meta["scale"] == 0.5


@pytest.mark.parametrize(("slope", "intercept"), [("0", "5"), ("", "5"), ("NaN", "1")])
def test_a_broken_rescale_is_left_out_and_noted(
    render_bytes: RenderBytes, slope: str, intercept: str
) -> None:
    outcome = render_bytes(with_texts({0x00281052: intercept, 0x00281053: slope}))
    assert np.array_equal(values(outcome), gradient())
    assert "rescale_broken" in notes(outcome)


def with_texts(texts: dict[int, str], pixels: Any = None) -> bytes:
    """A plain image with number attributes (DS) set to any text at all."""
    pixels = gradient() if pixels is None else pixels
    parts = {
        0x00080060: ("CS", b"CR"),
        0x00280002: ("US", (1).to_bytes(2, "little")),
        0x00280004: ("CS", b"MONOCHROME2"),
        0x00280010: ("US", pixels.shape[0].to_bytes(2, "little")),
        0x00280011: ("US", pixels.shape[1].to_bytes(2, "little")),
        0x00280100: ("US", (16).to_bytes(2, "little")),
        0x00280101: ("US", (16).to_bytes(2, "little")),
        0x00280102: ("US", (15).to_bytes(2, "little")),
        0x00280103: ("US", (0).to_bytes(2, "little")),
        0x7FE00010: ("OW", pixels.tobytes()),
    } | {tag: ("IS" if tag == 0x00280008 else "DS", text.encode()) for tag, text in texts.items()}
    return part_10(b"".join(element(tag, vr, value) for tag, (vr, value) in sorted(parts.items())))


def test_windows_become_presets_with_explanations_from_the_list_only(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(
        dicom(
            WindowCenter=["2000", "300"],
            WindowWidth=["4000", "600"],
            WindowCenterWidthExplanation=["NORMAL", "Window of Mrs Smith"],
        )
    )
    meta = rendered(outcome).meta
    assert meta["windows"] == [
        {"center": 2000.0, "width": 4000.0, "explanation": "NORMAL"},
        {"center": 300.0, "width": 600.0, "explanation": None},
    ]
    assert meta["default_window"] == meta["windows"][0]
    assert meta["window_function"] == "linear"
    assert notes(outcome) == set()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
def test_the_display_image_is_what_the_window_formula_gives(render_bytes: RenderBytes, function: str) -> None:
    dataset = dicom_dataset(gradient(), WindowCenter="1500", WindowWidth="1200", VOILUTFunction=function)
    dataset.BitsStored, dataset.HighBit = 8, 7
    expected = np.rint(apply_voi_lut(gradient(), dataset))
    dataset.BitsStored, dataset.HighBit = 16, 15
    shown = display(render_bytes(dicom_bytes(dataset)))
    assert np.abs(shown.astype(int) - expected).max() <= 1


def test_monochrome1_is_flagged_and_inverted_only_for_display(render_bytes: RenderBytes) -> None:
    window: dict[str, Any] = {"WindowCenter": "2000", "WindowWidth": "4000"}
    plain = render_bytes(dicom(**window))
    inverted = render_bytes(dicom(PhotometricInterpretation="MONOCHROME1", **window))
    assert np.array_equal(full(plain), full(inverted))
    assert np.array_equal(display(plain), 255 - display(inverted))
    assert (rendered(plain).meta["inverted"], rendered(inverted).meta["inverted"]) == (False, True)


def test_without_a_window_the_1st_to_99th_percentile_is_shown(render_bytes: RenderBytes) -> None:
    pixels = gradient(100, 100, top=10_000)
    pixels[0, 0] = 65_535
    outcome = render_bytes(dicom(pixels))
    window = rendered(outcome).meta["default_window"]
    assert window is not None
    assert abs(window["center"] - window["width"] / 2 - np.percentile(pixels, 1)) < 3
    assert abs(window["center"] + window["width"] / 2 - np.percentile(pixels, 99)) < 3
    assert notes(outcome) == {"window_missing"}


def test_padding_does_not_count_for_the_percentiles(render_bytes: RenderBytes) -> None:
    pixels = SIGNED.copy()
    pixels[:12] = -2048
    outcome = render_bytes(dicom(pixels, PixelPaddingValue=-2048))
    window = rendered(outcome).meta["default_window"]
    assert window is not None
    assert window["center"] - window["width"] / 2 > -100


@pytest.mark.parametrize("width", ["0.5", "0", "-5", "abc", "1e999"])
def test_a_broken_window_falls_back_to_percentiles_and_says_so(render_bytes: RenderBytes, width: str) -> None:
    outcome = render_bytes(with_texts({0x00281050: "100", 0x00281051: width}))
    assert rendered(outcome).meta["windows"] == []
    assert "window_broken" in notes(outcome)
    assert display(outcome).std() > 60


def test_a_modality_table_gives_the_values(render_bytes: RenderBytes) -> None:
    pixels = gradient(16, 16, top=255)
    squares = [number**2 for number in range(256)]
    outcome = render_bytes(dicom(pixels, ModalityLUTSequence=Sequence([table([256, 0, 16], squares)])))
    assert np.array_equal(values(outcome), pixels.astype(int) ** 2)


@pytest.mark.parametrize(
    "broken", [table([0, 0, 16], b""), table([256, 0, 16], [1, 2]), table([256, 0], [1]), Dataset()]
)
def test_a_broken_modality_table_is_left_out_and_noted(render_bytes: RenderBytes, broken: Dataset) -> None:
    outcome = render_bytes(dicom(ModalityLUTSequence=Sequence([broken])))
    assert np.array_equal(values(outcome), gradient())
    assert "modality_table_broken" in notes(outcome)


def test_an_empty_modality_table_sequence_is_left_out_and_noted(render_bytes: RenderBytes) -> None:
    assert "modality_table_broken" in notes(render_bytes(dicom(ModalityLUTSequence=Sequence())))


def test_a_voi_table_shapes_the_display_and_is_approximated_for_the_viewer(render_bytes: RenderBytes) -> None:
    pixels = gradient(16, 16, top=1023)
    curve = [round(65535 * (number / 1023) ** 2) for number in range(1024)]
    dataset = dicom_dataset(pixels, VOILUTSequence=Sequence([table([1024, 0, 16], curve)]))
    outcome = render_bytes(dicom_bytes(dataset))
    expected = np.rint(np.array(curve)[pixels] / 65535 * 255)
    assert np.array_equal(display(outcome), expected)
    assert notes(outcome) == {"window_approximated"}
    window = rendered(outcome).meta["default_window"]
    assert window is not None
    assert 900 < window["width"] < 1024


def test_a_big_endian_table_of_words_is_read_in_its_own_order(render_bytes: RenderBytes) -> None:
    pixels = gradient(16, 16, top=255)
    data = b"".join((number * 257).to_bytes(2, "big") for number in range(256))
    dataset = dicom_dataset(pixels, ModalityLUTSequence=Sequence([table([256, 0, 16], data)]))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.PixelData = pixels.astype(">u2").tobytes()
    assert np.array_equal(values(render_bytes(dicom_bytes(dataset))), pixels.astype(int) * 257)


@pytest.mark.parametrize("broken", [table([0, 0, 16], b""), table([4, 0, 16], [7, 7, 7, 7])])
def test_a_broken_voi_table_falls_back_to_percentiles(render_bytes: RenderBytes, broken: Dataset) -> None:
    outcome = render_bytes(dicom(VOILUTSequence=Sequence([broken])))
    assert "window_broken" in notes(outcome)
    assert display(outcome).std() > 60


def test_a_sigmoid_window_is_approximated_and_noted(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(dicom(WindowCenter="2000", WindowWidth="1000", VOILUTFunction="SIGMOID"))
    assert notes(outcome) == {"window_approximated"}
    assert rendered(outcome).meta["window_function"] == "linear_exact"


def test_bits_outside_bits_stored_never_reach_a_reader(render_bytes: RenderBytes) -> None:
    """Old overlays hide text in the high bits of the pixel words."""
    pixels = gradient(top=4095)
    hidden = pixels | np.where(np.eye(24, 32, dtype=bool), 0xF000, 0).astype(np.uint16)
    outcome = render_bytes(dicom(hidden, BitsStored=12, HighBit=11))
    assert np.array_equal(full(outcome), pixels)
    assert "high_bits_dropped" in notes(outcome)


def test_a_twelve_bit_signed_value_is_extended_by_its_own_sign(render_bytes: RenderBytes) -> None:
    unextended = (SIGNED & 0x0FFF).astype(np.int16)
    outcome = render_bytes(dicom(unextended, BitsStored=12, HighBit=11))
    assert np.array_equal(values(outcome), SIGNED)


def test_values_in_the_upper_bits_of_a_word_are_moved_down(render_bytes: RenderBytes) -> None:
    pixels = gradient(top=4095)
    outcome = render_bytes(dicom((pixels << 4) | 0x3, BitsStored=12, HighBit=15))
    assert np.array_equal(values(outcome), pixels)


def test_floating_point_pixels_are_scaled_to_16_bits(render_bytes: RenderBytes) -> None:
    pixels = np.linspace(-0.5, 1.5, 768, dtype=np.float32).reshape(24, 32)
    dataset = dicom_dataset(gradient())
    del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = pixels.tobytes()
    outcome = render_bytes(dicom_bytes(dataset))
    assert np.abs(values(outcome) - pixels).max() <= rendered(outcome).meta["scale"]
    assert "values_resampled" in notes(outcome)


def test_32_bit_values_that_span_few_levels_are_kept_exactly(render_bytes: RenderBytes) -> None:
    pixels = gradient().astype(np.uint32) + 1_000_000
    outcome = render_bytes(dicom(pixels))
    assert np.array_equal(values(outcome), pixels)
    assert "values_resampled" not in notes(outcome)


def groups(slope: str, center: str) -> Dataset:
    """Functional groups of one frame of an enhanced image."""
    values_part, window_part, spacing_part, frame = Dataset(), Dataset(), Dataset(), Dataset()
    values_part.RescaleSlope, values_part.RescaleIntercept = slope, "10"
    window_part.WindowCenter, window_part.WindowWidth = center, "400"
    spacing_part.PixelSpacing = ["0.7", "0.8"]
    frame.PixelValueTransformationSequence = Sequence([values_part])
    frame.FrameVOILUTSequence = Sequence([window_part])
    frame.PixelMeasuresSequence = Sequence([spacing_part])
    return frame


def stack(frames: int = 3, rows: int = 24, columns: int = 32) -> Any:
    return np.stack([gradient(rows, columns) + step for step in range(frames)])


def test_an_enhanced_image_takes_rescale_window_and_spacing_from_its_shared_groups(
    render_bytes: RenderBytes,
) -> None:
    outcome = render_bytes(
        dicom(stack(), Modality="CT", SharedFunctionalGroupsSequence=Sequence([groups("2", "500")]))
    )
    meta = rendered(outcome).meta
    assert meta["frames"] == 3
    for number in range(3):
        assert np.array_equal(values(outcome, number), (gradient() + number) * 2.0 + 10)
    assert meta["windows"] == [{"center": 500.0, "width": 400.0, "explanation": None}]
    assert (meta["spacing_mm"], meta["spacing_kind"]) == ([0.7, 0.8], "calibrated")


def test_frames_with_their_own_rescale_share_one_scale_in_the_rendition(render_bytes: RenderBytes) -> None:
    frames = Sequence(
        [groups(slope, center) for slope, center in (("1", "500"), ("2", "500"), ("0.25", "900"))]
    )
    outcome = render_bytes(dicom(stack(), PerFrameFunctionalGroupsSequence=frames))
    step = rendered(outcome).meta["scale"]
    for number, slope in enumerate((1, 2, 0.25)):
        assert np.abs(values(outcome, number) - ((gradient() + number) * slope + 10)).max() <= step
    assert "windows_vary" in notes(outcome)


def test_a_stack_opens_at_its_middle_with_the_window_of_that_frame(render_bytes: RenderBytes) -> None:
    frames = Sequence([groups("1", center) for center in ("100", "900", "1700")])
    outcome = render_bytes(dicom(stack(), PerFrameFunctionalGroupsSequence=frames))
    meta = rendered(outcome).meta
    assert meta["key_frame"] == 1
    assert meta["default_window"] == {"center": 900.0, "width": 400.0, "explanation": None}
    shown = (values(outcome, 1) - 700) / 399
    assert np.abs(np.clip(shown, 0, 1) * 255 - display(outcome)).max() <= 1


def test_without_a_window_the_middle_frame_gives_the_percentiles(render_bytes: RenderBytes) -> None:
    frames = np.stack([gradient(top=100), gradient(top=4000), gradient(top=100), gradient(top=100)])
    low, high = (
        rendered(render_bytes(dicom(part))).meta["default_window"] for part in (frames[2], frames[1])
    )
    assert low is not None
    assert high is not None
    assert low["width"] < high["width"]
    middle = rendered(render_bytes(dicom(frames))).meta
    assert (middle["key_frame"], middle["default_window"]) == (2, low)
    two = rendered(render_bytes(dicom(frames[:2]))).meta
    assert (two["key_frame"], two["default_window"]) == (1, high)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_stacks_are_read_frame_by_frame(render_bytes: RenderBytes, syntax: str) -> None:
    dataset = dicom_dataset(stack(4, 64, 64))
    dataset.compress(syntax, generate_instance_uid=False)
    outcome = render_bytes(dicom_bytes(dataset))
    assert [len(rendered(outcome).meta["full"]), rendered(outcome).meta["transfer_syntax"]] == [4, syntax]
    for number in range(4):
        assert np.array_equal(values(outcome, number), gradient(64, 64) + number)


@pytest.mark.parametrize(
    ("attributes", "spacing", "kind"),
    [
        ({"Modality": "CT", "PixelSpacing": ["0.5", "0.6"]}, [0.5, 0.6], "calibrated"),
        ({"Modality": "CR", "ImagerPixelSpacing": ["0.1", "0.1"]}, [0.1, 0.1], "at detector"),
        ({"Modality": "CR", "PixelSpacing": ["0.1", "0.1"]}, [0.1, 0.1], "at detector"),
        (
            {"Modality": "DX", "PixelSpacing": ["0.1", "0.1"], "ImagerPixelSpacing": ["0.1", "0.1"]},
            [0.1, 0.1],
            "at detector",
        ),
        (
            {"Modality": "DX", "PixelSpacing": ["0.09", "0.09"], "ImagerPixelSpacing": ["0.1", "0.1"]},
            [0.09, 0.09],
            "calibrated",
        ),
        (
            {"Modality": "DX", "PixelSpacing": ["0.1", "0.1"], "PixelSpacingCalibrationType": "FIDUCIAL"},
            [0.1, 0.1],
            "calibrated",
        ),
        ({"Modality": "CT", "PixelSpacing": ["0", "0.6"]}, None, None),
        ({"Modality": "CR"}, None, None),
    ],
)
def test_millimetres_are_calibrated_only_where_the_file_says_so(
    render_bytes: RenderBytes, attributes: dict[str, Any], spacing: Any, kind: Any
) -> None:
    meta = rendered(render_bytes(dicom(**attributes))).meta
    assert (meta["spacing_mm"], meta["spacing_kind"]) == (spacing, kind)


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ({"Modality": "CR", "BurnedInAnnotation": "NO"}, []),
        ({"Modality": "CR"}, ["burned_in_text_unknown"]),
        ({"Modality": "CT", "BurnedInAnnotation": "YES"}, ["text_burned_in"]),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, ["modality_may_show_text"]),
        (
            {"Modality": "OT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "BurnedInAnnotation": "NO"},
            ["modality_may_show_text", "secondary_capture"],
        ),
    ],
)
def test_risky_images_ask_for_a_look(
    render_bytes: RenderBytes, attributes: dict[str, Any], codes: list[str]
) -> None:
    meta = rendered(render_bytes(dicom(**attributes))).meta
    assert [reason["code"] for reason in meta["needs_look"]] == codes
    assert all(reason["sentence"].endswith(".") for reason in meta["needs_look"])


def test_only_terms_that_dicom_defines_are_kept(render_bytes: RenderBytes) -> None:
    kept = rendered(render_bytes(dicom(BodyPartExamined="CHEST ", Laterality="L", ViewPosition="PA"))).meta
    assert (kept["imaging_modality"], kept["body_part"], kept["laterality"], kept["view_position"]) == (
        "CR",
        "CHEST",
        "L",
        "PA",
    )
    dropped = rendered(
        render_bytes(dicom(Modality="SMITH", BodyPartExamined="JOHN", Laterality="X", ViewPosition="WARD 7"))
    ).meta
    assert [dropped[key] for key in ("imaging_modality", "body_part", "laterality", "view_position")] == [
        None
    ] * 4


def test_an_overlay_is_never_drawn(render_bytes: RenderBytes) -> None:
    dataset = dicom_dataset(gradient())
    dataset.add_new(0x60000010, "US", 24)
    dataset.add_new(0x60000011, "US", 32)
    dataset.add_new(0x60000040, "CS", "G")
    dataset.add_new(0x60000050, "SS", [1, 1])
    dataset.add_new(0x60000100, "US", 1)
    dataset.add_new(0x60000102, "US", 0)
    dataset.add_new(0x60003000, "OW", b"\xff" * 96)
    outcome = render_bytes(dicom_bytes(dataset))
    assert np.array_equal(full(outcome), gradient())
    assert np.array_equal(display(outcome), display(render_bytes(dicom(gradient()))))
    assert "overlay_dropped" in notes(outcome)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"BitsStored": 0}, "bad_header"),
        ({"BitsStored": 17}, "bad_header"),
        ({"PhotometricInterpretation": "HSV"}, "unsupported_colours"),
        ({"PhotometricInterpretation": "RGB"}, "unsupported_colours"),
        ({"SamplesPerPixel": 4}, "bad_header"),
        ({"Rows": 0}, "bad_header"),
        ({"Rows": 25}, "damaged"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(
    render_bytes: RenderBytes, attributes: dict[str, Any], code: str
) -> None:
    assert refusal_code(render_bytes(dicom(**attributes))) == code
