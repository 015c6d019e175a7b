"""Original files, kept encrypted where a study wants them; nothing but `manage.py originals` opens them.

A kept file is a head (magic, which key, a random salt) and chunks of `CHUNK` bytes, each sealed with AES-256-GCM under
a key of its own file, derived from the site's key and the salt. A chunk's nonce is its number and whether it is the
last one, and the head is authenticated with each; so a changed, reordered, missing or foreign chunk is noticed, and so
is a missing end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from readerstudy.cases.models import Fate, Upload, rules_of
from readerstudy.cases.policies import CasesError
from readerstudy.cases.streams import forget_stored, store_pieces

FOLDER = "originals"
CHUNK = 1024 * 1024
MAGIC = b"RSORIG1\n"
KEY_BYTES, SALT_BYTES, NAME_BYTES, TAG_BYTES = 32, 32, 8, 16
HEAD_BYTES = len(MAGIC) + NAME_BYTES + SALT_BYTES


class OriginalsError(CasesError):
    """An original cannot be kept or opened; the text is a sentence that says why and what to do."""


def site_key() -> bytes:
    """The 32 bytes that encrypt originals; raises `OriginalsError` where the site has none."""
    key: bytes = settings.ORIGINALS_KEY
    if not key:
        raise OriginalsError(
            _(
                "This site has no key for original files, so it cannot keep them. Ask the site’s staff to set "
                "ORIGINALS_KEY, or do not keep the originals."
            )
        )
    return key


def check_can_keep() -> None:
    """Raises `OriginalsError` where a study cannot have its originals kept, because the site has no key."""
    site_key()


def keep(upload: Upload) -> str:
    """Encrypts what came in for a rendered upload where its study keeps originals; returns the name in storage.

    Empty where there is nothing to keep: other fates, archives, studies that keep none. The name is written to the
    upload's row before this returns, so that the bytes in clear may then be deleted; a second call, also one at the
    same time, keeps one file. Raises `OriginalsError` without a key and OSError where the bytes are gone.
    """
    if upload.kept or upload.fate != Fate.RENDERED or not rules_of(upload.image_set.study).keeps_originals:
        return upload.kept
    key = site_key()
    with default_storage.open(upload.stored) as clear:
        kept, _size = store_pieces(FOLDER, sealed(clear, key))
    if not Upload.objects.filter(pk=upload.pk, kept="").update(kept=kept):
        forget_stored([kept])
        kept = str(Upload.objects.values_list("kept", flat=True).get(pk=upload.pk))
    return kept


def sealed(clear: IO[bytes], key: bytes) -> Iterator[bytes]:
    """The file `clear` as it is stored: head and sealed chunks, never more than two of them in memory."""
    head = MAGIC + _key_name(key) + os.urandom(SALT_BYTES)
    cipher = _cipher(key, head)
    yield head
    number, piece = 0, _full(clear, CHUNK)
    while following := _full(clear, CHUNK):
        yield cipher.encrypt(_nonce(number, last=False), piece, head)
        number, piece = number + 1, following
    yield cipher.encrypt(_nonce(number, last=True), piece, head)


def opened(kept: IO[bytes], key: bytes) -> Iterator[bytes]:
    """The original behind a stored file, chunk by chunk.

    Raises `OriginalsError` for another key and at the first chunk that is not as it was written; what came before is
    then not to be used either.
    """
    head = _full(kept, HEAD_BYTES)
    _check_head(head, key)
    cipher, number = _cipher(key, head), 0
    piece = _full(kept, CHUNK + TAG_BYTES)
    while following := _full(kept, CHUNK + TAG_BYTES):
        yield _open_chunk(cipher, number, piece, head, last=False)
        number, piece = number + 1, following
    yield _open_chunk(cipher, number, piece, head, last=True)


def _check_head(head: bytes, key: bytes) -> None:
    if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
        raise OriginalsError(_("This is not a kept original, or its beginning is damaged."))
    if head[len(MAGIC) : len(MAGIC) + NAME_BYTES] != _key_name(key):
        raise OriginalsError(
            _("This original was encrypted with another key. Set ORIGINALS_KEY to the key of that time.")
        )


def _open_chunk(cipher: AESGCM, number: int, piece: bytes, head: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last=last), piece, head)
    except (InvalidTag, ValueError) as error:
        raise OriginalsError(
            _(
                "This kept original was changed, cut off or put together differently since it was stored, so it is "
                "not opened. Restore it from a backup."
            )
        ) from error


def _cipher(key: bytes, head: bytes) -> AESGCM:
    """The cipher of one file: its key follows from the site's key and the salt at the end of the head."""
    salt = head[-SALT_BYTES:]
    return AESGCM(_derived(key, b"readerstudy original", salt=salt, length=KEY_BYTES))


def _key_name(key: bytes) -> bytes:
    """Tells keys apart and says nothing about them."""
    return _derived(key, b"readerstudy name of the key", salt=None, length=NAME_BYTES)


def _derived(key: bytes, purpose: bytes, *, salt: bytes | None, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _full(source: IO[bytes], size: int) -> bytes:
    """The next `size` bytes, fewer only at the end: a storage's file may give less than it was asked for."""
    pieces, missing = [], size
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
