"""`manage.py study verify KEY` proves that a locked study is what it was when it was locked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.reading.proof import flaws_of
from readerstudy.studies.models import Study


class Command(BaseCommand):
    help = "Recompute the manifest, the texts' and images' hashes and the allocation of a locked study."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", choices=["verify"])
        parser.add_argument("key", help="the study's key, as in its address")

    def handle(self, *args: Any, deed: str, key: str, **options: Any) -> None:
        study = Study.objects.filter(key=key).first()
        if study is None:
            raise CommandError(f"There is no study with the key {key!r}. Its address shows the key.")
        if not study.manifest_sha256:
            raise CommandError("This study is not locked yet, so there is no manifest to prove.")
        flaws = list(flaws_of(study))
        for flaw in flaws:
            self.stderr.write(flaw)
        if flaws:
            raise CommandError(f"The study is not what it was at its lock: {len(flaws)} differences.")
        self.stdout.write(f"The study is what it was at its lock. Manifest {study.manifest_sha256}")
