"""Models × prompts, as the arms page shows them: what is compared, and which cells are still empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.studies.models import Arm, ArmKind, PromptVersion, Study


@dataclass(frozen=True, slots=True)
class Cell:
    """The arms with one model and one prompt; where there are none, `like` is the arm to copy the model from."""

    arms: tuple[Arm, ...]
    like: Arm


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt version across all models."""

    prompt: PromptVersion
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A column for each model, a row for each prompt version that an arm has or that is the newest of its prompt."""

    models: tuple[Arm, ...]
    rows: tuple[Row, ...]


def grid_of(study: Study, arms: Sequence[Arm]) -> Grid | None:
    """The grid of the arms whose model we call; None where there is nothing to cross."""
    called = [arm for arm in arms if arm.kind == ArmKind.MODEL]
    columns = {(arm.connection, arm.model): arm for arm in reversed(called)}
    first = sorted(columns.values(), key=lambda arm: arm.position)
    prompts = list(PromptVersion.objects.in_use(study).order_by("name", "-number"))
    if not first or len(first) * len(prompts) < 2:
        return None
    rows = [Row(prompt, tuple(_cell(prompt, arm, called) for arm in first)) for prompt in prompts]
    return Grid(tuple(first), tuple(rows))


def _cell(prompt: PromptVersion, like: Arm, arms: Sequence[Arm]) -> Cell:
    same = [
        arm
        for arm in arms
        if arm.prompt_id == prompt.pk and (arm.connection, arm.model) == (like.connection, like.model)
    ]
    return Cell(tuple(same), like)
