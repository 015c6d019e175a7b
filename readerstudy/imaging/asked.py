"""What a study asks of a file beyond its pixels."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """What may be derived from a file's identifiers, and with which secret.

    `key` is a secret of the study in hexadecimal; without it no series, position or day is derived. `age_and_sex`
    says that the study asks for the patient's age in years and sex. Raises ValueError for a key that is no
    hexadecimal.
    """

    key: str = field(default="", repr=False)
    age_and_sex: bool = False

    def __post_init__(self) -> None:
        """Refuse a key that cannot be used, in words that do not repeat it."""
        try:
            bytes.fromhex(self.key)
        except ValueError:
            raise ValueError("The key of a study must be hexadecimal.") from None
