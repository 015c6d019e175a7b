"""What a study is made of."""

from readerstudy.studies.models.arm import Arm, ArmKind, CallMode, InputCondition
from readerstudy.studies.models.criterion import Criterion, Direction, Kind, Rubric
from readerstudy.studies.models.design import SECTIONS, Design
from readerstudy.studies.models.membership import Membership, Role
from readerstudy.studies.models.prompt import PromptVersion
from readerstudy.studies.models.protocol_file import ProtocolFile
from readerstudy.studies.models.signature import Meaning, Signature
from readerstudy.studies.models.study import RefusalPolicy, Study
from readerstudy.studies.models.unblinding import Unblinding
from readerstudy.studies.models.version import ProtocolVersion, VersionKind

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
    "Meaning",
    "Membership",
    "PromptVersion",
    "ProtocolFile",
    "ProtocolVersion",
    "RefusalPolicy",
    "Role",
    "Rubric",
    "Signature",
    "Study",
    "Unblinding",
    "VersionKind",
]
