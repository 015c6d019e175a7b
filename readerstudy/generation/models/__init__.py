"""The queue of model calls and what came of them."""

from readerstudy.generation.models.attempts import Attempt, Attempts, Mode
from readerstudy.generation.models.batches import OPEN, TRANSITIONS, Batch, Batches, BatchState
from readerstudy.generation.models.cards import BINDING, Agreement, TrainingUse, VendorCard
from readerstudy.generation.models.extractions import Extraction, Extractions, Status
from readerstudy.generation.models.freezes import FrozenOutput, FrozenOutputs, FrozenSet
from readerstudy.generation.models.gates import AHEAD_SECONDS, Gate, Gates, Hold, VendorPause, VendorPauses
from readerstudy.generation.models.judging import Judge, JudgeCall, Judging, Judgings
from readerstudy.generation.models.leaks import ArmApproval
from readerstudy.generation.models.money import Budget, Budgets, Price, Prices, Purse, Stop
from readerstudy.generation.models.outputs import ArrivedFile, Draft, Interpretation, RecordedOutput
from readerstudy.generation.models.places import Place, Places, Taken
from readerstudy.generation.models.queue import Generation, Generations, Source, Stage, closed_gates
from readerstudy.generation.models.sampling import Sampling, Telling
from readerstudy.generation.models.shown import Redaction, Redactions, ShownText, ShownTexts, TextRules
from readerstudy.generation.models.trials import Trial
from readerstudy.generation.models.verdicts import DECLINED, Layer, RefusalVerdict, Verdict, Verdicts

__all__ = [
    "AHEAD_SECONDS",
    "BINDING",
    "DECLINED",
    "OPEN",
    "TRANSITIONS",
    "Agreement",
    "ArmApproval",
    "ArrivedFile",
    "Attempt",
    "Attempts",
    "Batch",
    "BatchState",
    "Batches",
    "Budget",
    "Budgets",
    "Draft",
    "Extraction",
    "Extractions",
    "FrozenOutput",
    "FrozenOutputs",
    "FrozenSet",
    "Gate",
    "Gates",
    "Generation",
    "Generations",
    "Hold",
    "Interpretation",
    "Judge",
    "JudgeCall",
    "Judging",
    "Judgings",
    "Layer",
    "Mode",
    "Place",
    "Places",
    "Price",
    "Prices",
    "Purse",
    "RecordedOutput",
    "Redaction",
    "Redactions",
    "RefusalVerdict",
    "Sampling",
    "ShownText",
    "ShownTexts",
    "Source",
    "Stage",
    "Status",
    "Stop",
    "Taken",
    "Telling",
    "TextRules",
    "TrainingUse",
    "Trial",
    "VendorCard",
    "VendorPause",
    "VendorPauses",
    "Verdict",
    "Verdicts",
    "closed_gates",
]
