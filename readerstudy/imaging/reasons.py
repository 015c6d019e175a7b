"""Every sentence that a file's owner can be told. Codes are stable; no sentence quotes the file."""

from __future__ import annotations

from typing import Literal, TypedDict

RefusalCode = Literal[
    "empty",
    "too_large",
    "text",
    "unknown_type",
    "not_dicom",
    "other_picture",
    "drawing",
    "document",
    "video",
    "archive",
    "volume",
    "dicom_directory",
    "segmentation",
    "radiotherapy",
    "report",
    "waveform",
    "presentation_state",
    "whole_slide",
    "no_pixels",
    "bad_header",
    "no_transfer_syntax",
    "unsupported_compression",
    "unsupported_colours",
    "too_many_pixels",
    "too_many_frames",
    "too_many_pixels_in_all",
    "inflates_too_large",
    "mixed_pages",
    "damaged",
    "nested_too_deep",
    "too_much_memory",
    "took_too_long",
    "decoder_crashed",
]

REFUSALS: dict[RefusalCode, str] = {
    "empty": "The file is empty. Copy or export it again.",
    "too_large": "The file is larger than this site accepts. Ask the site's staff, or export fewer frames.",
    "text": "This is a text file, not an image. Leave it out.",
    "unknown_type": "The file is neither DICOM (its DICM mark is missing) nor PNG, JPEG, WebP or TIFF. "
    "Export the image in one of these formats.",
    "not_dicom": "The file looks like DICOM data, but the DICM mark at its start is missing, so it is not DICOM. "
    "Export it again as a DICOM file.",
    "other_picture": "This picture format is not accepted. Save the image as PNG and upload that.",
    "drawing": "SVG drawings are not accepted. Export the image as PNG and upload that.",
    "document": "This is a document, not an image. Export the image itself.",
    "video": "Video is not accepted. Export the frames as images or as an uncompressed DICOM cine loop.",
    "archive": "This is an archive. Unpack it and upload the images, or upload it on its own as a zip.",
    "volume": "Research volume formats are not accepted. Export the images as DICOM or PNG.",
    "dicom_directory": "This is the index of a DICOM disc, not an image. Upload the image files beside it.",
    "segmentation": "This DICOM file holds a segmentation, not an image. Upload the images it was drawn on.",
    "radiotherapy": "This DICOM file holds radiotherapy data, not an image. Leave it out.",
    "report": "This DICOM file holds a report or a list of references, not an image. Leave it out.",
    "waveform": "This DICOM file holds a waveform or sound, not an image. Leave it out.",
    "presentation_state": "This DICOM file says how to show other images and holds none itself. Leave it out.",
    "whole_slide": "Whole-slide images are not supported. Export a field of view as TIFF or PNG.",
    "no_pixels": "The DICOM file holds no image. Export the image itself.",
    "bad_header": "The file's description of its image is incomplete or contradicts itself. Export it again.",
    "no_transfer_syntax": "The DICOM file does not say how its image is encoded. Export it again.",
    "unsupported_compression": "No decoder here reads this kind of compression. Export the file uncompressed "
    "or as lossless JPEG 2000.",
    "unsupported_colours": "The colour model of this image is not supported. Export it as RGB or greyscale.",
    "too_many_pixels": "The image has more pixels than this site accepts. Export it at a smaller size.",
    "too_many_frames": "The file has more frames than this site accepts. Split it or export fewer frames.",
    "too_many_pixels_in_all": "The frames of this file together are larger than this site accepts. "
    "Split it or export fewer frames.",
    "inflates_too_large": "The file's compressed data grow larger than this site accepts. "
    "Export it without deflate compression.",
    "mixed_pages": "The pages of this file differ in size or kind, so they are no stack. "
    "Save each page as a file of its own.",
    "damaged": "The image could not be decoded; the file seems damaged or cut off. Export it again.",
    "nested_too_deep": "The file's structure is nested too deeply to be read safely. Export it again.",
    "too_much_memory": "Decoding the image needs more memory than this site allows. Export it at a smaller size.",
    "took_too_long": "Decoding the image took longer than this site allows. Export it uncompressed or smaller.",
    "decoder_crashed": "The file made the decoder fail; it seems damaged. Export it again.",
}

NoteCode = Literal[
    "depth_lost",
    "values_resampled",
    "high_bits_dropped",
    "modality_table_broken",
    "rescale_broken",
    "window_broken",
    "window_missing",
    "window_approximated",
    "windows_vary",
    "supplemental_palette_ignored",
    "overlay_dropped",
    "alpha_over_black",
    "colours_converted",
    "colour_profile_broken",
    "colour_profile_dropped",
    "orientation_applied",
    "extra_pictures_dropped",
    "colour_cine_compressed",
    "file_irregular",
]

NOTES: dict[NoteCode, str] = {
    "depth_lost": "The file has more than 8 bits per colour; the image keeps 8.",
    "values_resampled": "The file's values do not fit 16 bits as they are; they were scaled linearly to 16 bits.",
    "high_bits_dropped": "Bits outside the stored range were set and were dropped.",
    "modality_table_broken": "The file's modality table is broken; the stored values are shown as they are.",
    "rescale_broken": "The file's rescale values are broken; the stored values are shown as they are.",
    "window_broken": "The file's display window is broken; a window from the 1st to the 99th percentile is used.",
    "window_missing": "The file has no display window; a window from the 1st to the 99th percentile is used.",
    "window_approximated": "The file's display curve is approximated by a straight window in the viewer.",
    "windows_vary": "The frames have different display windows; those of the middle frame are used.",
    "supplemental_palette_ignored": "The file adds a colour palette to its grey values; only the grey is shown.",
    "overlay_dropped": "The file has an overlay; it is not shown.",
    "alpha_over_black": "The image is partly transparent; it is shown on black.",
    "colours_converted": "The colours were converted to sRGB.",
    "colour_profile_broken": "The file's colour profile could not be read; the colours are shown as they are.",
    "colour_profile_dropped": "The file's colour profile does not apply to this image and was left out.",
    "orientation_applied": "The image was turned as the file asks.",
    "extra_pictures_dropped": "The file holds further pictures beside the main one; they were left out.",
    "colour_cine_compressed": "The frames of this colour loop are kept as high-quality JPEG, not losslessly.",
    "file_irregular": "The file departs from its standard in places. Look at the image with care.",
}

LookCode = Literal[
    "modality_may_show_text",
    "secondary_capture",
    "text_burned_in",
    "burned_in_text_unknown",
]

LOOKS: dict[LookCode, str] = {
    "modality_may_show_text": "Images of this kind often show names or dates in the picture.",
    "secondary_capture": "The image was captured from a screen or scanned and may show names or dates.",
    "text_burned_in": "The file says that text is burned into the picture.",
    "burned_in_text_unknown": "The file does not say whether text is burned into the picture.",
}


class Reason(TypedDict):
    """A code with its sentence, as it appears in a rendition's description."""

    code: str
    sentence: str


class Refusal(Exception):
    """Raised while a file is being read when it must be refused. Holds a code and nothing of the file."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code)
        self.code: RefusalCode = code


def note(code: NoteCode) -> Reason:
    """The note with its sentence."""
    return {"code": code, "sentence": NOTES[code]}


def look(code: LookCode) -> Reason:
    """The reason to look at an image, with its sentence."""
    return {"code": code, "sentence": LOOKS[code]}
