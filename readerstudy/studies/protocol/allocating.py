"""What a protocol file says about its allocation: plan, cases and arms by the names they have there."""

from __future__ import annotations

from readerstudy.designs.document import plan_of
from readerstudy.designs.plan import Plan
from readerstudy.studies.protocol.case_tables import rows_of
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.problems import ProtocolError


def plan_of_document(document: Document) -> Plan:
    """The plan with the strata that are to be spread and the practice cases."""
    practice = document.data.get("phases", {}).get("practice", {}).get("cases", [])
    return plan_of(
        document.data["allocation"],
        strata=_strata(document),
        practice=tuple(practice),
        truths=_truths(document),
    )


def cases_of(document: Document, count: int | None = None) -> list[str]:
    """The codes of the cases: those of the table, else C0001 … for `count` or as many as the file wants.

    Raises:
        ProtocolError: where nothing says how many there are.
    """
    section = document.data.get("cases", {})
    if section.get("table"):
        return [case["code"] for case in rows_of(document.data)]
    wanted = count if count is not None else section.get("count")
    if not wanted:
        raise ProtocolError(
            [document.problem(("cases",), "Nothing says how many cases there are. Add “count”.")]
        )
    return [f"C{number:04d}" for number in range(1, wanted + 1)]


def arms_of(document: Document) -> list[str]:
    """The names of the arms, in the order of the file."""
    return [arm["name"] for arm in document.data["arms"]]


def _truths(document: Document) -> dict[str, str] | None:
    """The reference of each case of the table; None where no case is known yet."""
    table = document.data.get("cases", {}).get("table")
    return {row["code"]: str(row.get("reference", "")) for row in table} if table else None


def _strata(document: Document) -> dict[str, str]:
    """For each case the levels of the strata that an order spreads, joined to one."""
    spread = [stratum["name"] for stratum in document.data.get("strata", []) if stratum.get("spread", True)]
    table = document.data.get("cases", {}).get("table", [])
    return {
        case["code"]: " · ".join(case.get("strata", {}).get(name, "") for name in spread) for case in table
    }
