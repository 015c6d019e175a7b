"""What of the outputs' room goes into a copy of a study."""

from __future__ import annotations

from readerstudy.accounts.models import User
from readerstudy.generation.models import Sampling, TextRules
from readerstudy.studies.copying import Fields, leave, register, values_of
from readerstudy.studies.models import Study


def _copy_text_rules(study: Study, into: Study, by: User) -> None:
    newest = TextRules.objects.filter(study=study).order_by("-number").first()
    if newest:
        TextRules.objects.create(study=into, number=1, created_by=by, **values_of(newest))


def _copy_sampling(study: Study, into: Study, by: User) -> None:
    for choice in Sampling.objects.filter(study=study):
        Sampling.objects.create(study=into, **values_of(choice))


register(
    "generation.TextRules",
    Fields(frozenset({"document"}), frozenset({"id", "study", "number", "created_by", "created_at"})),
    _copy_text_rules,
)
register(
    "generation.Sampling",
    Fields(frozenset({"share", "fewest", "people", "telling"}), frozenset({"id", "study"})),
    _copy_sampling,
)
leave(
    generation__Batch="calls for the other study",
    generation__Price="what the other study was told of prices",
    generation__Budget="money is granted to one study",
    generation__Purse="what the other study has spent",
    generation__Hold="a pause of the other study",
    generation__Trial="tried on cases of the other study",
    generation__FrozenSet="outputs of the other study",
    generation__Judge="a judging model is switched on for one study",
)
