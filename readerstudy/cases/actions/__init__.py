"""Every write to uploads, images, cases and labels.

The name a file came with is written to its upload's row and nowhere else: audit events, storage names, task arguments
and errors carry numbers and keys of ours.
"""

from readerstudy.cases.actions.images import confirm_images, leave_out, take_back
from readerstudy.cases.actions.labels import import_labels, plan_import
from readerstudy.cases.actions.uploads import (
    Arrival,
    CleanFile,
    arrive,
    erase_names,
    forget_arrivals,
    forget_leftovers,
    keep_hold,
    open_image_set,
    receive_upload,
    refuse_as,
    refuse_upload,
    store_renditions,
    take_upload,
    unpack_archive,
)

__all__ = [
    "Arrival",
    "CleanFile",
    "arrive",
    "confirm_images",
    "erase_names",
    "forget_arrivals",
    "forget_leftovers",
    "import_labels",
    "keep_hold",
    "leave_out",
    "open_image_set",
    "plan_import",
    "receive_upload",
    "refuse_as",
    "refuse_upload",
    "store_renditions",
    "take_back",
    "take_upload",
    "unpack_archive",
]
