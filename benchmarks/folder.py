"""A folder and an embedded PostgreSQL that end with the benchmark."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def use_folder_of_its_own() -> Path:
    """Points the settings at a fresh folder; call it before Django is set up.

    The folder is deleted when the process ends, after the engine in it has been released: what is registered first
    runs last.
    """
    folder = Path(tempfile.mkdtemp(prefix="readerstudy-bench-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["READERSTUDY_VAR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "readerstudy.settings"
    return folder
