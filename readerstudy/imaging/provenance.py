"""Where an image stands among others, told without an identifier.

Identifiers become hashes under a secret of the study, dates and positions become numbers that are shifted by a
secret amount. So images of one study can be grouped, put in order and set apart in days, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import date

import numpy as np
from pydicom.dataset import Dataset

from readerstudy.imaging import terms
from readerstudy.imaging.asked import Asked
from readerstudy.imaging.dicom_header import frame_count, integer, numbers, text, value
from readerstudy.imaging.picture import Facts, Provenance

_DIGITS = 32
_DATES = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")
_LONGEST_SHIFT_DAYS, _SHORTEST_SHIFT_DAYS = 36_500, 10_000
_LONGEST_SHIFT_MM, _FARTHEST_MM = 20_000_000, 1e6  # the shift in thousandths
_HIGHEST_NUMBER = 100_000
_OLDEST = 90
_AGE_UNITS = {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}
_SEXES = frozenset({"F", "M", "O"})

Look = tuple[bool, bool, int]


def provenance(dataset: Dataset, asked: Asked, facts: Facts, look: Look) -> Provenance:
    """What may be known of the file, as far as `asked` goes.

    `look` is what else must be equal within a stack: whether the image is in colour, whether it is inverted, and
    its bits.
    """
    key = bytes.fromhex(asked.key)
    uid = text(dataset, "SeriesInstanceUID") if key else None
    return Provenance(
        series=None if uid is None else _hash(key, "series", uid),
        stack=None if uid is None else _stack(dataset, key, uid, facts, look),
        instance=_instance(dataset, key),
        position_mm=None if uid is None else _position(dataset, key, uid),
        instance_number=_instance_number(dataset),
        day=_day(dataset, key),
        age_years=_age(dataset) if asked.age_and_sex else None,
        sex=terms.known(text(dataset, "PatientSex"), _SEXES) if asked.age_and_sex else None,
    )


def _hash(key: bytes, purpose: str, value: str) -> str:
    return hmac.new(key, f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def _number(key: bytes, purpose: str, value: str, bound: int) -> int:
    """A secret number below the bound."""
    return int(_hash(key, purpose, value), 16) % bound


def _instance(dataset: Dataset, key: bytes) -> str | None:
    uid = text(dataset, "SOPInstanceUID") if key else None
    return None if uid is None else _hash(key, "instance", uid)


def _stack(dataset: Dataset, key: bytes, uid: str, facts: Facts, look: Look) -> str | None:
    """The same for all single-frame images that can be leafed through as one."""
    if frame_count(dataset) > 1 or not _is_slice(dataset, facts.imaging_modality):
        return None
    size = (integer(dataset, "Rows"), integer(dataset, "Columns"))
    spacing = [float(f"{number:.4g}") for number in facts.spacing_mm or ()]
    equal = [uid, size, look, _rounded(_orientation(dataset)), spacing]
    return _hash(key, "stack", json.dumps(equal))


def _is_slice(dataset: Dataset, modality: str | None) -> bool:
    if modality in terms.MODALITIES_OF_SINGLE_VIEWS:
        return False
    return modality in terms.VOLUME_MODALITIES or bool(_orientation(dataset) and _place(dataset))


def _orientation(dataset: Dataset) -> tuple[float, ...]:
    """The six direction cosines of rows and columns, or nothing."""
    found = numbers(dataset, "ImageOrientationPatient")
    return found if len(found) == 6 and all(abs(number) <= 2 for number in found) else ()


def _place(dataset: Dataset) -> tuple[float, ...]:
    """The three coordinates of the first pixel in mm, or nothing."""
    found = numbers(dataset, "ImagePositionPatient")
    return found if len(found) == 3 and all(abs(number) < _FARTHEST_MM for number in found) else ()


def _rounded(found: tuple[float, ...]) -> list[float]:
    return [round(number, 3) + 0.0 for number in found]  # + 0.0: there is one nought only


def _position(dataset: Dataset, key: bytes, uid: str) -> float | None:
    """Where the slice lies along the normal of its plane, in mm, from a secret origin of the series."""
    orientation, place = _orientation(dataset), _place(dataset)
    normal = np.cross(orientation[:3], orientation[3:]) if orientation and place else np.zeros(3)
    length = float(np.linalg.norm(normal))
    if length < 1e-3:
        return None
    origin = _number(key, "position", uid, _LONGEST_SHIFT_MM) / 1000
    return round(float(np.dot(place, normal / length)) + origin, 3)


def _instance_number(dataset: Dataset) -> int | None:
    found = integer(dataset, "InstanceNumber", -1)
    return found if 0 <= found <= _HIGHEST_NUMBER else None


def _day(dataset: Dataset, key: bytes) -> int | None:
    taken = _taken(dataset) if key else None
    if taken is None:
        return None
    return taken.toordinal() + _SHORTEST_SHIFT_DAYS + _number(key, "day", "", _LONGEST_SHIFT_DAYS)


def _taken(dataset: Dataset) -> date | None:
    """When the image was taken, by the first attribute that holds a day."""
    return next((day for keyword in _DATES if (day := _date(dataset, keyword)) is not None), None)


def _date(dataset: Dataset, keyword: str) -> date | None:
    found = re.fullmatch(r"(\d{4})\.?(\d\d)\.?(\d\d)", str(value(dataset, keyword) or "").strip())
    if found is None:
        return None
    try:
        day = date(*map(int, found.groups()))
    except ValueError:
        return None
    return day if day.year >= 1900 else None


def _age(dataset: Dataset) -> int | None:
    """Whole years, 90 for everybody older."""
    years = _said_age(dataset)
    if years is None:
        years = _years_between(_date(dataset, "PatientBirthDate"), _taken(dataset))
    return None if years is None or years < 0 else min(years, _OLDEST)


def _said_age(dataset: Dataset) -> int | None:
    found = re.fullmatch(r"(\d{1,3})([YMWD])", (text(dataset, "PatientAge") or "").upper())
    return None if found is None else int(int(found[1]) / _AGE_UNITS[found[2]])


def _years_between(birth: date | None, taken: date | None) -> int | None:
    if birth is None or taken is None:
        return None
    return taken.year - birth.year - ((taken.month, taken.day) < (birth.month, birth.day))
