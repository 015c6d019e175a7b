"""What a study is made of."""

from readerstudy.studies.models.arm import Arm, ArmKind, CallMode, InputCondition
from readerstudy.studies.models.criterion import Criterion, Direction, Kind, Rubric
from readerstudy.studies.models.design import SECTIONS, Design
from readerstudy.studies.models.membership import Membership, Role
from readerstudy.studies.models.prompt import PromptVersion
from readerstudy.studies.models.study import RefusalPolicy, Study

__all__ = [
    "SECTIONS",
    "Arm",
    "ArmKind",
    "CallMode",
    "Criterion",
    "Design",
    "Direction",
    "InputCondition",
    "Kind",
    "Membership",
    "PromptVersion",
    "RefusalPolicy",
    "Role",
    "Rubric",
    "Study",
]
