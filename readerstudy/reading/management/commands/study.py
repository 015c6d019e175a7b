"""`manage.py study load|export|diff|verify`: protocol files, and the proof of a locked study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from readerstudy.reading.proof import flaws_of
from readerstudy.studies.actions.files import load_protocol
from readerstudy.studies.named import person_named, study_named
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol import Document, ProtocolError, read
from readerstudy.studies.protocol.difference import differences
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.protocol.writing import written


class Command(BaseCommand):
    help = (
        "load FILE: make a draft study from a protocol file. export KEY: write a study's protocol as a file. "
        "diff A B: what two files or studies say differently. verify KEY: recompute the manifest, the hashes of texts "
        "and images and the allocation of a locked study."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        load = deeds.add_parser("load", help="make a draft study from a protocol file")
        load.add_argument("file", type=Path)
        load.add_argument("--by", required=True, metavar="EMAIL", help="who loads it and then coordinates it")
        load.add_argument("--images", type=Path, metavar="DIR", help="its images, called like their cases")
        load.add_argument(
            "--attested",
            action="store_true",
            help="with --images: patients' names, dates and numbers were removed from the files",
        )
        export = deeds.add_parser("export", help="write a study's protocol as a file")
        export.add_argument("key", help="the study's key, as in its address")
        export.add_argument("--output", type=Path, metavar="FILE", help="where to; default: printed")
        diff = deeds.add_parser("diff", help="what two protocols say differently; fails where they differ")
        for name in ("a", "b"):
            diff.add_argument(name, help="a protocol file, or the key of a study")
        verify = deeds.add_parser("verify", help="prove that a locked study is what it was at its lock")
        verify.add_argument("key", help="the study's key, as in its address")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        deeds: dict[str, Callable[..., None]] = {
            "load": self._load,
            "export": self._export,
            "diff": self._diff,
            "verify": self._verify,
        }
        deeds[deed](**options)

    def _load(self, *, file: Path, by: str, images: Path | None, attested: bool, **options: Any) -> None:
        if images is not None and not (images.is_dir() and attested):
            sentence = _(
                "--images needs a folder, and --attested: whoever loads them answers for what they show."
            )
            raise CommandError(sentence)
        content = _content(file)
        try:
            study = load_protocol(
                document=_document(file, content), by=person_named(by), text=content.decode("utf-8-sig")
            )
        except ProtocolError as error:
            raise _refusal(str(file), error) from None
        except StudyError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            _("“%(title)s” is a draft with the key %(key)s.") % {"title": study, "key": study.key}
        )
        if images is not None:
            call_command(
                "ingest",
                images,
                study=study.key,
                by=by,
                attested=True,
                stdout=self.stdout,
                stderr=self.stderr,
            )

    def _export(self, *, key: str, output: Path | None, **options: Any) -> None:
        text = written(data_of(study_named(key)))
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(
                _("“%(path)s” cannot be written: %(why)s.") % {"path": output, "why": error.strerror}
            ) from None

    def _diff(self, *, a: str, b: str, **options: Any) -> None:
        found = differences(_protocol(a), _protocol(b))
        for each in found:
            self.stdout.write(str(each))
        if found:
            raise CommandError(_("The protocols differ in %(n)d places.") % {"n": len(found)})
        self.stdout.write(_("Both say the same."))

    def _verify(self, *, key: str, **options: Any) -> None:
        study = study_named(key)
        if not study.manifest_sha256:
            raise CommandError("This study is not locked yet, so there is no manifest to prove.")
        flaws = list(flaws_of(study))
        for flaw in flaws:
            self.stderr.write(flaw)
        if flaws:
            raise CommandError(f"The study is not what it was at its lock: {len(flaws)} differences.")
        self.stdout.write(f"The study is what it was at its lock. Manifest {study.manifest_sha256}")


def _protocol(name: str) -> dict[str, Any]:
    """The canonical data of a file, or of the study with this key where there is no such file."""
    path = Path(name)
    if not path.is_file():
        return data_of(study_named(name))
    try:
        return canonical(_document(path, _content(path)))
    except ProtocolError as error:
        raise _refusal(name, error) from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(
            _("“%(path)s” cannot be read: %(why)s.") % {"path": path, "why": error.strerror}
        ) from None


def _document(path: Path, content: bytes) -> Document:
    try:
        return read(content)
    except ProtocolError as error:
        raise _refusal(str(path), error) from None


def _refusal(name: str, error: ProtocolError) -> CommandError:
    return CommandError("\n".join(f"{name}, {problem}" for problem in error.problems))
