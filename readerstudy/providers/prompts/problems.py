"""What is wrong with a prompt."""

from __future__ import annotations


class PromptProblem(ValueError):
    """A prompt document that cannot be used. `block` names the block; the text says what to do."""

    def __init__(self, block: str, sentence: str) -> None:
        super().__init__(sentence)
        self.block = block

    def __reduce__(self) -> tuple[type[PromptProblem], tuple[str, str]]:
        return type(self), (self.block, str(self))
