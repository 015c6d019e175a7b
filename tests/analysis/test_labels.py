"""Which label a model's text gives its case."""

from __future__ import annotations

import pytest

from readerstudy.analysis.labels import read_label

LABELS = ["Normal", "abnormal", "no finding"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Clear lungs.\nClassification: normal", "Normal"),
        ("Classification: ABNORMAL", "abnormal"),
        ("classification : abnormal.", "abnormal"),
        ("**Classification:** Normal", "Normal"),
        ("**Classification: Normal**", "Normal"),
        ("_Classification_: “abnormal”", "abnormal"),
        ("- Classification: `normal`.\n\n", "Normal"),
        ("3. Classification: No  finding", "no finding"),
        ("> Classification: normal\r\n", "Normal"),
        ("These favour a synthetic image. Classification: normal.", "Normal"),
        ("Classification: normal\nClassification: abnormal", "abnormal"),
        ("Classification：abnormal", "abnormal"),
        ("Classification: normal\nThank you for your question.", "Normal"),
    ],
)
def test_the_last_line_of_the_form_gives_the_label(text: str, label: str) -> None:
    assert read_label(text, LABELS) == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The lungs are normal.",
        "Classification: unclear",
        "Classification:",
        "Classification: normal or abnormal",
        "Classification: abnormal (right lower lobe)",
        "Classification: normal\nClassification: cannot say",
        "The classification: normal is one of two",
        "Reclassification: normal",
        "Normal",
    ],
)
def test_a_text_without_exactly_one_known_label_has_none(text: str) -> None:
    assert read_label(text, LABELS) is None


def test_without_reference_labels_no_text_has_one() -> None:
    assert read_label("Classification: normal", []) is None


def test_a_label_with_marks_of_its_own_is_found() -> None:
    assert read_label("Classification: real_image", ["real_image", "BI-RADS 4a"]) == "real_image"
    assert read_label("Classification: bi-rads 4A.", ["real_image", "BI-RADS 4a"]) == "BI-RADS 4a"
