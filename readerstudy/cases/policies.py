"""What the state of cases and images allows, and the sentences for what it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.accounts.models import User
from readerstudy.cases.models import Attestation, Image
from readerstudy.cases.uses import used_cases
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError, can_change_protocol

LEAST_BOX = 2  # pixels
MOST_BOXES = 50
CODES_NAMED = 8


class CasesError(StudyError):
    """Something about cases or images cannot be done; the text is a sentence that says why and what to do."""


def check_can_add_images(study: Study) -> None:
    if not can_change_protocol(study):
        raise CasesError(
            _(
                "This study is locked, so no image can be added. Make a new study with the images that are missing."
            )
        )


def check_attested(study: Study, by: User) -> None:
    """Sites de-identify first; whoever uploads answers for it."""
    if not Attestation.objects.filter(study=study, by=by).exists():
        raise CasesError(
            _(
                "Nothing was received. State first, under Images, that names, dates and numbers of patients were "
                "removed from the files."
            )
        )


def check_can_label(study: Study) -> None:
    if not can_change_protocol(study):
        raise CasesError(
            _("This study is locked, so its labels can no longer change. Make a new study to change them.")
        )


def check_confirmed(image: Image) -> None:
    """Nobody but coordinators gets an image before a person has looked at it."""
    if image.confirmed_at is None:
        raise CasesError(
            _(
                "Nobody has confirmed yet that this image shows no name, date or number. Confirm it under Images."
            )
        )


def check_of_one_study(images: Iterable[Image]) -> list[Image]:
    """The images as a list, all of one study."""
    found = list(images)
    if len({image.case.study_id for image in found}) > 1:
        raise CasesError(_("These images belong to several studies. Do this in each study by itself."))
    return found


def check_can_mask(study: Study) -> None:
    if not can_change_protocol(study):
        raise CasesError(
            _("This study is locked, so no box can be burned in. Pause the study if an image shows a name.")
        )


def check_can_unconfirm(study: Study) -> None:
    if not can_change_protocol(study):
        raise CasesError(_("This study is locked, so its images stay confirmed."))


def check_unused(images: Collection[Image]) -> None:
    """What a model was given stays as it is, so that readers judge outputs beside the very same pixels."""
    used = used_cases({image.case_id for image in images})
    codes = sorted({image.case.code for image in images if image.case_id in used})
    if codes:
        raise CasesError(
            ngettext(
                "A model was asked about case %(codes)s, so its images stay as they are. Leave the case out if one of "
                "them shows a name.",
                "Models were asked about the cases %(codes)s, so their images stay as they are. Leave out those that "
                "show a name.",
                len(codes),
            )
            % {"codes": named(codes)}
        )


def check_not_being_masked(images: Collection[Image]) -> None:
    """Nobody can have looked at a picture that is not made yet. Call it with the images' rows locked."""
    waiting = Image.objects.being_masked().filter(pk__in=[image.pk for image in images])
    codes = sorted(set(waiting.values_list("case__code", flat=True)))
    if codes:
        raise CasesError(
            ngettext(
                "Boxes are still to be burned into an image of case %(codes)s. Look at it again when that is done.",
                "Boxes are still to be burned into images of cases %(codes)s. Look at them again when that is done.",
                len(codes),
            )
            % {"codes": named(codes)}
        )


def check_boxes(boxes: Sequence[Sequence[int]], images: Iterable[Image]) -> None:
    """Each box is [left, top, right, bottom], at least 2 × 2 pixels, and lies inside every one of the images."""
    if not boxes:
        raise CasesError(_("No box is drawn. Draw one over what must not be seen."))
    if len(boxes) > MOST_BOXES:
        raise CasesError(_("At most %(most)d boxes can be burned in at once.") % {"most": MOST_BOXES})
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        if right - left < LEAST_BOX or bottom - top < LEAST_BOX:
            raise CasesError(
                _("Box %(number)d is too small: it must be at least 2 × 2 pixels.") % {"number": number}
            )
        for image in images:
            width, height = int(image.meta["width"]), int(image.meta["height"])
            if left < 0 or top < 0 or right > width or bottom > height:
                sentence = _(
                    "Box %(number)d does not lie inside the image of case %(code)s, which is %(width)d × %(height)d "
                    "pixels."
                )
                told = {"number": number, "code": image.case.code, "width": width, "height": height}
                raise CasesError(sentence % told)


def named(codes: Sequence[str], most: int = CODES_NAMED) -> str:
    """Codes of cases in a sentence; of very many the first few and how many more there are."""
    shown = ", ".join(codes[:most])
    more = len(codes) - most
    return shown if more <= 0 else _("%(shown)s and %(more)d more") % {"shown": shown, "more": more}
