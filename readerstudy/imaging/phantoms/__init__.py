"""Synthetic medical images drawn by this package: deterministic, recognisable, with known findings.

They stand in for patients in the demo and in tests. Nothing in them comes from a real person.
"""

from readerstudy.imaging.phantoms.chest import CHEST_LESIONS, CHEST_ZONES, draw_chest
from readerstudy.imaging.phantoms.encode import encode_dicom, encode_png
from readerstudy.imaging.phantoms.fundus import FUNDUS_LESIONS, draw_fundus
from readerstudy.imaging.phantoms.model import Finding, Phantom

__all__ = [
    "CHEST_LESIONS",
    "CHEST_ZONES",
    "FUNDUS_LESIONS",
    "Finding",
    "Phantom",
    "draw_chest",
    "draw_fundus",
    "encode_dicom",
    "encode_png",
]
