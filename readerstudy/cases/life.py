"""What of the images' room goes into a copy of a study."""

from __future__ import annotations

from readerstudy.accounts.models import User
from readerstudy.cases.models import ImageRules
from readerstudy.studies.copying import Fields, leave, register, values_of
from readerstudy.studies.models import Study


def _copy_rules(study: Study, into: Study, by: User) -> None:
    for rules in ImageRules.objects.filter(study=study):
        ImageRules.objects.create(study=into, **values_of(rules))


register(
    "cases.ImageRules",
    Fields(
        frozenset({"shown_as", "side", "keeps_age_and_sex", "keeps_originals"}), frozenset({"id", "study"})
    ),
    _copy_rules,
)
leave(
    cases__ImageSet="a copy gets images of its own",
    cases__Case="a copy gets images of its own",
    cases__ReferenceStandard="a copy gets images of its own",
    cases__Attestation="it was given for the other images",
    cases__Placement="it names files of the other images",
    cases__Transfer="a file on its way to the other study",
)
