"""The queue of model calls and what came of them."""

from readerstudy.generation.models.attempts import Attempt, Mode
from readerstudy.generation.models.gates import Hold, VendorPause, VendorPauses
from readerstudy.generation.models.outputs import Interpretation, RecordedOutput
from readerstudy.generation.models.queue import Generation, Generations, Source, Stage
from readerstudy.generation.models.trials import Trial
from readerstudy.generation.models.verdicts import DECLINED, RefusalVerdict, Verdict, Verdicts

__all__ = [
    "DECLINED",
    "Attempt",
    "Generation",
    "Generations",
    "Hold",
    "Interpretation",
    "Mode",
    "RecordedOutput",
    "RefusalVerdict",
    "Source",
    "Stage",
    "Trial",
    "VendorPause",
    "VendorPauses",
    "Verdict",
    "Verdicts",
]
