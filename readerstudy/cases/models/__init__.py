"""What readers look at, and how it came in.

An *upload* is one file a coordinator sent. A worker turns it into an *image* with its *renditions*, or into a slice of
one, and puts the image into a *slot* of a *case*. Only renditions ever leave: the upload's name stays on the upload
row, which coordinators alone see, and its bytes are deleted once the renditions exist.
"""

from readerstudy.cases.models.cases import COMPARED, READ, Case, Cases, Purpose, ReferenceStandard, as_label
from readerstudy.cases.models.images import FIRST_SLOT, OVERLAY, SAYS_NOTHING, Image, Images, Mask
from readerstudy.cases.models.renditions import Rendition, RenditionKind, Renditions
from readerstudy.cases.models.rules import (
    Attestation,
    ImageRules,
    Placement,
    ShownAs,
    Transfer,
    rules_of,
)
from readerstudy.cases.models.terms import ImageTerms, Recipients
from readerstudy.cases.models.uploads import UNFINISHED, Fate, ImageSet, Upload, Uploads

__all__ = [
    "COMPARED",
    "FIRST_SLOT",
    "OVERLAY",
    "READ",
    "SAYS_NOTHING",
    "UNFINISHED",
    "Attestation",
    "Case",
    "Cases",
    "Fate",
    "Image",
    "ImageRules",
    "ImageSet",
    "ImageTerms",
    "Images",
    "Mask",
    "Placement",
    "Purpose",
    "Recipients",
    "ReferenceStandard",
    "Rendition",
    "RenditionKind",
    "Renditions",
    "ShownAs",
    "Transfer",
    "Upload",
    "Uploads",
    "as_label",
    "rules_of",
]
