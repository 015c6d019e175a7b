"""Large files arrive in parts, whatever happens to the connection or to the server meanwhile.

What a request brings is stored in parts of at most `PART` bytes, and each counts as soon as it is stored: a connection
that breaks loses what was on the wire, a server that is killed the part it was writing. No transaction is open while
bytes come in; whoever stores the next part first has it, and whoever comes second is told where to go on.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.arrivals import open_image_set, receive_upload, sentence_for
from readerstudy.cases.actions.leftovers import STRAY_AFTER
from readerstudy.cases.models import Transfer, Upload
from readerstudy.cases.names import clean_name
from readerstudy.cases.policies import CasesError, check_attested, check_can_add_images
from readerstudy.cases.streams import forget_stored, open_chained, store_pieces, stored_before
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError

ARRIVING = "arriving"
PART = 8 * 1024 * 1024
PIECE = 256 * 1024
MOST_PARTS = 10_000
KEY_BYTES = 16
WHOLE_FOR = timedelta(minutes=1)

Read = Callable[[int], bytes]
Part = tuple[str, int]

logger = logging.getLogger(__name__)


class TooMuchError(CasesError):
    """The file is larger than the site takes, or than was announced."""


class NoRoomError(CasesError):
    """Too many bytes of the study wait already; later there is room."""


class OffsetError(CasesError):
    """The bytes do not begin where the transfer goes on, which is at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(_("This file goes on at another place. Ask where, and send from there."))
        self.offset = offset


class BusyError(CasesError):
    """Somebody else is making an upload of the transfer."""

    def __init__(self) -> None:
        super().__init__(_("This file has arrived and is being checked. Ask again in a moment."))


class GoneError(CasesError):
    """The transfer was forgotten or given up."""

    def __init__(self) -> None:
        super().__init__(_("This upload was given up, or nobody went on with it for a day. Begin it again."))


class TooManyPartsError(CasesError):
    """The file came in more parts than anybody needs."""


@transaction.atomic
def start_transfer(*, study: Study, name: str, size: int, by: User) -> Transfer:
    """Announces a file of `size` bytes that will arrive in parts.

    Raises `TooMuchError` and `NoRoomError`, and `CasesError` where `by` may not upload now.
    """
    study = locked(study)
    check_can_add_images(study)
    check_attested(study, by)
    _check_room(study, size)
    transfer = Transfer.objects.create(
        key=secrets.token_hex(KEY_BYTES), study=study, by=by, original_name=clean_name(name), size=size
    )
    _record("transfer.start", transfer, by=by)
    return transfer


def _check_room(study: Study, size: int) -> None:
    if size > settings.MAX_UPLOAD_BYTES:
        raise TooMuchError(sentence_for("too_large"))
    waiting = Transfer.objects.bytes_to_come(study) + Upload.objects.of(study).bytes_to_render()
    if waiting + size > settings.MAX_WAITING_BYTES:
        raise NoRoomError(
            _(
                "Files of %(waiting)d MB already wait in this study, and the site lets no more than %(most)d MB wait. "
                "Wait until some are rendered, then press Try again."
            )
            % {"waiting": waiting // 2**20, "most": settings.MAX_WAITING_BYTES // 2**20}
        )


def take_part(*, transfer: Transfer, offset: int, read: Read) -> Transfer:
    """Stores what `read` gives, part by part, until it gives no more or the file is whole; the transfer as it then is.

    Raises `OffsetError` where `offset` is not where the transfer goes on, also when somebody else was faster.
    """
    _check_going_on(transfer, offset)
    while transfer.received < transfer.size:
        wanted = min(PART, transfer.size - transfer.received)
        part = store_pieces(ARRIVING, _pieces(read, wanted))
        if part[1]:
            transfer = _add_parts(transfer, offset=transfer.received, parts=[part])
        if part[1] < wanted:
            break
    return transfer


def take_checked_part(
    *, transfer: Transfer, offset: int, read: Read, is_right: Callable[[], bool]
) -> Transfer | None:
    """The same for bytes of which a checksum is known: all of them count, or none where `is_right` then says no.

    None comes back for bytes that are not right.
    """
    _check_going_on(transfer, offset)
    parts = list(_stored(read, transfer.size - offset))
    if not is_right():
        forget_stored(name for name, _size in parts)
        return None
    return _add_parts(transfer, offset=offset, parts=parts) if parts else transfer


def _check_going_on(transfer: Transfer, offset: int) -> None:
    if transfer.expires_at < timezone.now():
        raise GoneError
    if transfer.received != offset:
        raise OffsetError(transfer.received)


def _stored(read: Read, most: int) -> Iterator[Part]:
    while most > 0:
        wanted = min(PART, most)
        part = store_pieces(ARRIVING, _pieces(read, wanted))
        if part[1]:
            yield part
        if part[1] < wanted:
            return
        most -= wanted


def _pieces(read: Read, most: int) -> Iterator[bytes]:
    """At most `most` bytes; a connection that breaks is an end like any other, because what came before it counts."""
    while most > 0:
        try:
            piece = read(min(PIECE, most))
        except OSError:
            return
        if not piece:
            return
        yield piece
        most -= len(piece)


def _add_parts(transfer: Transfer, *, offset: int, parts: Sequence[Part]) -> Transfer:
    """Writes stored parts down; where that cannot be, they are forgotten again."""
    try:
        return _write_parts(transfer.pk, offset=offset, parts=parts)
    except BaseException:
        forget_stored(name for name, _size in parts)
        raise


@transaction.atomic
def _write_parts(pk: int, *, offset: int, parts: Sequence[Part]) -> Transfer:
    held = (
        Transfer.objects.select_for_update(of=("self",)).select_related("study", "by").filter(pk=pk).first()
    )
    if held is None:
        raise GoneError
    if held.received != offset:
        raise OffsetError(held.received)
    if len(held.parts) + len(parts) > MOST_PARTS:
        raise TooManyPartsError(
            _("This file came in more than %(most)d parts. Begin it again and send larger parts.")
            % {"most": MOST_PARTS}
        )
    held.parts += [[name, size] for name, size in parts]
    held.received += sum(size for _name, size in parts)
    held.touched_at = timezone.now()
    held.save(update_fields=["parts", "received", "touched_at"])
    return held


def finish_transfer(*, transfer: Transfer) -> Transfer:
    """Makes an upload of a transfer that is whole; a second call changes nothing.

    Raises `BusyError` while somebody else does it, and `CasesError` where the study takes no files any more: the parts
    then wait for another try until the transfer expires.
    """
    if transfer.upload_id is not None:
        return transfer
    image_set = open_image_set(study=transfer.study, by=transfer.by)
    with transaction.atomic():
        held = _whole(transfer.pk)
        if held.upload_id is None:
            with open_chained([(name, size) for name, size in held.parts]) as content:
                held.upload = receive_upload(
                    study=held.study,
                    image_set=image_set,
                    name=held.original_name,
                    content=content,
                    by=held.by,
                )
            held.original_name, held.touched_at = "", timezone.now()
            held.save(update_fields=["upload", "original_name", "touched_at"])
            transaction.on_commit(partial(_forget_parts, held.pk))
    return held


def _whole(pk: int) -> Transfer:
    """The transfer with its row locked; somebody who has it now is making the upload of it."""
    rows = Transfer.objects.select_for_update(of=("self",), skip_locked=True)
    held = rows.select_related("study", "by").filter(pk=pk).first()
    if held is None or not held.is_whole:
        raise BusyError
    return held


@transaction.atomic
def give_up_transfer(*, transfer: Transfer, by: User | None, verb: str = "transfer.give_up") -> None:
    """Forgets a transfer and its parts; what has become an upload stays one."""
    held = Transfer.objects.select_for_update(skip_locked=True).filter(pk=transfer.pk).first()
    if held is None:
        raise BusyError
    names = [name for name, _size in held.parts]
    if held.upload_id is None:
        _record(verb, held, by=by)
    held.delete()
    transaction.on_commit(partial(forget_stored, names))


def forget_transfers() -> None:
    """Finishes what a killed server left whole, and deletes parts and transfers that nobody needs any more."""
    for transfer in Transfer.objects.whole().filter(touched_at__lt=timezone.now() - WHOLE_FOR):
        _try(transfer, partial(finish_transfer, transfer=transfer))
    for pk in Transfer.objects.exclude(upload=None).exclude(parts=[]).values_list("pk", flat=True):
        _forget_parts(pk)
    for transfer in Transfer.objects.given_up():
        _try(transfer, partial(give_up_transfer, transfer=transfer, by=None, verb="transfer.expire"))
    _forget_strays()


def _try(transfer: Transfer, work: Callable[[], object]) -> None:
    """One transfer that cannot be finished must not keep the sweep from the others; its row says that it waits."""
    try:
        work()
    except (StudyError, OSError) as error:
        logger.info("transfer %d waits: %s", transfer.pk, type(error).__name__)


def _forget_parts(pk: int) -> None:
    """Deletes the parts of a transfer that is an upload; its row names them until they are really gone."""
    transfer = Transfer.objects.exclude(upload=None).filter(pk=pk).first()
    if transfer is not None:
        forget_stored(name for name, _size in transfer.parts)
        Transfer.objects.filter(pk=pk).update(parts=[])


def _forget_strays() -> None:
    """Deletes parts that a killed server stored and did not write down."""
    strays = set(stored_before(ARRIVING, timezone.now() - STRAY_AFTER))
    if strays:
        known = {name for parts in Transfer.objects.values_list("parts", flat=True) for name, _size in parts}
        forget_stored(strays - known)


def _record(verb: str, transfer: Transfer, *, by: User | None) -> None:
    data = {"transfer": transfer.pk, "bytes": transfer.size}
    record(verb, by=by, stream=study_stream(transfer.study_id), subject=str(transfer), data=data)
