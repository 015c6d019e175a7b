"""What is done with images, in the words of the audit page."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext_lazy

from readerstudy.audit.models import Event
from readerstudy.audit.sentences import register
from readerstudy.cases.policies import named


def _of_images(sentence: Any, event: Event) -> str:
    """How many images of which cases: `sentence` has a form for one and one for many."""
    codes = sorted(set(event.data.get("cases", [])))
    n = len(event.data.get("images", codes))
    return str(sentence % {"n": n, "cases": named(codes), "boxes": len(event.data.get("boxes", []))})


def _plain(sentence: str | Promise, event: Event) -> str:
    return str(sentence) % {"subject": event.subject, "n": event.data.get("names", 0)}


_IMAGES = {
    "image.confirm": ngettext_lazy(
        "Confirmed that %(n)d image shows no name, date or number: %(cases)s",
        "Confirmed that %(n)d images show no name, date or number: %(cases)s",
        "n",
    ),
    "image.unconfirm": ngettext_lazy(
        "Took the yes to %(n)d image back: %(cases)s", "Took the yes to %(n)d images back: %(cases)s", "n"
    ),
    "image.mask": ngettext_lazy(
        "Wanted boxes (%(boxes)d) burned into %(n)d image: %(cases)s",
        "Wanted boxes (%(boxes)d) burned into %(n)d images: %(cases)s",
        "n",
    ),
    "image.masked": ngettext_lazy(
        "Boxes (%(boxes)d) are burned into %(n)d image: %(cases)s",
        "Boxes (%(boxes)d) are burned into %(n)d images: %(cases)s",
        "n",
    ),
    "image.mask_again": ngettext_lazy(
        "Frames joined a masked image, so its boxes (%(boxes)d) are burned into all of it: %(cases)s",
        "Frames joined masked images, so their boxes (%(boxes)d) are burned into all of them: %(cases)s",
        "n",
    ),
    "image.mask_failed": ngettext_lazy(
        "Boxes (%(boxes)d) could not be burned into %(n)d image: %(cases)s",
        "Boxes (%(boxes)d) could not be burned into %(n)d images: %(cases)s",
        "n",
    ),
    "image.mask_retry": ngettext_lazy(
        "Had boxes (%(boxes)d) tried once more on %(n)d image: %(cases)s",
        "Had boxes (%(boxes)d) tried once more on %(n)d images: %(cases)s",
        "n",
    ),
    "case.purpose": ngettext_lazy(
        "Changed what %(n)d case is there for: %(cases)s",
        "Changed what %(n)d cases are there for: %(cases)s",
        "n",
    ),
    "case.leave_out": ngettext_lazy("Left %(n)d case out: %(cases)s", "Left %(n)d cases out: %(cases)s", "n"),
}
_OTHERS = {
    "case.take_back": gettext_lazy("Took the case %(subject)s back"),
    "image.render": gettext_lazy("Rendered an image of case %(subject)s"),
    "upload.attest": gettext_lazy("Attested that the files were de-identified where they came from"),
    "upload.receive": gettext_lazy("Received a file"),
    "upload.refuse": gettext_lazy("Refused a file"),
    "upload.unpack": gettext_lazy("Unpacked an archive"),
    "upload.erase_names": gettext_lazy("Erased %(n)d file names"),
    "labels.import": gettext_lazy("Stored a table of labels"),
    "marks.import": gettext_lazy("Stored reference marks"),
    "image.place": gettext_lazy("Stored a table of cases and slots"),
    "image.normalise": gettext_lazy("Normalised an image of case %(subject)s"),
    "image_set.terms": gettext_lazy("Stated the terms of the image set “%(subject)s”"),
    "image_rules.change": gettext_lazy("Changed the rules for images"),
    "transfer.start": gettext_lazy("Began to send a large file"),
    "transfer.give_up": gettext_lazy("Gave up sending a large file"),
    "transfer.expire": gettext_lazy("Forgot a large file that was never finished"),
    "originals.open": gettext_lazy("Decrypted the kept originals"),
    "originals.forget": gettext_lazy("Deleted the kept originals"),
}

for _verb, _sentence in _IMAGES.items():
    register(_verb, partial(_of_images, _sentence))
for _verb, _words in _OTHERS.items():
    register(_verb, partial(_plain, _words))
