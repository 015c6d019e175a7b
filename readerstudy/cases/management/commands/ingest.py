"""`manage.py ingest PATH` tells what becomes of every file at or below PATH; with `--study` it also keeps them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext_lazy

from readerstudy import embedded
from readerstudy.accounts.models import User
from readerstudy.cases import actions
from readerstudy.cases.inspection import FileReport, Known, Verdict, files_under, inspect, report_line
from readerstudy.cases.models import Fate, ImageSet, Upload
from readerstudy.cases.rendering import render_uploads
from readerstudy.studies.models import Study
from readerstudy.studies.named import person_named, study_named
from readerstudy.studies.policies import StudyError

OTHER_WORKER_SECONDS = 0.5
READ = gettext_lazy("No image: a table that says where files belong. It was read.")
VERDICTS: dict[str, Verdict] = {
    Fate.RENDERED: "rendered",
    Fate.REFUSED: "refused",
    Fate.DUPLICATE: "duplicate",
    Fate.READ: "refused",
}


class Command(BaseCommand):
    help = (
        "Render every image at or below PATH (zip archives included) and report what came of each file. "
        "Without --study, or with --dry-run, nothing is kept."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument(
            "--report", type=Path, help="where to write the report, as JSON; default: printed"
        )
        parser.add_argument("--dry-run", action="store_true", help="keep nothing, even with --study")
        parser.add_argument("--study", metavar="KEY", help="the study that the images go to")
        parser.add_argument(
            "--attested",
            action="store_true",
            help="whoever adds them attests that patients' names, dates and numbers were removed from the files",
        )
        parser.add_argument("--by", metavar="EMAIL", help="who adds them; default: who created the study")

    def handle(
        self,
        *args: Any,
        path: Path,
        report: Path | None,
        dry_run: bool,
        study: str,
        by: str,
        attested: bool,
        **options: Any,
    ) -> None:
        if not path.exists():
            raise CommandError(f"There is no file or folder {path}.")
        if report:
            _check_writable(report)
        target = _find_study(study) if study else None
        if target and not dry_run:
            person = person_named(by) if by else target.created_by
            lines = list(_keep(path, target, person, attested=attested))
        else:
            lines = list(inspect(path, is_known=_is_known(target)) if target else inspect(path))
        self._tell(lines, report)

    def _tell(self, lines: list[FileReport], report: Path | None) -> None:
        text = json.dumps(lines, indent=1, ensure_ascii=False)
        if report is None:
            self.stdout.write(text)
            return
        report.write_text(f"{text}\n", encoding="utf-8")
        counts = Counter(line["outcome"] for line in lines)
        told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in dict.fromkeys(VERDICTS.values()))
        self.stdout.write(f"{len(lines)} files: {told}. The report is in {report}.")


def _check_writable(report: Path) -> None:
    try:
        report.touch()
    except OSError as error:
        raise CommandError(f"The report cannot be written to {report}: {error.strerror}.") from error


def _find_study(key: str) -> Study:
    if settings.EMBEDDED_DATABASE:
        embedded.hold(settings.VAR)  # this command is listed among those that need no database
    return study_named(key)


def _is_known(study: Study) -> Known:
    return lambda sha256: Upload.objects.of(study).same_as(sha256).exists()


def _keep(path: Path, study: Study, by: User, *, attested: bool) -> Iterator[FileReport]:
    """Receives every file as a browser would send it, renders them here, and tells what came of each."""
    try:
        if attested:
            actions.attest(study=study, by=by)
        image_set = actions.open_image_set(study=study, by=by)
        received = [_receive(study, image_set, name, found, by) for name, found in files_under(path)]
    except StudyError as error:
        raise CommandError(str(error)) from error
    seconds = _work_off(received)
    for pk in received:
        for upload in Upload.objects.filter(pk=pk).select_related("image"):
            yield from _lines(upload, seconds)


def _receive(study: Study, image_set: ImageSet, name: str, path: Path, by: User) -> int:
    with path.open("rb") as content:
        upload = actions.receive_upload(
            study=study, image_set=image_set, name=name, content=File(content), by=by
        )
    return upload.pk


def _work_off(received: list[int]) -> dict[int, float]:
    """Renders what was received and what its archives held; other workers may help. Returns seconds by upload."""
    seconds: dict[int, float] = {}
    ours = Upload.objects.filter(pk__in=received) | Upload.objects.filter(archive__in=received)
    while ours.unfinished().exists():
        waiting = ours.waiting().order_by("pk").values_list("pk", flat=True)
        taken = list(render_uploads(list(waiting)))
        seconds |= {upload.pk: outcome.seconds for upload, outcome in taken}
        if not waiting.exists() and ours.unfinished().exists():
            time.sleep(OTHER_WORKER_SECONDS)  # another worker has the rest; its lease ends if it dies
    return seconds


def _lines(upload: Upload, seconds: dict[int, float]) -> Iterator[FileReport]:
    if upload.fate == Fate.UNPACKED:
        for member in upload.members.order_by("pk").select_related("image"):
            yield _line(member, f"{upload.original_name}/{member.original_name}", seconds)
    else:
        yield _line(upload, upload.original_name, seconds)


def _line(upload: Upload, name: str, seconds: dict[int, float]) -> FileReport:
    reason = str(READ) if upload.fate == Fate.READ else upload.reason
    line = report_line(name, VERDICTS[upload.fate], reason, seconds=seconds.get(upload.pk))
    if upload.image is not None:
        meta = upload.image.meta
        frames = 1 if upload.image.stack else meta["frames"]
        line["frames"], line["width"], line["height"] = frames, meta["width"], meta["height"]
        line["bits"], line["transfer_syntax"] = meta["bits"], meta["transfer_syntax"]
    return line
