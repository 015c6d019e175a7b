"""A coordinator's table of labels becomes reference standards, clinical texts and strata."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.labels import LabelTable
from readerstudy.cases.matching import Change, Plan, plan_labels
from readerstudy.cases.models import Case, ReferenceStandard
from readerstudy.cases.policies import CasesError, check_can_label
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study

ROWS_AT_ONCE = 500


def plan_import(study: Study, table: LabelTable) -> Plan:
    """What the table would write now, or every reason why it cannot."""
    return plan_labels(table, Case.objects.known(study))


@transaction.atomic
def import_labels(*, study: Study, table: LabelTable, by: User) -> int:
    """Writes a table of labels, all or nothing; returns how many cases changed. A second call changes none.

    Raises `CasesError` where the study is locked or any row does not fit.
    """
    check_can_label(locked(study))
    plan = plan_import(study, table)
    if plan.problems:
        raise CasesError(
            _(
                "Nothing was written, because the table does not fit the cases. Upload it again to see every problem."
            )
        )
    if plan.changing:
        _write(study, plan.changing)
        data = {
            "cases": len(plan.changing),
            "strata": list(table.strata),
            "table_sha256": table.sha256,
        }
        record("labels.import", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return len(plan.changing)


def _write(study: Study, changes: Sequence[Change]) -> None:
    cases = {case.code: case for case in Case.objects.kept(study)}
    references = []
    for change in changes:
        case = cases[change.code]
        case.clinical_text, case.strata = change.clinical_text, dict(change.strata)
        if "reference" in change.changed:
            references.append(ReferenceStandard(study=study, case=case, label=change.reference))
    changed = [cases[change.code] for change in changes]
    Case.objects.bulk_update(changed, ["clinical_text", "strata"], batch_size=ROWS_AT_ONCE)
    ReferenceStandard.objects.bulk_create(
        references,
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["label"],
        batch_size=ROWS_AT_ONCE,
    )
