"""A whole study from a protocol file, with drawn images, simulated outputs and simulated readers."""

from readerstudy.demo.dry_run.run import Run, dry_run

__all__ = ["Run", "dry_run"]
