"""Every write to uploads, images, cases and labels.

The name a file came with is written to its upload's row and nowhere else: audit events, storage names, task arguments
and errors carry numbers and keys of ours.
"""

from readerstudy.cases.actions.arrivals import (
    ATTESTED,
    Arrival,
    arrive,
    attest,
    erase_names,
    forget_arrivals,
    note_known,
    open_image_set,
    receive_upload,
)
from readerstudy.cases.actions.images import confirm_images, leave_out, take_back, unconfirm_images
from readerstudy.cases.actions.labels import import_labels, plan_import
from readerstudy.cases.actions.leftovers import forget_leftovers, forget_stray_renditions
from readerstudy.cases.actions.mapping import Placed, apply_mapping
from readerstudy.cases.actions.marks import import_marks, problems_of_marks
from readerstudy.cases.actions.masks import (
    boxes_to_burn,
    fail_mask,
    frames_of,
    give_back,
    mask_again,
    mask_images,
    retry_masks,
    ring_waiting,
    store_masked,
    take_mask,
)
from readerstudy.cases.actions.purposes import set_purpose
from readerstudy.cases.actions.terms import state_terms
from readerstudy.cases.actions.versions import CleanFile, keep_files
from readerstudy.cases.actions.working import (
    keep_hold,
    read_table,
    refuse_as,
    refuse_upload,
    store_renditions,
    take_upload,
    unpack_archive,
)

__all__ = [
    "ATTESTED",
    "Arrival",
    "CleanFile",
    "Placed",
    "apply_mapping",
    "arrive",
    "attest",
    "boxes_to_burn",
    "confirm_images",
    "erase_names",
    "fail_mask",
    "forget_arrivals",
    "forget_leftovers",
    "forget_stray_renditions",
    "frames_of",
    "give_back",
    "import_labels",
    "import_marks",
    "keep_files",
    "keep_hold",
    "leave_out",
    "mask_again",
    "mask_images",
    "note_known",
    "open_image_set",
    "plan_import",
    "problems_of_marks",
    "read_table",
    "receive_upload",
    "refuse_as",
    "refuse_upload",
    "retry_masks",
    "ring_waiting",
    "set_purpose",
    "state_terms",
    "store_masked",
    "store_renditions",
    "take_back",
    "take_mask",
    "take_upload",
    "unconfirm_images",
    "unpack_archive",
]
