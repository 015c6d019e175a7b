"""A coordinator says what cases are there for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.examples import check_examples_apart
from readerstudy.cases.models import READ, Case, Purpose
from readerstudy.cases.policies import CasesError, named
from readerstudy.cases.uses import cases_with_outputs
from readerstudy.studies.actions import locked
from readerstudy.studies.models import PromptVersion, Study
from readerstudy.studies.policies import check_protocol_open


@transaction.atomic
def set_purpose(*, study: Study, cases: Iterable[Case], purpose: Purpose, by: User) -> int:
    """Makes cases examples, validation cases or cases of the study itself; returns how many changed.

    Raises `CasesError` where the study is locked, a prompt in use names one as its example, an example would show a
    picture of another case, or a case with outputs would serve prompts. Among purposes that readers read, a case with
    outputs may change: its outputs stay what they are.
    """
    check_protocol_open(locked(study))
    chosen = Case.objects.kept(study).filter(pk__in=[case.pk for case in cases]).exclude(purpose=purpose)
    changing = list(chosen.select_for_update())
    _check_without_outputs([case for case in changing if not {case.purpose, purpose} <= set(READ)])
    _check_not_named(study, [case.code for case in changing if case.purpose == Purpose.EXAMPLE])
    Case.objects.filter(pk__in=[case.pk for case in changing]).update(purpose=purpose)
    check_examples_apart(study)
    if changing:
        data = {"cases": [case.code for case in changing], "purpose": purpose.value}
        record("case.purpose", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return len(changing)


def _check_without_outputs(cases: Sequence[Case]) -> None:
    made = cases_with_outputs([case.pk for case in cases])
    codes = [case.code for case in cases if case.pk in made]
    if codes:
        raise CasesError(
            _(
                "Outputs were made or asked for already for %(cases)s, so what they are there for stays as it is."
            )
            % {"cases": named(codes)}
        )


def _check_not_named(study: Study, codes: Sequence[str]) -> None:
    version = PromptVersion.objects.in_use(study).naming(codes).first()
    if version is not None:
        used = {example.case for example in version.prompt.examples}
        raise CasesError(
            _("%(cases)s is an example in the prompt “%(prompt)s”. Take it out of the prompt first.")
            % {"cases": named([code for code in codes if code in used]), "prompt": version}
        )
