"""An analysis in a process of its own that can be stopped: `python -m readerstudy.stats.analyse.alone`.

Takes the paths of the ratings and, where there are such, of the plan and the reference (else "-"), and prints one JSON
object: the analysis as `manage.py analyse --json` prints it, or `{"problems": [sentences]}`.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from readerstudy.stats.analyse import AnalysisError, analyse

MOST_MEMORY = 2 << 30
NONE = "-"


def main(ratings: str, plan: str, reference: str) -> int:
    """Prints the analysis; 1 where the files cannot be analysed."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    more = {
        name: None if path == NONE else Path(path)
        for name, path in (("plan", plan), ("reference", reference))
    }
    try:
        found = analyse(Path(ratings), **more).as_dict()
    except AnalysisError as error:
        found = {"problems": list(error.sentences)}
    except MemoryError:
        found = {"problems": ["The table needs more memory than this page may take. Use manage.py analyse."]}
    sys.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
    return int("problems" in found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
