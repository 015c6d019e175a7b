"""Builds the demonstration study; `make demo` calls it once web, worker and vendor run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from readerstudy.demo.build import build_demo
from readerstudy.studies.policies import StudyError


class Command(BaseCommand):
    help = "Build the demonstration study, or finish one that was cut off."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = build_demo(self.stdout.write)
        except (StudyError, TimeoutError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The demonstration study is ready: {study.key}.")
