"""The catalogues of words.

`python -m tests.languages.catalogue` brings them up to date, compiles them, and says what is missing.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tests.languages.extraction import ROOT, is_of_readers, messages

LOCALE = ROOT / "readerstudy" / "locale"
WHOLE = ("de", "es")
OF_READERS = ("ar",)
LANGUAGES = (*WHOLE, *OF_READERS)
NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""The same words give the same bytes, whenever they are compiled."""


def po_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The catalogue as it is kept."""
    with po_of(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """The bytes that Django reads; what has no translation yet is left out and stays English."""
    said = Catalog(locale=catalog.locale, creation_date=NO_DAY, revision_date=NO_DAY, fuzzy=False)
    out = io.BytesIO()
    for each in catalog:
        if each.id and _is_said(each):
            said.add(each.id, each.string, context=each.context)
    write_mo(out, said)
    return out.getvalue()


def missing(catalog: Catalog, found: Catalog, language: str) -> list[Message]:
    """Sentences that the product says and that the catalogue cannot say in its language."""
    wanted = [each for each in found if each.id and (language in WHOLE or _meets_readers(each))]
    return [each for each in wanted if not _is_said(catalog.get(each.id, each.context))]


def brought_up_to_date(language: str, found: Catalog) -> Catalog:
    """What is said now, with the translations that are known; what is said no more is left out."""
    known = read(language) if po_of(language).exists() else Catalog(locale=language)
    fresh = Catalog(locale=language, project="readerstudy", fuzzy=False, header_comment=f"# {language}")
    for each in found:
        if each.id:
            old = known.get(each.id, each.context)
            kept = (
                old.string
                if old is not None and isinstance(old.id, str) is isinstance(each.id, str)
                else None
            )
            fresh.add(each.id, kept or "", context=each.context, flags=each.flags)
    return fresh


def save(language: str, catalog: Catalog) -> None:
    """Writes the catalogue and its compiled form."""
    path = po_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    out = io.BytesIO()
    write_po(out, catalog, sort_output=True, no_location=True, omit_header=True, width=110)
    path.write_bytes(_header(language, catalog).encode() + out.getvalue())
    path.with_suffix(".mo").write_bytes(compiled(read(language)))


def _header(language: str, catalog: Catalog) -> str:
    told = {
        "Project-Id-Version": "readerstudy",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": catalog.plural_forms,
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in told.items())
    return f'msgid ""\nmsgstr ""\n{lines}\n'


def _meets_readers(message: Message) -> bool:
    return any(is_of_readers(name) for name, _line in message.locations)


def _is_said(message: Message | None) -> bool:
    if message is None:
        return False
    said = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(said) and bool(said)


def main() -> int:
    found, lacking = messages(), 0
    for language in LANGUAGES:
        catalog = brought_up_to_date(language, found)
        save(language, catalog)
        absent = missing(catalog, found, language)
        lacking += len(absent)
        print(f"{language}: {len(catalog)} sentences kept, {len(absent)} are missing")
        for each in absent[:20]:
            print(f"  {each.id!r}")
    return 1 if lacking else 0


if __name__ == "__main__":
    raise SystemExit(main())
