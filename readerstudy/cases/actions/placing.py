"""A rendered file gets its place: a case of its own, a slot of a case, or a slice of a stack."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Max

from readerstudy.cases.actions.masks import mask_again
from readerstudy.cases.actions.versions import StoredFile, add_renditions
from readerstudy.cases.mapping import spellings
from readerstudy.cases.models import Case, Image, Placement, RenditionKind, Upload
from readerstudy.cases.seats import Seat, seat_of
from readerstudy.cases.stacks import MOST_SLICES, Slice, in_order, place_of, values_of
from readerstudy.cases.uses import used_cases
from readerstudy.studies.models import Study

KEY_BYTES = 16
# What the decoding child tells to find an image's place. It is kept in columns, never in the image's description.
PROVENANCE = ("series", "stack", "position_mm", "instance_number", "instance", "day", "age_years", "sex")
SLICE_KINDS = (RenditionKind.FULL, RenditionKind.DISPLAY, RenditionKind.PREVIEW)


class NoSeat(Exception):
    """The file's place is taken or full; `code` is one of the reasons an upload may be refused for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Seated:
    """Where a file goes: a stack that exists (`image`), else a slot of a case that exists or is to be made."""

    study: Study
    seat: Seat
    case: Case | None = None
    image: Image | None = None


def find_seat(study: Study, upload: Upload, meta: Mapping[str, Any]) -> Seated:
    """The place of a rendered upload; call it with the study locked. Raises `NoSeat`."""
    stack = str(meta.get("stack") or "")
    image = Image.objects.of(study).filter(stack=stack).select_related("case").first() if stack else None
    seat = _mapped_seat(study, upload.original_name) or seat_of(upload.original_name, is_slice=bool(stack))
    if image is not None:
        _check_unused(image.case)
        if image.frames >= MOST_SLICES:
            raise NoSeat("stack_full")
        return Seated(study, seat, image.case, image)
    case = Case.objects.kept(study).filter(folder=seat.folder).first() if seat.folder else None
    if case is not None and case.images.filter(slot=seat.slot).exists():
        raise NoSeat("slot_taken")
    if case is not None:
        _check_unused(case)
    return Seated(study, seat, case)


def _check_unused(case: Case) -> None:
    if used_cases([case.pk]):
        raise NoSeat("case_used")


def _mapped_seat(study: Study, name: str) -> Seat | None:
    wanted = spellings(name)
    rows = {row.name: row for row in Placement.objects.filter(study=study, name__in=wanted)}
    row = next((rows[spelling] for spelling in wanted if spelling in rows), None)
    return Seat(row.folder, row.slot) if row else None


def put(
    seated: Seated, meta: Mapping[str, Any], files: Sequence[StoredFile]
) -> tuple[Image, int, dict[str, Any]]:
    """Writes the image, or the slice, with its renditions; the frame it became, and what orders it in its stack."""
    place = place_of(meta) if meta.get("stack") else {}
    if seated.image is not None:
        frame = _join(seated.image, place, files)
        _add_strata(seated.image.case, meta)
        return seated.image, frame, place
    case = seated.case or next_case(seated.study, seated.seat.folder)
    image = _make_image(case, seated.seat.slot, meta)
    add_renditions(image, files)
    _add_strata(case, meta)
    return image, 0, place


def next_case(study: Study, folder: str = "") -> Case:
    """A new case at the end of the study."""
    last = Case.objects.filter(study=study).aggregate(last=Max("position"))["last"]
    position = 0 if last is None else int(last) + 1
    return Case.objects.create(study=study, position=position, code=f"C{position + 1:03d}", folder=folder)


def _make_image(case: Case, slot: str, meta: Mapping[str, Any]) -> Image:
    return Image.objects.create(
        case=case,
        slot=slot,
        key=secrets.token_hex(KEY_BYTES),
        meta={name: value for name, value in meta.items() if name not in PROVENANCE},
        needs_look=list(meta.get("needs_look", [])),
        series=meta.get("series") or "",
        stack=meta.get("stack") or "",
        day=meta.get("day"),
    )


def _join(image: Image, place: Mapping[str, Any], files: Sequence[StoredFile]) -> int:
    """Adds a slice to a stack, which nobody has then looked at as a whole; the number it is stored under."""
    arrived = list(image.uploads.values_list("frame", "place"))
    frame = 1 + max(number for number, _place in arrived)
    slices = in_order(Slice.of(number, told) for number, told in [*arrived, (frame, place)])
    image.order, image.frame_values = [each.frame for each in slices], values_of(slices)
    image.meta = {**image.meta, "frames": len(slices), "key_frame": len(slices) // 2}
    image.confirmed_at = image.confirmed_by = None
    image.save(update_fields=["order", "frame_values", "meta", "confirmed_at", "confirmed_by"])
    add_renditions(image, _as_frame(files, frame))
    mask_again(image=image)
    return frame


def _as_frame(files: Iterable[StoredFile], frame: int) -> list[StoredFile]:
    return [
        replace(file, clean=replace(file.clean, frame=frame))
        for file in files
        if file.clean.kind in SLICE_KINDS
    ]


def _add_strata(case: Case, meta: Mapping[str, Any]) -> None:
    """Age and sex, where the study asked the child for them; what a coordinator has written stays."""
    told = {"sex": meta.get("sex"), "age": age_band(meta.get("age_years"))}
    fresh = {name: value for name, value in told.items() if value and name not in case.strata}
    if fresh:
        case.strata = {**case.strata, **fresh}
        case.save(update_fields=["strata"])


def age_band(years: int | None) -> str:
    """Ten years wide, 90 and over together."""
    if years is None:
        return ""
    low = years // 10 * 10
    return "90+" if low >= 90 else f"{low}-{low + 9}"
