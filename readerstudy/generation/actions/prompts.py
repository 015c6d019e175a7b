"""A prompt is written in versions: each is checked against the study's cases before it is stored."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.generation.policies import GenerationError
from readerstudy.generation.prompting.rendering import example_cases
from readerstudy.providers.prompts import Prompt
from readerstudy.studies.actions import locked, save_prompt
from readerstudy.studies.models import PromptVersion, Study


@transaction.atomic
def save_version(
    *, study: Study, name: str, prompt: Prompt, by: User, note: str = "", parent: PromptVersion | None = None
) -> PromptVersion:
    """Stores a new prompt, or the next version of `parent`'s.

    Raises `StudyError` where the study is locked, the name is taken, nothing has changed, or an example is no example
    case or shows a picture of the study.
    """
    study = locked(study)
    _check_name(study, name, parent)
    if parent is not None and parent.sha256 == prompt.sha256:
        raise GenerationError(_("Nothing has changed, so there is nothing to store as a new version."))
    example_cases(prompt, study)
    return save_prompt(study=study, name=name, prompt=prompt, note=note, parent=parent, by=by)


def _check_name(study: Study, name: str, parent: PromptVersion | None) -> None:
    is_taken = PromptVersion.objects.filter(study=study, name=name).exists()
    if parent is None and is_taken:
        raise GenerationError(
            _("There is a prompt “%(name)s” already. Choose another name, or edit that one.") % {"name": name}
        )
