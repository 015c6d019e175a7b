"""No identifier leaves: files stuffed with a marker in every place that can hold text, and none of it in any output.

The attributes are those of PS3.15 table E.1-1 and every other one of pydicom's own dictionary, whatever its kind.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from pydicom._dicom_dict import DicomDictionary
from pydicom.encaps import encapsulate

from readerstudy.imaging.asked import Asked
from tests.imaging.confidentiality_profile import ATTRIBUTES
from tests.imaging.conftest import RenderBytes
from tests.imaging.make import (
    display,
    element,
    everything,
    full,
    gradient,
    notes,
    part_10,
    refusal_code,
    saved,
)

MARKER = b"ZQXSMITHJOHN"
SPELLINGS = (
    MARKER,
    MARKER.lower(),
    MARKER.decode().encode("utf-16-le"),
    MARKER.decode().encode("utf-16-be"),
    base64.b64encode(MARKER)[:-4],
    MARKER.hex().encode(),
)
PIXELS = gradient(top=4095)

NEEDED = {
    0x00280002: ("US", struct.pack("<H", 1)),
    0x00280004: ("CS", b"MONOCHROME2"),
    0x00280010: ("US", struct.pack("<H", 24)),
    0x00280011: ("US", struct.pack("<H", 32)),
    0x00280100: ("US", struct.pack("<H", 16)),
    0x00280101: ("US", struct.pack("<H", 12)),
    0x00280102: ("US", struct.pack("<H", 11)),
    0x00280103: ("US", struct.pack("<H", 0)),
    0x7FE00010: ("OW", b""),
}
LEFT_OUT = {0x00280008, 0x00080016, 0x00041220}  # Number of Frames and SOP Class would only make it a refusal
OF_THE_FILE = (0x0002, 0xFFFE, 0x7FE0)  # file meta, filled by hand; delimiters; pixel data
BINARY_VRS = ("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT", "OD", "OF", "OL", "OV")
REPEATING = (*range(0x5000, 0x5020, 2), *range(0x6000, 0x6020, 2))  # curves and overlays
REPEATED = (0x0010, 0x0011, 0x0022, 0x0030, 0x0040, 0x1500, 0x2500, 0x3000, 0x4000)
ASKING = Asked("5a" * 32, age_and_sex=True)


def sequence(tag: int, inside: bytes) -> bytes:
    part = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(inside)) + inside
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"SQ", 0, len(part)) + part


def nested(depth: int) -> bytes:
    """The inside of a sequence: a name, a private value, a window's explanation, and the same again further in."""
    inside = (
        element(0x00080104, "LO", MARKER)
        + element(0x00091001, "LO", MARKER)
        + element(0x00100010, "PN", MARKER)
        + element(0x00281055, "LO", MARKER)
    )
    for tag in (0x00289110, 0x00289132, 0x00289145, 0x0040A730) if depth else ():
        inside += sequence(tag, nested(depth - 1))
    return inside


def marked(tag: int, vr: str) -> bytes:
    """One attribute with the marker, in bytes that are whole numbers of any size where it holds numbers."""
    if vr == "SQ":
        return sequence(tag, nested(2))
    return element(tag, vr, MARKER * 2 if vr in BINARY_VRS else MARKER)


def marked_attributes() -> dict[int, bytes]:
    """Every attribute of the table and of the dictionary, of every kind, filled with the marker."""
    kinds = {tag: vr.split(" or ")[0] for tag, (vr, *_) in DicomDictionary.items()}
    kinds = dict.fromkeys(ATTRIBUTES, "LO") | kinds
    kinds |= {group << 16 | number: "LO" for group in REPEATING for number in REPEATED}
    return {
        tag: marked(tag, "UN" if vr == "NONE" else vr)
        for tag, vr in kinds.items()
        if tag >> 16 not in OF_THE_FILE and tag not in NEEDED and tag not in LEFT_OUT
    }


def marked_dicom() -> bytes:
    """A valid image with hidden bits, overlay, curve, private attributes, preamble and file meta full of markers."""
    hidden = (
        PIXELS | (np.frombuffer(MARKER * 64, dtype=np.uint8).reshape(24, 32).astype(np.uint16) & 0xF) << 12
    )
    parts = marked_attributes()
    parts |= {tag: element(tag, vr, value) for tag, (vr, value) in NEEDED.items() if value}
    parts[0x7FE00010] = element(0x7FE00010, "OW", hidden.astype(np.uint16).tobytes())
    parts |= {
        0x00090010: element(0x00090010, "LO", MARKER),
        0x00091001: element(0x00091001, "UN", MARKER),
        0x00091002: sequence(0x00091002, element(0x00100010, "PN", MARKER)),
        0x50003000: element(0x50003000, "OW", MARKER),
        0x60000010: element(0x60000010, "US", struct.pack("<H", 24)),
        0x60000011: element(0x60000011, "US", struct.pack("<H", 32)),
        0x60000022: element(0x60000022, "LO", MARKER),
        0x60001500: element(0x60001500, "LO", MARKER),
        0x60003000: element(0x60003000, "OW", MARKER * 8),
        0x7FE10010: element(0x7FE10010, "LO", MARKER),
        0xFFFCFFFC: element(0xFFFCFFFC, "OB", MARKER),
    }
    body = b"".join(parts[tag] for tag in sorted(parts))
    meta = b"".join(
        [
            element(0x00020002, "UI", b"1.2.840.10008.5.1.4.1.1.1\x00"),
            element(0x00020003, "UI", MARKER),
            element(0x00020010, "UI", b"1.2.840.10008.1.2.1\x00"),
            element(0x00020013, "SH", MARKER),
            element(0x00020016, "AE", MARKER),
            element(0x00020100, "UI", MARKER),
            element(0x00020102, "OB", MARKER),
        ]
    )
    length = element(0x00020000, "UL", struct.pack("<I", len(meta)))
    preamble = (MARKER * 11)[:128]
    return preamble + b"DICM" + length + meta + body


def assert_no_marker(kept: dict[str, bytes]) -> None:
    for name, content in kept.items():
        for spelling in SPELLINGS:
            assert spelling not in content, f"{name} holds {spelling!r}"


def test_the_markers_really_are_in_the_file() -> None:
    assert marked_dicom().count(MARKER) > 10_000


def test_every_attribute_of_the_table_is_in_the_file() -> None:
    """All but the few without which there is no image; nothing of these is text."""
    assert len(ATTRIBUTES) == 652
    assert set(ATTRIBUTES) - set(marked_attributes()) == {0x00020003}
    assert element(0x00020003, "UI", MARKER) in marked_dicom()


@pytest.mark.parametrize("asked", [Asked(), ASKING], ids=["nothing", "everything"])
def test_no_marker_of_a_dicom_file_survives(
    render_bytes: RenderBytes,
    asked: Asked,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    recwarn: Any,
) -> None:
    outcome = render_bytes(marked_dicom(), asked=asked)
    kept = everything(outcome)
    assert_no_marker(kept)
    assert np.array_equal(full(outcome), PIXELS)
    assert set(kept) == {"full-0000.png", "display.png", "preview.webp", "meta"}
    said = (
        caplog.text + "".join(capfd.readouterr()) + "".join(str(warning.message) for warning in recwarn.list)
    )
    assert MARKER.decode() not in said
    assert {"overlay_dropped", "high_bits_dropped", "window_broken", "rescale_broken"} <= notes(outcome)


IDENTIFIERS = {
    0x00080018: ("UI", b"1.2.826.0.19570412.77"),
    0x00080020: ("DA", b"20261101"),
    0x00080022: ("DA", b"20261102"),
    0x00080060: ("CS", b"CT"),
    0x00100030: ("DA", b"19410815"),
    0x00100040: ("CS", b"F"),
    0x00101010: ("AS", b"085Y"),
    0x0020000E: ("UI", b"1.2.826.0.19570412.78"),
    0x00200032: ("DS", b"-147.25\\-132.75\\873.5"),
    0x00200037: ("DS", b"1\\0\\0\\0\\1\\0"),
}


def test_what_is_derived_from_valid_identifiers_holds_none_of_them(render_bytes: RenderBytes) -> None:
    parts = NEEDED | IDENTIFIERS | {0x7FE00010: ("OW", PIXELS.tobytes())}
    body = b"".join(element(tag, *parts[tag]) for tag in sorted(parts))
    kept = everything(render_bytes(part_10(body), asked=ASKING))
    meta = json.loads(kept["meta"])
    derived = ("series", "stack", "instance", "position_mm", "day", "age_years", "sex")
    assert all(meta[name] is not None for name in derived)
    secrets = [b"19570412", b"20261101", b"20261102", b"19410815", b"085Y", b"873.5", b"147.25", b"5a5a"]
    for name, content in kept.items():
        assert not [secret for secret in secrets if secret in content], name


@pytest.mark.parametrize("tag", [0x00280008, 0x00080016])
def test_a_marker_that_makes_the_file_unreadable_is_not_repeated_in_the_refusal(
    render_bytes: RenderBytes, tag: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = {number: element(number, vr, value) for number, (vr, value) in NEEDED.items() if value}
    parts[tag] = element(tag, "IS" if tag == 0x00280008 else "UI", MARKER)
    parts[0x00280004] = element(0x00280004, "CS", MARKER)
    outcome = render_bytes(
        part_10(
            b"".join(parts[number] for number in sorted(parts)) + element(0x7FE00010, "OW", PIXELS.tobytes())
        )
    )
    refusal_code(outcome)
    assert MARKER.decode() not in str(outcome) + caplog.text + "".join(capfd.readouterr())


def test_no_marker_within_a_compressed_frame_survives(render_bytes: RenderBytes) -> None:
    """The JPEG inside of a DICOM file has comments, EXIF and profiles of its own."""
    fragment = marked_jpeg(COLOUR)
    parts = NEEDED | {
        0x00280002: ("US", struct.pack("<H", 3)),
        0x00280004: ("CS", b"YBR_FULL_422"),
        0x00280006: ("US", struct.pack("<H", 0)),
        0x00280010: ("US", struct.pack("<H", 40)),
        0x00280011: ("US", struct.pack("<H", 40)),
        0x00280100: ("US", struct.pack("<H", 8)),
        0x00280101: ("US", struct.pack("<H", 8)),
        0x00280102: ("US", struct.pack("<H", 7)),
    }
    del parts[0x7FE00010]
    body = b"".join(element(tag, *parts[tag]) for tag in sorted(parts))
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + encapsulate([fragment])
    content = part_10(body + pixels + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00", syntax=b"1.2.840.10008.1.2.4.50")
    assert content.count(MARKER) >= 6
    assert_no_marker(everything(render_bytes(content)))


def profile() -> bytes:
    """An sRGB profile whose description is the marker."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return plain.replace("sRGB bui".encode("utf-16-be"), MARKER[:8].decode().encode("utf-16-be"))


def exif() -> Image.Exif:
    filled = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        filled[tag] = MARKER.decode()
    filled.get_ifd(0x8769)[0x9286] = b"ASCII\x00\x00\x00" + MARKER
    filled.get_ifd(0x8825)[0x001D] = MARKER.decode()
    return filled


def xmp() -> bytes:
    return b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MARKER + b"</x:xmpmeta>"


def marked_png(image: Image.Image) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", MARKER.decode())
    info.add_text("Description", MARKER.decode(), zip=True)
    info.add_itxt("XML:com.adobe.xmp", xmp().decode())
    info.add(b"prVt", MARKER)
    content = saved(image, "PNG", pnginfo=info, exif=exif(), icc_profile=profile())
    return content + MARKER


def marked_jpeg(image: Image.Image) -> bytes:
    content = saved(image, "JPEG", exif=exif(), icc_profile=profile(), comment=MARKER, xmp=xmp())
    iptc = (
        b"Photoshop 3.0\x008BIM\x04\x04\x00\x00"
        + struct.pack(">I", len(MARKER) + 5)
        + b"\x1c\x02\x50\x00\x0c"
        + MARKER
    )
    segment = b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
    return content[:2] + segment + content[2:] + MARKER


def marked_webp(image: Image.Image) -> bytes:
    content = saved(image, "WEBP", lossless=True, exif=exif(), icc_profile=profile(), xmp=xmp())
    content += b"NOTE" + struct.pack("<I", len(MARKER)) + MARKER
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def marked_tiff(image: Image.Image) -> bytes:
    tags = ImageFileDirectory_v2()
    for tag in (269, 270, 271, 272, 285, 305, 315, 316, 33432):
        tags[tag] = MARKER.decode()
    tags[33723] = MARKER
    tags.tagtype[33723] = 7
    tags[700] = xmp()
    tags.tagtype[700] = 1
    return saved(image, "TIFF", tiffinfo=tags, icc_profile=profile())


COLOUR = Image.fromarray(np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8))


@pytest.mark.parametrize("build", [marked_png, marked_jpeg, marked_webp, marked_tiff])
@pytest.mark.parametrize(
    "image", [COLOUR, COLOUR.convert("L"), Image.fromarray(gradient(40, 40))], ids=["rgb", "grey", "grey16"]
)
def test_no_marker_of_a_plain_image_survives(
    render_bytes: RenderBytes, build: Any, image: Image.Image
) -> None:
    if image.mode == "I;16" and build in (marked_jpeg, marked_webp):
        image = image.convert("I").point(lambda value: value / 16).convert("L")
    content = build(image)
    assert content.count(MARKER) >= 4
    outcome = render_bytes(content)
    assert_no_marker(everything(outcome))
    assert display(outcome).shape[:2] == (40, 40)


def test_animations_and_stacks_lose_their_words_too(render_bytes: RenderBytes) -> None:
    pages = [COLOUR, COLOUR.transpose(Image.Transpose.ROTATE_90)]
    content = saved(
        pages[0], "WEBP", save_all=True, append_images=pages[1:], lossless=True, exif=exif(), xmp=xmp()
    )
    assert MARKER in content
    kept = everything(render_bytes(content))
    assert_no_marker(kept)
    assert {"full-0000.jpg", "full-0001.jpg"} <= set(kept)


def test_every_page_of_a_stack_loses_its_words(render_bytes: RenderBytes) -> None:
    tags = ImageFileDirectory_v2()
    tags[270], tags[315] = MARKER.decode(), MARKER.decode()
    pages = [Image.fromarray(gradient(40, 40, top=top)) for top in (900, 1800, 2700)]
    for page in pages:
        page.encoderinfo = {"tiffinfo": tags}
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], tiffinfo=tags)
    assert content.count(MARKER) >= 6
    assert_no_marker(everything(render_bytes(content)))


def png_chunks(content: bytes) -> list[bytes]:
    names, place = [], 8
    while place < len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        body = content[place + 8 : place + 8 + length]
        assert zlib.crc32(name + body) == struct.unpack_from(">I", content, place + 8 + length)[0]
        names.append(name)
        place += 12 + length
    return names


def test_the_files_of_a_rendition_hold_nothing_but_an_image(render_bytes: RenderBytes) -> None:
    kept = everything(render_bytes(marked_png(COLOUR)))
    for name in ("full-0000.png", "display.png"):
        assert set(png_chunks(kept[name])) == {b"IHDR", b"IDAT", b"IEND"}
    assert kept["preview.webp"][12:16] in (b"VP8 ", b"VP8L")
    pages = [COLOUR, COLOUR]
    cine = everything(render_bytes(saved(COLOUR, "TIFF", save_all=True, append_images=pages)))[
        "full-0000.jpg"
    ]
    with Image.open(io.BytesIO(cine)) as image:
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert image.getexif() == {}


def test_the_description_holds_no_text_but_ours(render_bytes: RenderBytes) -> None:
    """Every key is known, so a new one cannot slip in unseen."""
    outcome = render_bytes(marked_dicom())
    meta = everything(outcome)["meta"]
    assert set(json.loads(meta)) == {
        "version", "kind", "width", "height", "bits", "frames", "key_frame", "frame_time_ms", "scale", "offset",
        "inverted", "windows", "window_function", "default_window", "spacing_mm", "spacing_kind",
        "imaging_modality", "body_part", "laterality", "view_position", "series", "stack", "instance",
        "position_mm", "instance_number", "day", "age_years", "sex", "masks", "placed", "needs_look", "notes",
        "source_format", "transfer_syntax", "decoder", "software", "full", "display", "preview",
        "input_sha256", "input_bytes",
    }  # fmt: skip
